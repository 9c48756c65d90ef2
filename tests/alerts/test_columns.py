from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.alerts.columns import (
    MOST,
    columns_from_list,
    columns_of,
    columns_to_list,
    joined,
    ranked,
)
from stream_monitor.detectors.verdict import Carrier
from tests.alerts.events import CARRIER, DRIFT

share = st.floats(0, 1)
YEAR_10000 = 253_402_300_800_000  # the first time that RFC 3339 cannot write
carriers = st.lists(
    st.builds(
        Carrier,
        st.sampled_from(["feature:a", "feature:b", "score", "missing:feature:a"]),
        share,
        st.integers(0, YEAR_10000 - 1),
        st.none() | share,
        st.dictionaries(st.text(), share, max_size=2).map(lambda named: tuple(named.items())),
    ),
    max_size=6,
    unique_by=lambda carrier: carrier.column,
).map(tuple)


def test_the_columns_of_a_verdict_are_its_carriers_or_its_own_one() -> None:
    assert columns_of(DRIFT, 7) == (Carrier("feature:amount", 1.0, 7, 0.31),)
    of_model = replace(DRIFT, column="", carriers=(CARRIER,))
    assert columns_of(of_model, 7) == (CARRIER,)
    assert columns_of(replace(DRIFT, column=""), 7) == ()


@given(carriers, carriers)
def test_columns_only_join_with_the_newest_figures_and_the_earliest_start(
    before: tuple[Carrier, ...], now: tuple[Carrier, ...]
) -> None:
    both = joined(before, now)
    found = {carrier.column: carrier for carrier in both}
    assert [c.column for c in both[: len(before)]] == [c.column for c in before]
    assert set(found) == {c.column for c in (*before, *now)}
    newest = {carrier.column: carrier for carrier in (*before, *now)}
    for column, carrier in found.items():
        starts = [c.since_ms for c in (*before, *now) if c.column == column]
        assert carrier == newest[column]._replace(since_ms=min(starts))
    assert joined(both, now) == both


def test_no_more_columns_join_than_can_be_listed() -> None:
    many = tuple(CARRIER._replace(column=f"feature:{at}") for at in range(MOST))
    more = CARRIER._replace(column="feature:one more")
    assert joined(many, (more,)) == many
    assert joined(many, (many[0]._replace(effect=0.9), more))[0].effect == 0.9


@given(carriers)
def test_columns_survive_their_codec(columns: tuple[Carrier, ...]) -> None:
    assert columns_from_list(json.loads(json.dumps(columns_to_list(columns)))) == columns


@given(carriers)
def test_the_largest_effect_comes_first(columns: tuple[Carrier, ...]) -> None:
    effects = [carrier.effect or 0.0 for carrier in ranked(columns)]
    assert effects == sorted(effects, reverse=True)
