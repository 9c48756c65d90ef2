"""What a reference knows of each stratum: counts on the points of the whole."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.config.duration import HOUR, MINUTE
from stream_monitor.config.season import SeasonSettings
from stream_monitor.errors import DataError
from stream_monitor.reference import codec
from stream_monitor.reference.build import build
from stream_monitor.reference.data import assign_roles
from stream_monitor.reference.model import CategoricalColumn, NumericColumn, Reference
from stream_monitor.reference.strata import Strata, StratumCounts
from stream_monitor.windows.calendar import stratum

HOURLY = SeasonSettings(by="hour", utc_offset_minutes=90)


def a_table(rows: int, seed: int = 0) -> tuple[pa.Table, Any]:
    random = np.random.default_rng(seed)
    times = 1_790_000_000_000 + random.integers(0, 14 * 24 * HOUR, rows)
    x = random.normal(size=rows).round(1)
    x[::17] = np.nan
    y = random.normal(size=rows)
    missing = random.random(rows) < 0.1
    texts = random.choice(list("abcdef"), rows).astype(object)
    texts[missing] = None
    table = pa.table({"x": x, "y": y, "c": texts.tolist(), "b": random.random(rows) < 0.3})
    return table, times


def made(table: pa.Table, times: Any, season: SeasonSettings, **options: Any) -> Reference:
    roles = assign_roles(table)
    given = {"created_ms": 0, "source": "s", "times": times, "season": season}
    return build("m", table, roles, **(given | options))


def test_the_counts_of_all_strata_are_those_of_the_rows_in_each() -> None:
    table, times = a_table(6000)
    reference = made(table, times, HOURLY, max_categories=4)
    strata = reference.strata
    assert strata is not None
    assert (len(strata.names), strata.dropped, sum(strata.rows)) == (24, (), 6000)
    own = np.array([stratum(HOURLY, int(time)) for time in times])
    x, c = reference.by_id["feature:x"], reference.by_id["feature:c"]
    assert isinstance(x, NumericColumn)
    assert isinstance(c, CategoricalColumn)
    values, texts = table["x"].to_numpy(), table["c"].to_pylist()
    for name, rows in zip(strata.names, strata.rows, strict=True):
        inside = own == name
        assert rows == inside.sum()
        found = strata.counts("feature:x", name)
        assert found is not None
        assert found.tolist() == [int((values[inside] == u).sum()) for u in x.grid.points]
        here = [text for text, yes in zip(texts, inside, strict=True) if yes and text is not None]
        expected = [here.count(text) for text in c.categories]
        categories = strata.counts("feature:c", name)
        assert categories is not None
        assert categories.tolist() == [*expected, len(here) - sum(expected)]


def test_what_is_not_in_the_sample_is_not_counted() -> None:
    table, times = a_table(6000)
    reference = made(table, times, HOURLY, sample_size=1000)
    assert reference.strata is not None
    y = reference.by_id["feature:y"]
    assert isinstance(y, NumericColumn)
    total = sum(reference.strata.counts_of("feature:y", reference.strata.names).values())
    assert np.array_equal(total, y.grid.counts)
    whole = build("m", table, assign_roles(table), created_ms=0, source="s", sample_size=1000)
    again = whole.by_id["feature:y"]
    assert isinstance(again, NumericColumn)
    assert again.grid == y.grid


def test_a_stratum_of_few_rows_is_left_out() -> None:
    table, _ = a_table(1099)
    times = np.repeat([HOUR, 2 * HOUR], [1000, 99])
    reference = made(table, times, SeasonSettings(by="hour"))
    assert reference.strata is not None
    assert reference.strata.names == ("hour 01",)
    assert reference.strata.rows == (1000,)
    assert len(reference.strata.dropped) == 23
    assert reference.strata.counts("feature:x", "hour 02") is None
    assert reference.strata.counts("feature:z", "hour 01") is None
    assert reference.strata.counts_of("feature:x", ["hour 01", "hour 02"]).keys() == {"hour 01"}


def test_a_season_that_cannot_be_frozen_is_refused() -> None:
    table, times = a_table(500)
    with pytest.raises(DataError, match="No stratum of the season by hour_of_week has 100 rows"):
        made(table, times, SeasonSettings(by="hour_of_week"))
    with pytest.raises(DataError, match="needs the rows' times"):
        made(table, None, HOURLY)
    with pytest.raises(DataError, match="not as many times as rows"):
        made(table, times[:-1], HOURLY)


def test_the_strata_are_part_of_the_hash_and_none_changes_nothing() -> None:
    table, times = a_table(6000)
    plain = made(table, None, SeasonSettings())
    assert plain.strata is None
    assert plain.hash == build("m", table, assign_roles(table), created_ms=0, source="s").hash
    hashes = {plain.hash, made(table, times, HOURLY).hash, made(table, times + HOUR, HOURLY).hash}
    other = SeasonSettings(by="context", contexts=("late = 22-6",))
    renamed = SeasonSettings(by="context", contexts=("night = 22-6",))
    hashes |= {made(table, times, season).hash for season in (other, renamed)}
    assert len(hashes) == 5


@pytest.mark.parametrize(
    "season",
    [
        HOURLY,
        SeasonSettings(by="weekday"),
        SeasonSettings(by="context", contexts=("holiday = 2026-12-25", "open = mon-fri 8-20")),
    ],
)
def test_strata_are_equal_after_encoding_and_decoding(season: SeasonSettings) -> None:
    table, times = a_table(6000)
    reference = made(table, times, season)
    back = codec.decode(codec.encode(reference))
    assert back.strata == reference.strata
    assert back.hash == reference.hash


cells = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), max_size=40)


@given(cells)
def test_counts_kept_sparsely_are_the_counts(pairs: list[tuple[int, int]]) -> None:
    strata, places = (np.array([p[i] for p in pairs], dtype=np.int64) for i in (0, 1))
    of = StratumCounts.of(strata, places, 4, 6)
    dense = [of.dense(s).tolist() for s in range(4)]
    assert dense == [[pairs.count((s, place)) for place in range(6)] for s in range(4)]
    assert of == StratumCounts.of(strata[::-1], places[::-1], 4, 6)


@pytest.mark.parametrize(
    "change",
    [
        {"starts": [0, 1, 3]},
        {"starts": [1, 1, 4]},
        {"starts": [0, 5, 4]},
        {"places": [0, 2, 2, 1]},
        {"places": [0, 2, 2, 6]},
        {"places": [0, -1, 2, 4]},
        {"counts": [1, 1, 0, 1]},
        {"counts": [1, 1, 1]},
    ],
)
def test_counts_that_are_out_of_order_are_refused(change: dict[str, list[int]]) -> None:
    good = {"starts": [0, 2, 4], "places": [0, 2, 2, 4], "counts": [1, 1, 1, 1]}
    arrays = {name: np.array(v, dtype=np.int64) for name, v in (good | change).items()}
    with pytest.raises(ValueError, match="out of order"):
        StratumCounts(6, **arrays)


def test_strata_of_another_reference_are_refused() -> None:
    table, times = a_table(6000)
    reference = made(table, times, HOURLY)
    assert reference.strata is not None
    for strata in (
        dataclasses.replace(reference.strata, rows=(1,)),
        Strata(HOURLY, (), (), {"feature:no": reference.strata.by_column["feature:x"]}),
    ):
        with pytest.raises(DataError, match="damaged"):
            codec.decode(codec.encode(dataclasses.replace(reference, strata=strata)))


@settings(deadline=None, max_examples=30)
@given(st.data())
def test_damaged_strata_are_refused_or_mean_the_same(data: st.DataObject) -> None:
    table, times = a_table(400)
    reference = made(table, times, SeasonSettings(by="context", contexts=("night = 22-6",)))
    encoded = bytearray(codec.encode(reference))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        assert codec.decode(bytes(encoded)).strata == reference.strata
    except DataError:
        return


def test_168_strata_of_a_large_sample_cost_little_more_than_it() -> None:
    random = np.random.default_rng(0)
    rows = 50_000
    times = 1_790_000_000_000 + random.integers(0, 28 * 24 * 60, rows) * MINUTE
    table = pa.table({f"f{i}": random.normal(size=rows) for i in range(10)})
    season = SeasonSettings(by="hour_of_week")
    strata = made(table, times, season, sample_size=5000)
    plain = made(table, None, SeasonSettings(), sample_size=5000)
    assert strata.strata is not None
    assert len(strata.strata.names) == 168
    assert len(codec.encode(strata)) < 1.5 * len(codec.encode(plain))
