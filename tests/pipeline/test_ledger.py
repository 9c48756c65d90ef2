"""What is kept of judged panes, against sums made from scratch."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.joining.joiner import PaneKey, PaneLabels
from stream_monitor.pipeline.ledger import LabelEntry, Ledger, PaneTraffic
from stream_monitor.summaries.outcomes import as_text, predictions_of
from stream_monitor.summaries.slices import SlicedTraffic, Slicing, cuts_of
from stream_monitor.windows.panes import WindowSpec
from tests.summaries.strategies import REFERENCE, batch_of

SLIDE = 10
SPEC = WindowSpec(3 * SLIDE, SLIDE, 0)
worlds = st.integers(0, 2**32).map(Random)


def traffic(
    rows: list[tuple[str, str, str | None]], cap: int = 2, *, later: bool = False
) -> SlicedTraffic:
    """Of rows of country, prediction and label."""
    batch = batch_of([{"prediction": said, "country": country} for country, said, _ in rows])
    n = len(rows)
    return SlicedTraffic.of(
        as_text([truth for _, _, truth in rows], n),
        predictions_of(batch, REFERENCE),
        cuts_of(batch, Slicing(("country",), cap)),
        cap,
        REFERENCE,
        np.ones(n) if later else None,
    )


def rows_of(random: Random, most: int = 4) -> list[tuple[str, str, str | None]]:
    return [
        (random.choice("abcde"), random.choice(["no", "yes"]), random.choice(["no", "yes"]))
        for _ in range(random.randint(1, most))
    ]


def labels(pane_ms: int, first: int, last: int, told: SlicedTraffic) -> PaneLabels:
    key = PaneKey("m", REFERENCE.hash, pane_ms, SLIDE)
    return PaneLabels(key, first, last, told.total.performance.labelled, told.to_state())


@dataclass
class Naive:
    """The same from scratch: the events of each pane, and the rows of its labels by partition."""

    events: dict[int, SlicedTraffic] = field(default_factory=dict)
    labels: dict[tuple[int, int], SlicedTraffic] = field(default_factory=dict)

    def sum(self, start: int = -(10**9), end: int = 10**9) -> SlicedTraffic:
        parts = [one for at, one in self.events.items() if start <= at < end]
        parts += [one for (at, _), one in self.labels.items() if start <= at < end]
        return reduce(SlicedTraffic.merge, parts, SlicedTraffic.empty(REFERENCE))


def played(random: Random, cap: int, *, watched: bool) -> tuple[Ledger, Naive]:
    """A ledger with some history; ``watched``: its sum is kept up to date on the way."""
    ledger, naive = Ledger(SPEC), Naive()
    grown: dict[tuple[int, int], list[tuple[str, str, str | None]]] = {}
    if watched:
        ledger.cumulative(REFERENCE)
    for turn in range(random.randint(1, 25)):
        pane_ms = SLIDE * random.randint(0, 8)
        if ledger.is_retired(pane_ms):
            continue
        kind = random.random()
        if kind < 0.3 and pane_ms not in naive.events:
            naive.events[pane_ms] = traffic([(c, p, None) for c, p, _ in rows_of(random)], cap)
            ledger.judged(pane_ms, naive.events[pane_ms])
        elif kind < 0.9:
            at = (pane_ms, random.randint(0, 2))
            grown[at] = grown.get(at, []) + rows_of(random)
            naive.labels[at] = traffic(grown[at], cap, later=True)
            ledger.put(at[1], labels(pane_ms, 5, turn, naive.labels[at]))
        elif watched and random.random() < 0.5:
            assert ledger.cumulative(REFERENCE).to_state() == naive.sum().to_state()
        else:
            ledger.retire(SLIDE * random.randint(0, 4), REFERENCE)
    return ledger, naive


@settings(deadline=None)
@given(worlds, st.sampled_from([1, 2, 9]), st.booleans())
def test_the_sum_of_everything_is_the_sum_of_its_parts(
    random: Random, cap: int, watched: bool
) -> None:
    ledger, naive = played(random, cap, watched=watched)
    assert ledger.cumulative(REFERENCE).to_state() == naive.sum().to_state()


@settings(deadline=None)
@given(worlds, st.sampled_from([1, 2, 9]))
def test_a_sweep_gives_the_sum_of_each_window(random: Random, cap: int) -> None:
    ledger, naive = played(random, cap, watched=False)
    held = ledger.retired_ms or 0
    ends = sorted(random.sample(range(held + 30, 200, 10), random.randint(1, 9)))
    swept = [*ledger.sweep(ends, REFERENCE)]
    assert [end for end, _ in swept] == ends
    for end, found in swept:
        assert found.to_state() == naive.sum(end - 30, end).to_state()
        later = Naive(labels=naive.labels).sum(end - 30, end)
        assert ledger.later(end - 30, end, REFERENCE).to_state() == later.to_state()
        assert ledger.labelled(end - 30, end) == found.total.performance.labelled


@pytest.mark.parametrize(
    ("first", "last", "taken"),
    [(5, 9, True), (5, 10, True), (4, 9, True), (6, 20, False), (4, 8, False), (6, 8, False)],
)
def test_only_what_is_built_from_all_that_another_was_built_from_takes_its_place(
    first: int, last: int, taken: bool
) -> None:
    ledger = Ledger(SPEC)
    one = traffic([("a", "yes", "yes")], later=True)
    two = traffic([("a", "yes", "yes"), ("b", "no", "yes")], later=True)
    assert ledger.put(0, labels(0, 5, 9, one)) is not None
    newer_of_less = ledger.is_narrower(0, labels(0, first, last, two))
    assert newer_of_less is ((first, last) == (6, 20))
    assert not ledger.is_narrower(1, labels(0, first, last, two))
    said = ledger.put(0, labels(0, first, last, two))
    assert said == ((LabelEntry(first, last, 2, two.to_state()), 1) if taken else None)
    assert ledger.labelled(0, 10) == (2 if taken else 1)


def test_partitions_of_joins_add_up() -> None:
    ledger = Ledger(SPEC)
    for partition in (2, 0):
        ledger.put(partition, labels(0, 1, 1, traffic([("a", "no", "no")], later=True)))
    assert ledger.labelled(0, 10) == 2
    assert ledger.panes[0].later(REFERENCE).total.performance.labelled == 2


def test_panes_that_retire_are_named_and_stay_in_the_sum() -> None:
    ledger = Ledger(SPEC)
    for pane_ms in (0, 10, 20):
        ledger.judged(pane_ms, traffic([("a", "yes", "yes")]))
    gone = ledger.retire(20, REFERENCE)
    assert [start for start, _ in gone] == [0, 10]
    assert [ledger.is_retired(at) for at in (0, 10, 20)] == [True, True, False]
    assert ledger.retire(20, REFERENCE) == []
    assert ledger.cumulative(REFERENCE).total.rows == 3
    again = Ledger(SPEC, dict(ledger.panes), ledger.retired, ledger.retired_ms)
    assert again.cumulative(REFERENCE).to_state() == ledger.cumulative(REFERENCE).to_state()


def test_an_entry_comes_back_as_it_was() -> None:
    entry = LabelEntry(3, 9, 2, b"state")
    assert LabelEntry.decode(entry.encode()) == entry


def test_an_unjudged_pane_has_no_events() -> None:
    ledger = Ledger(SPEC)
    told = traffic([("a", "yes", "no")], later=True)
    ledger.put(0, labels(0, 1, 1, told))
    assert ledger.panes[0].traffic is None
    assert ledger.panes[0].whole(REFERENCE).to_state() == told.to_state()
    kept = ledger.judged(0, traffic([("a", "yes", "yes"), ("a", "no", None)]))
    assert isinstance(kept, PaneTraffic)
    assert (kept.rows, kept.labelled, ledger.panes[0].labelled) == (2, 1, 2)
