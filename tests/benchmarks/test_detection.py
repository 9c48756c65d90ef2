"""The streams are what they are called, the contenders are right, and the figures count all."""

import math
from xml.etree import ElementTree

import numpy as np
import pytest
from scipy import stats

from benchmarks.detection import contenders, contenders_ours, streams
from benchmarks.detection.contenders import STEP, WINDOW, Maker, SlidingKs, sliding_ks
from benchmarks.detection.measure import Delays, FalseAlarms, alarms_in, delays
from benchmarks.detection.report import Measured, picture, section
from stream_monitor.statistics.arrays import FloatArray
from stream_monitor.statistics.ks import ks_threshold


class Scripted:
    """Alarms at given rows, counted from the last reset."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.reset()

    def reset(self) -> None:
        self.seen = 0

    def update(self, block: FloatArray) -> int | None:
        row = self.at - self.seen
        self.seen += len(block)
        return row if row < len(block) else None


@pytest.mark.parametrize("law", list(streams.NULL_LAWS))
def test_a_stream_is_fixed_by_its_seed_and_finite(law: str) -> None:
    draw = streams.NULL_LAWS[law]
    one, two = (streams.null_stream(draw, 700, (3, 1), 500) for _ in range(2))
    assert one.reference.shape == (500, 10)
    assert one.values.shape == (700, 10)
    assert np.isfinite(one.values).all()
    np.testing.assert_array_equal(one.values, two.values)
    other = streams.null_stream(draw, 700, (3, 2), 500)
    assert not np.array_equal(one.values, other.values)


@pytest.mark.parametrize("name", ["shape", "shape_exponential", "shape_laplace"])
def test_a_drift_of_shape_leaves_mean_and_variance(name: str) -> None:
    drift = next(each for each in streams.MARGINAL if each.name == name)
    values = drift.after(np.random.default_rng(1), 400_000)[:, 0]
    assert values.mean() == pytest.approx(0, abs=0.01)
    assert values.var() == pytest.approx(1, abs=0.02)
    assert stats.kstest(values, "norm").statistic > 0.04


def test_the_drift_of_dependence_leaves_each_feature_alone() -> None:
    values = streams.DEPENDENCE.after(np.random.default_rng(2), 100_000)
    assert np.corrcoef(values[:, 0], values[:, 1])[0, 1] == pytest.approx(0.6, abs=0.01)
    for column in values.T:
        assert stats.kstest(column, "norm").pvalue > 0.001


def test_only_the_first_feature_drifts_and_only_after_the_drift() -> None:
    drift = next(each for each in streams.MARGINAL if each.name == "mean_1")
    stream = streams.drift_stream(drift, (1,), 5_000, 10_000)
    means = stream.values[10_000:].mean(axis=0)
    assert means[0] == pytest.approx(1, abs=0.05)
    assert np.abs(means[1:]).max() < 0.05
    assert np.abs(stream.values[:10_000].mean(axis=0)).max() < 0.05


@pytest.mark.parametrize("law", ["normal", "poisson", "rounded", "zero_inflated"])
def test_the_sliding_test_alarms_where_scipys_statistic_first_passes(law: str) -> None:
    alpha = 0.2
    stream = streams.null_stream(streams.NULL_LAWS[law], 6_000, (7,), 2_000)
    threshold = ks_threshold(alpha, WINDOW, 2_000)
    expected = None
    for end in range(WINDOW, 6_001, STEP):
        window = stream.values[end - WINDOW : end]
        found = [
            stats.ks_2samp(reference, column, method="asymp").statistic
            for reference, column in zip(stream.reference.T, window.T, strict=True)
        ]
        if max(found) > threshold:
            expected = end - 1
            break
    assert alarms_in(SlidingKs(alpha, stream.reference), stream.values, 0)[:1] == [expected]


MAKERS: dict[str, Maker] = {
    "ours": contenders_ours.NUMERIC,
    "hourly": contenders_ours.HOURLY,
    "pairs": contenders_ours.DEPENDENCE,
    "KS": sliding_ks(1e-4),
    "ADWIN": contenders.NUMERIC[0].make,
}


@pytest.mark.parametrize("name", list(MAKERS))
def test_the_first_alarm_does_not_depend_on_the_blocks(name: str) -> None:
    rng = np.random.default_rng(8)
    reference, values = streams.cycle(rng, 4_800), streams.cycle(rng, 4_800)
    values[2_400:] *= 1.5
    found = []
    for size in (37, 500, 4_800):
        contender, alarm = MAKERS[name](reference), None
        for start in range(0, len(values), size):
            alarm = contender.update(values[start : start + size])
            if alarm is not None:
                found.append(start + alarm)
                break
    assert len(found) == 3
    assert len(set(found)) == 1


def test_all_alarms_are_counted_with_a_reset_after_each() -> None:
    values = np.zeros((2_000, 1))
    assert alarms_in(Scripted(700), values) == [700, 1_401]
    assert alarms_in(Scripted(700), values, 0) == [700]
    assert alarms_in(Scripted(2_000), values) == []


def test_a_delay_counts_the_events_since_the_drift_and_a_miss_is_none() -> None:
    drift = streams.Drift("none", streams.errors(0.1), streams.errors(0.1), 1_000)
    found = delays(lambda _: Scripted(300), drift, 2, seed=0, reference=10, before=250)
    assert found == Delays(1_000, (51.0, 51.0), 0)
    found = delays(lambda _: Scripted(200), drift, 1, seed=0, reference=10, before=250)
    assert (found.events, found.early) == ((152.0,), 1)
    found = delays(lambda _: Scripted(5_000), drift, 3, seed=0, reference=10, before=250)
    assert (found.missed, math.isinf(found.median)) == (3, True)


@pytest.mark.parametrize("alarms", [0, 1, 7, 400])
def test_the_interval_of_a_rate_is_the_exact_one_of_poisson(alarms: int) -> None:
    low, high = FalseAlarms(alarms, 1_000_000).interval
    assert stats.poisson.cdf(alarms, high) == pytest.approx(0.025)
    if alarms:
        assert stats.poisson.sf(alarms - 1, low) == pytest.approx(0.025)
    else:
        assert low == 0


def test_a_median_that_is_missed_is_said_in_the_table_and_a_ring_in_the_picture() -> None:
    found = {"a": Delays(1_000, (50.0, 60.0, math.inf)), "b": Delays(1_000, (math.inf,))}
    rows = [Measured("ours", "tuned", {"normal": FalseAlarms(3, 2_000_000)}, found)]
    text = section("A title", rows)
    assert "| ours | tuned | 1.50 (0.31–4.38) in 2,000,000 | 60 (33.3 % missed) | > 1,000 (" in text
    root = ElementTree.fromstring(picture([("A title", rows, ["a", "b"])]))
    dots = [each for each in root if each.tag.endswith("circle")]
    assert [dot.get("fill") for dot in dots[1:]] == [dots[0].get("fill"), "none"]
    assert (
        float(dots[1].get("cx", "")) < float(dots[2].get("cx", "")) < float(root.get("width", ""))
    )
