"""How far a column has moved, less what chance adds."""

import numpy as np
import pytest
from scipy import stats

from stream_monitor.config.monitors import DriftSettings, QualitySettings
from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.effects import Effect, effect_of
from stream_monitor.detectors.watched import Watched, watched_of
from stream_monitor.reference.model import Reference
from stream_monitor.summaries.model import ModelSummary
from tests.detectors.worlds import categorical, normal, numeric, reference, window

SETTINGS = ModelSettings(
    drift=DriftSettings(decide_numeric="evidence", decide_categorical="evidence"),
    quality=QualitySettings(decide="evidence"),
)
BINS = 10


def named(against: Reference, name: str) -> Watched:
    (found,) = [one for one in watched_of(against, SETTINGS) if one.name == name]
    return found


def effect(against: Reference, name: str, summary: ModelSummary) -> Effect:
    one = named(against, name)
    found = effect_of(one, summary.columns[one.column.id], BINS)
    assert found is not None
    return found


def test_of_a_large_change_the_effect_is_the_ks_distance_itself() -> None:
    sample, moved = normal(1, 5_000), normal(2, 5_000, mean=1.0)
    against = reference(numeric("x", sample))
    found = effect(against, "feature:x", window(against, 5_000, x=moved))
    d = stats.ks_2samp(sample, moved).statistic
    assert dict(found.others)["ks"] == pytest.approx(d, rel=1e-12)
    assert found.size == pytest.approx(d, rel=0.002)
    assert found.size < d
    assert dict(found.others)["wasserstein"] == pytest.approx(1.0, rel=0.05)


@pytest.mark.parametrize("n", [100, 1_000, 10_000])
def test_without_a_change_the_squared_effect_is_nil_half_of_the_time_or_more(n: int) -> None:
    nil = 0
    for seed in range(60):
        against = reference(numeric("x", normal(2 * seed, 2_000)))
        nil += effect(against, "feature:x", window(against, n, x=normal(2 * seed + 1, n))).size == 0
    assert nil >= 30


def test_of_categories_the_effect_is_the_largest_change_of_a_share() -> None:
    against = reference(categorical("c", {"a": 50_000, "b": 50_000}))
    found = effect(against, "feature:c", window(against, 10_000, c=["a"] * 7_000 + ["b"] * 3_000))
    assert dict(found.others)["l_infinity"] == pytest.approx(0.2)
    assert found.size == pytest.approx(0.2, rel=0.001)


def test_of_a_rate_the_effect_is_its_rise() -> None:
    against = reference(numeric("x", normal(1, 900), missing=100))
    rows = [None] * 3_000 + normal(2, 7_000).tolist()
    found = effect(against, "missing:feature:x", window(against, 10_000, x=rows))
    assert dict(found.others) == pytest.approx({"share": 0.3, "rise": 0.2})
    assert found.size == pytest.approx(0.2, rel=0.01)


def test_a_rate_that_falls_has_no_effect() -> None:
    against = reference(numeric("x", normal(1, 900), missing=100))
    summary = window(against, 1_000, x=normal(2, 1_000))
    assert effect(against, "missing:feature:x", summary).size == 0


def test_nan_and_infinity_count_as_missing_for_the_evidence() -> None:
    against = reference(numeric("x", normal(1, 1_000)))
    rows = np.concatenate([normal(2, 800), np.full(100, np.nan), np.full(100, np.inf)])
    found = effect(against, "missing:feature:x", window(against, 1_000, x=rows))
    assert dict(found.others)["share"] == 0.2


def test_without_rows_there_is_no_effect() -> None:
    against = reference(numeric("x", normal(1, 100)), categorical("c", {"a": 10}))
    empty = ModelSummary.empty(against)
    for one in watched_of(against, SETTINGS):
        assert effect_of(one, empty.columns[one.column.id], BINS) is None
