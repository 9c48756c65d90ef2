"""Generated streams: what they are drawn from, and that a seed says all of them."""

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from stream_monitor.config.duration import DAY, HOUR
from stream_monitor.events.batch import Record
from stream_monitor.events.decode import Decoder
from stream_monitor.events.limits import Limits
from stream_monitor.kafka.messages import Format, messages
from stream_monitor.reference.codec import encode
from stream_monitor.reference.model import NumericColumn, Task
from stream_monitor.scenarios.generate.features import draw, moments
from stream_monitor.scenarios.generate.models import linear, standard
from stream_monitor.scenarios.generate.seeds import generator
from stream_monitor.scenarios.generate.stream import Stream
from stream_monitor.scenarios.generate.traffic import event_times
from stream_monitor.scenarios.prepare import prepare
from stream_monitor.scenarios.spec.base import Generated, Traffic
from stream_monitor.scenarios.spec.features import Poisson
from tests.scenarios.shipped import shipped, written

FEATURES = """\
story: s
base:
  features:
    normal: {kind: normal, mean: 5, sd: 2, decimals: 12}
    lognormal: {kind: lognormal, median: 3, sigma: 0.5, decimals: 12}
    beta: {kind: beta, a: 2, b: 5, decimals: 12}
    gamma: {kind: gamma, shape: 2, scale: 30, decimals: 12}
    uniform: {kind: uniform, low: -1, high: 3, decimals: 12}
    poisson: {kind: poisson, mean: 1.3}
    boolean: {kind: boolean, share: 0.7}
    categorical: {kind: categorical, shares: {a: 1, b: 3, c: 6}}
  correlations:
    - {between: [normal, gamma], rho: 0.7}
"""
LAWS = {
    "normal": stats.norm(5, 2),
    "lognormal": stats.lognorm(0.5, scale=3),
    "beta": stats.beta(2, 5),
    "gamma": stats.gamma(2, scale=30),
    "uniform": stats.uniform(-1, 4),
}


def base() -> Generated:
    found = written(FEATURES).base
    assert isinstance(found, Generated)
    return found


TIMES = np.arange(20_000, dtype=np.int64) * 1000


def test_numbers_follow_the_laws_that_are_asked_for() -> None:
    drawn = draw(base(), TIMES, 1, "stream")
    for name, law in LAWS.items():
        assert stats.kstest(drawn[name], law.cdf).pvalue > 0.001, name


def test_counts_booleans_and_categories_have_their_shares() -> None:
    drawn = draw(base(), TIMES, 1, "stream")
    assert drawn["poisson"].dtype == np.int64
    shares = {
        float(np.mean(drawn["poisson"] == 2)): stats.poisson.pmf(2, 1.3),
        float(np.mean(drawn["boolean"])): 0.7,
        float(np.mean(drawn["categorical"] == "a")): 0.1,
        float(np.mean(drawn["categorical"] == "c")): 0.6,
    }
    for found, share in shares.items():
        assert abs(found - share) < 4 * (share * (1 - share) / len(TIMES)) ** 0.5


@pytest.mark.parametrize("mean", [1e-6, 0.3, 1.3, 40.0, 1e6])
def test_counts_are_the_quantiles_of_their_law(mean: float) -> None:
    kind = Poisson(kind="poisson", mean=mean)
    found = draw(Generated(features={"n": kind}), TIMES[:500], 3, "stream")["n"]
    scores = generator(3, "stream", "n").standard_normal(500)
    assert found.tolist() == stats.poisson.ppf(stats.norm.cdf(scores), mean).tolist()


def test_features_have_the_correlation_of_their_normal_scores_and_others_none() -> None:
    drawn = draw(base(), TIMES, 1, "stream")
    rank = stats.spearmanr(drawn["normal"], drawn["gamma"]).statistic
    assert abs(2 * np.sin(np.pi * rank / 6) - 0.7) < 0.02
    assert abs(stats.spearmanr(drawn["normal"], drawn["beta"]).statistic) < 0.04


def test_the_mean_and_deviation_of_a_feature_are_those_of_its_law() -> None:
    features = base().features
    for name, law in LAWS.items():
        mean, sd = moments(features[name])
        assert mean == pytest.approx(law.mean(), rel=0.01, abs=0.01)
        assert sd == pytest.approx(law.std(), rel=0.02)


def test_a_further_feature_changes_no_other_one() -> None:
    more = written(
        FEATURES.replace("    normal:", "    first: {kind: boolean, share: 0.5}\n    normal:")
    )
    assert isinstance(more.base, Generated)
    one, other = (draw(each, TIMES, 3, "stream") for each in (base(), more.base))
    for name, column in one.items():
        if name not in ("normal", "gamma"):
            assert column.tolist() == other[name].tolist()
    assert np.allclose(one["gamma"], other["gamma"])


def test_a_cycle_is_at_its_height_at_its_hour() -> None:
    scenario = written(
        "story: s\nbase: {features: {x: {kind: normal, mean: 10, sd: 2, "
        "cycle: {swing: 1.5, peak_hour: 20}}}}\n"
    )
    assert isinstance(scenario.base, Generated)
    for hour, mean in ((20, 13), (8, 7), (2, 10)):
        at = np.full(20_000, 5 * DAY + hour * HOUR, dtype=np.int64)
        assert abs(draw(scenario.base, at, 0, "stream")["x"].mean() - mean) < 0.1


def test_traffic_has_its_rate_and_its_daily_cycle() -> None:
    traffic = Traffic(rate=500.0, swing=0.5, peak_hour=14.0)
    start = 20_000 * DAY
    times = event_times(traffic, start, 10 * DAY, 1, "stream")
    assert len(times) == 500 * 24 * 10
    assert (np.diff(times) >= 0).all()
    assert (times >= start).all()
    assert (times < start + 10 * DAY).all()
    hours = np.bincount(times % DAY // HOUR, minlength=24) / 10
    expected = 500 * (1 + 0.5 * np.cos(2 * np.pi * (np.arange(24) + 0.5 - 14) / 24))
    assert (abs(hours - expected) < 5 * (expected / 10) ** 0.5).all()


def test_a_model_is_weights_over_standard_scores() -> None:
    found = linear(base(), {"normal": np.array([5.0, 7.0, 1e9])}, -1.0, {"normal": 2.0})
    assert np.allclose(found, [-1, 1, 7], atol=0.01)
    odd = np.array([None, "7", [3], True, float("inf")], dtype=object)
    assert standard(odd, 0.0, 1.0).tolist() == [0, 0, 0, 1, 0]


def columns_of(stream: Stream) -> bytes:
    """Everything of a stream as bytes."""
    told = (stream.prediction, stream.score, stream.truth, stream.latency_ms, stream.version)
    parts = [stream.times, stream.ids, *stream.features.values(), *told]
    sink = pa.BufferOutputStream()
    table = pa.table(
        {str(i): pa.array(part.tolist()) for i, part in enumerate(parts) if part is not None}
    )
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    found: bytes = sink.getvalue().to_pybytes()
    return found


def test_the_same_seed_gives_the_same_bytes_and_another_one_others() -> None:
    scenario = shipped("sudden_drift", "base.labels.delay=5m")
    one, same, other = (prepare(scenario, seed) for seed in (4, 4, 5))
    assert columns_of(one.stream) == columns_of(same.stream)
    assert encode(one.reference) == encode(same.reference)
    assert one.stream.label_at is not None
    assert same.stream.label_at is not None
    assert one.stream.label_at.tolist() == same.stream.label_at.tolist()
    assert columns_of(one.stream) != columns_of(other.stream)
    assert one.reference.hash != other.reference.hash


def test_another_start_moves_the_times_and_changes_nothing_else_but_the_ids() -> None:
    scenario = shipped("data_quality", "duration=4h30m")
    one = prepare(scenario, 4)
    moved = prepare(scenario, 4, start_ms=scenario.start_ms + 90 * DAY)
    assert (moved.stream.times - one.stream.times).tolist() == [90 * DAY] * len(one.stream)
    assert moved.reference.hash == one.reference.hash
    for name, column in one.stream.features.items():
        assert moved.stream.features[name].tolist() == column.tolist()
    assert moved.stream.prediction is not None
    assert one.stream.prediction is not None
    assert moved.stream.prediction.tolist() == one.stream.prediction.tolist()
    assert not set(moved.stream.ids) & set(one.stream.ids)


@pytest.mark.parametrize(
    "name", ["data_quality", "schema_break", "duplicate_storm", "regression_bias"]
)
def test_what_is_sent_is_read_as_what_was_made(name: str) -> None:
    """Texts, lists and gaps in the place of numbers, fields that change, events that come twice."""
    stream = prepare(shipped(name), 0).stream
    last = stream.take(np.arange(len(stream) - 6_000, len(stream), 20))
    sent = messages(last.batches("a"), Format.JSON, max_bytes=10_000)
    records = [Record("predictions", 0, i, 2**41, each.value) for i, each in enumerate(sent)]
    decoded = Decoder(Limits()).decode(records)
    assert decoded.rejected == ()
    assert sum(map(len, decoded.batches)) == len(last)
    for batch in decoded.batches:
        assert batch.timestamps.tolist() == last.times[batch.offsets].tolist()
        assert list(batch.prediction_ids or ()) == last.ids[batch.offsets].tolist()
        for feature, column in batch.features.items():
            assert list(column) == last.features[feature][batch.offsets].tolist()
        assert set(batch.segments) == set(last.segments)
        for segment, column in batch.segments.items():
            assert list(column) == last.segments[segment][batch.offsets].tolist()


def test_a_regression_answers_the_truth_but_for_its_noise_and_what_it_does_not_know() -> None:
    made = prepare(shipped("regression_bias", "timeline={}", "expect={}"), 2)
    stream, reference = made.stream, made.reference
    assert stream.score is None
    assert stream.prediction is not None
    assert stream.truth is not None
    errors = stream.prediction - stream.truth
    # The noise of 3 minutes and two minutes a standard deviation for the rain.
    assert abs(errors.std() - (3**2 + 2**2) ** 0.5) < 0.1
    assert abs(errors.mean()) < 0.1
    assert stream.prediction.std() > 15
    assert reference.task is Task.REGRESSION
    assert reference.residuals is not None
    usual = np.average(np.abs(reference.residuals.points), weights=reference.residuals.counts)
    assert abs(usual - np.abs(errors).mean()) < 0.1


def test_whole_numbers_of_a_regression_are_numbers_and_no_classes() -> None:
    few = ("base.decimals=0", "base.truth.weights={}", "base.served.weights={parcels: 2}")
    reference = prepare(shipped("regression_bias", "timeline={}", *few), 0).reference
    (answers,) = (column for column in reference.columns if column.id == "prediction")
    assert isinstance(answers, NumericColumn)
    assert reference.task is Task.REGRESSION


def test_segments_have_their_shares_and_come_with_the_events() -> None:
    stream = prepare(shipped("regression_bias"), 1).stream
    for city, share in (("lyon", 0.5), ("turin", 0.35), ("ghent", 0.15)):
        assert abs(np.mean(stream.segments["city"] == city) - share) < 0.02
    told = [city for batch in stream.batches("courier") for city in batch.segments["city"]]
    assert told == stream.segments["city"].tolist()


def test_labels_that_come_on_their_own_are_in_no_event_and_in_order() -> None:
    prepared = prepare(shipped("concept_drift", "base.labels.never=0.25"), 1)
    assert all(batch.ground_truth is None for batch in prepared.stream.batches("credit"))
    labels = prepared.stream.labels("credit")
    assert labels is not None
    assert (np.diff(labels.timestamps) >= 0).all()
    assert abs(len(labels) / len(prepared.stream) - 0.75) < 0.02
    at = dict(zip(prepared.stream.ids, prepared.stream.times, strict=True))
    assert all(
        at[id_] <= time for id_, time in zip(labels.prediction_ids, labels.timestamps, strict=True)
    )
