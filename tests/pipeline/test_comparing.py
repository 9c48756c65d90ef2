"""The versions of a lane: late labels, panes that leave, and restarts change nothing."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.config.monitors import SliceSettings
from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.verdict import State
from stream_monitor.detectors.worse import MOST, Loss
from stream_monitor.pipeline.comparing import Comparing, PaneVersions
from stream_monitor.summaries.slices import smallest
from tests.pipeline.folds import assert_only_last_counts_matter

SLIDE = 60_000
MODEL = ModelSettings(
    slide_ms=SLIDE, window_ms=4 * SLIDE, min_samples=20, slices=SliceSettings(max_values=3)
)
NAMES = "abcd"
#: Of each version the events of a pane, its labels, and how many of these are wrong.
OF_VERSION = st.sampled_from([(0, 0, 0.0), (10, 0, 0.0), (40, 40, 4.0), (40, 40, 30.0)])
PANES = st.lists(st.lists(OF_VERSION, min_size=4, max_size=4), min_size=1, max_size=12)


def of(panes: list[list[tuple[int, int, float]]]) -> list[PaneVersions]:
    return [
        PaneVersions(
            at * SLIDE,
            {name: rows for name, (rows, _, _) in zip(NAMES, pane, strict=True) if rows},
            {name: Loss(n, t) for name, (_, n, t) in zip(NAMES, pane, strict=True) if n},
        )
        for at, pane in enumerate(panes)
    ]


def comparing(kept: bytes = b"", model: ModelSettings = MODEL) -> Comparing:
    return Comparing.of(model, None, kept)


@settings(deadline=None, max_examples=60)
@given(counts=PANES, data=st.data())
def test_panes_that_change_leave_or_are_kept_give_what_the_last_counts_give(
    counts: list[list[tuple[int, int, float]]], data: st.DataObject
) -> None:
    panes = of(counts)
    unlabelled = [pane._replace(losses={}) for pane in panes]
    assert_only_last_counts_matter(comparing, panes, unlabelled, MODEL, data)


def pane(at: int, **versions: tuple[int, float]) -> PaneVersions:
    """Each version with its labelled events and how many of these are wrong."""
    return PaneVersions(
        at * SLIDE,
        {name: n for name, (n, _) in versions.items()},
        {name: Loss(n, wrong) for name, (n, wrong) in versions.items()},
    )


def test_versions_are_compared_over_the_panes_that_both_have() -> None:
    """The champion had few errors before the canary came, in better times."""
    versions = comparing()
    for at in range(10):
        versions.put(pane(at, a=(1_000, 50.0)))
    for at in range(10, 14):
        versions.put(pane(at, a=(1_000, 400.0), b=(500, 200.0)))
    (found,) = versions.at([14 * SLIDE])
    (verdict,) = found.verdicts
    assert (verdict.column, verdict.state, verdict.effect) == ("version:b", State.OK, 0.0)
    assert (verdict.n, verdict.reference_n) == (2_000, 4_000)


def test_the_champion_is_the_one_that_is_given_or_has_the_most_events_so_far() -> None:
    given_ = ModelSettings(slide_ms=SLIDE, slices=SliceSettings(champion="b"))
    for model, columns in (
        (MODEL, ["version:b", "version:a"]),
        (given_, ["version:a", "version:a"]),
    ):
        versions = comparing(model=model)
        versions.put(pane(0, a=(100, 1.0), b=(60, 1.0)))
        versions.put(pane(1, a=(100, 1.0), b=(600, 1.0)))
        found = list(versions.at([SLIDE, 2 * SLIDE]))
        assert [[v.column for v in each.verdicts] for each in found] == [[c] for c in columns]
    absent = ModelSettings(slide_ms=SLIDE, slices=SliceSettings(champion="c"))
    versions = comparing(model=absent)
    versions.put(pane(0, a=(100, 1.0), b=(60, 1.0)))
    assert next(iter(versions.at([SLIDE]))).verdicts == ()


def test_a_version_is_over_when_a_whole_window_has_none_of_its_events() -> None:
    versions = comparing()
    versions.put(pane(0, a=(4_000, 100.0), b=(2_000, 1_500.0)))
    for at in range(1, 6):
        versions.put(pane(at, a=(4_000, 100.0)))
    found = list(versions.at([at * SLIDE for at in range(1, 7)]))
    states = [each.verdicts[0].state for each in found]
    assert states == [State.ALARM] * 4 + [State.OK] * 2


def test_events_of_versions_beyond_the_cap_are_counted_where_they_are_not_compared() -> None:
    versions = comparing()
    versions.put(pane(0, a=(7, 1.0), b=(11, 1.0), c=(13, 1.0), d=(17, 1.0)))
    kept = smallest(NAMES, 3)
    left = {"a": 7, "b": 11, "c": 13, "d": 17}
    (found,) = versions.at([SLIDE])
    assert found.left_rows == sum(n for name, n in left.items() if name not in kept) > 0
    assert len(found.verdicts) == 2
    many = comparing(model=ModelSettings(slide_ms=SLIDE, slices=SliceSettings(max_values=1_000)))
    many.put(pane(0, **{f"v{number}": (9, 1.0) for number in range(300)}))
    (found,) = many.at([SLIDE])
    assert (len(found.verdicts), found.left_rows) == (MOST - 1, 9 * (300 - MOST))


def test_a_switch_leaves_versions_to_the_reports() -> None:
    off = ModelSettings(slide_ms=SLIDE, slices=SliceSettings(decide_versions=False))
    versions = comparing(model=off)
    versions.put(pane(0, a=(4_000, 100.0), b=(2_000, 1_500.0)))
    (found,) = versions.at([SLIDE])
    assert (found.verdicts, found.left_rows) == ((), 0)
