"""The latest report as series, held against the report itself."""

import pytest

from tests.metrics.expositions import Series, series_of, value, values_of
from tests.metrics.worlds import Report, busy, reports, verdict


@pytest.fixture(scope="module", name="report")
def _report() -> Report:
    return reports()[2]


@pytest.fixture(scope="module", name="series")
def _series(report: Report) -> Series:
    return series_of(busy(reports={"m": report}))


def test_drift_figures_are_the_verdicts(series: Series, report: Report) -> None:
    seen = 0
    for each in report["verdicts"]:
        if each["family"] != "drift" or each["monitor"] == "evidence":
            continue
        labels = {"model": "m", "column": each["column"], "monitor": each["monitor"]}
        for name in ("statistic", "threshold", "p_value", "effect"):
            if name in each:
                assert value(series, f"drift_{name}", **labels) == each[name]
                seen += 1
    assert seen > 20


def test_the_evidence_is_told_of_the_model_with_its_threshold_and_of_each_column(
    series: Series, report: Report
) -> None:
    told = [each for each in report["verdicts"] if each["monitor"] == "evidence"]
    assert {each["family"] for each in told} == {"drift", "quality"}
    for each in told:
        labels = {"model": "m", "family": each["family"]}
        found = value(series, "evidence_decades", **labels, column=each["column"])
        assert found == each["statistic"]
        if not each["column"]:
            assert value(series, "evidence_threshold_decades", **labels) == each["threshold"]


def test_drift_is_detected_where_the_verdict_that_decides_is_an_alarm(
    series: Series, report: Report
) -> None:
    detected = {
        dict(labels)["column"]: bool(on)
        for (name, labels), on in series.items()
        if name.endswith("drift_detected")
    }
    assert detected["feature:x"] is True
    assert {column for column, on in detected.items() if on} == set(report["drifted"])
    assert value(series, "columns_judged", model="m") == len(detected) == 4
    assert value(series, "columns_drifted", model="m") == len(report["drifted"])


def test_shares_of_bad_values_stay_shares(series: Series, report: Report) -> None:
    missing = verdict(report, "quality", "missing", "feature:x")
    labels = {"model": "m", "column": "feature:x", "check": "missing"}
    assert value(series, "quality_ratio", **labels) == missing["statistic"] == pytest.approx(0.1)
    assert value(series, "quality_threshold_ratio", **labels) == missing["threshold"]
    score = verdict(report, "quality", "score")["statistic"]
    assert value(series, "quality_score_ratio", model="m") == score < 1


def test_performance_is_told_of_the_model_and_of_each_class(series: Series, report: Report) -> None:
    accuracy = verdict(report, "performance", "accuracy")
    assert (
        value(series, "performance_ratio", model="m", metric="accuracy") == (accuracy["statistic"])
    )
    assert value(series, "performance_threshold_ratio", model="m", metric="accuracy") == 0.9
    labels = {"model": "m", "metric": "log_loss"}
    assert value(series, "performance_value_threshold", **labels) == 0.5
    recall = verdict(report, "performance", "recall", "class:1")["statistic"]
    labels = {"model": "m", "metric": "recall", "class": "1"}
    assert value(series, "class_performance_ratio", **labels) == recall
    assert value(series, "label_coverage_ratio", model="m") == 1


def test_delays_of_labels_and_estimates_have_their_own_names(
    series: Series, report: Report
) -> None:
    for quantile in ("0.5", "0.9", "0.99"):
        assert value(series, "label_delay_seconds", model="m", quantile=quantile) == 3600.0
    shift = verdict(report, "performance", "labelled_shift")["statistic"]
    assert value(series, "performance_ratio", model="m", metric="labelled_shift") == shift == 0


def test_detectors_of_degradation_have_their_own_metrics_and_are_no_performance(
    series: Series, report: Report
) -> None:
    cusum = {"model": "m", "detector": "cusum"}
    assert value(series, "degradation_detected", **cusum) == 1
    assert value(series, "degradation_threshold", **cusum) == 12.5
    ddm = {"model": "m", "detector": "ddm"}
    assert value(series, "degradation_detected", **ddm) == 0
    assert value(series, "degradation_statistic", **ddm) == 1.5
    assert "adwin" not in values_of(series, "detector"), "it learns: there is nothing to say"
    assert not any(text.startswith("degradation") for text in values_of(series, "metric"))


def test_a_version_has_its_evidence_and_its_rise_and_is_no_class(
    series: Series, report: Report
) -> None:
    found = verdict(report, "performance", "version_worse", "version:2")
    of_version = {"model": "m", "version": "2"}
    assert value(series, "version_evidence_decades", **of_version) == found["statistic"]
    assert value(series, "version_error_rise_ratio", **of_version) == found["effect"]
    limit = value(series, "version_evidence_threshold_decades", model="m")
    assert limit == found["threshold"] > 3
    assert values_of(series, "class") == {"0", "1"}


def test_the_fewest_events_of_a_window_stand_beside_its_events_and_are_no_share(
    series: Series, report: Report
) -> None:
    assert value(series, "window_rows_threshold", model="m") == 10
    assert value(series, "window_rows", model="m") == report["rows"]
    assert "rows" not in values_of(series, "check")


def test_latency_is_in_seconds(series: Series, report: Report) -> None:
    for monitor, quantile in (("p50", "0.5"), ("p99", "0.99"), ("p99.9", "0.999")):
        ms = verdict(report, "latency", monitor)["statistic"]
        assert value(series, "latency_seconds", model="m", quantile=quantile) == ms / 1000
        assert ms == pytest.approx(12.5, rel=0.02)
    assert value(series, "latency_mean_seconds", model="m") == pytest.approx(0.0125, rel=0.02)
    assert value(series, "latency_threshold_seconds", model="m") == 0.01


def test_a_window_is_of_one_status(series: Series, report: Report) -> None:
    on = {s for s in ("ok", "alarm", "thin") if value(series, "window_status", model="m", status=s)}
    assert on == {report["status"]}
    assert value(series, "window_rows", model="m") == report["rows"]
    assert value(series, "window_labelled_rows", model="m") == report["confusion"]["labelled"]


def test_what_a_report_leaves_out_has_no_series() -> None:
    report = dict(reports()[2])
    bare = dict(verdict(report, "drift", "ks", "feature:x"), state="thin")
    for name in ("statistic", "threshold", "p_value", "effect"):
        del bare[name]
    series = series_of(busy(reports={"m": report | {"verdicts": [bare], "drifted": []}}))
    assert not any("_drift_" in name for name, _ in series)
    assert value(series, "columns_judged", model="m") == 0


def test_a_performance_metric_has_the_interval_of_its_verdict(
    series: Series, report: Report
) -> None:
    seen = 0
    for each in report["verdicts"]:
        if each["family"] != "performance" or each["column"] or "lower" not in each:
            continue
        labels = {"model": "m", "metric": each["monitor"]}
        found = {name for name, at in series if dict(at) == labels}
        kind = "value" if "stream_monitor_performance_value" in found else "ratio"
        names = {
            "value": ("performance_value_lower", "performance_value_upper"),
            "ratio": ("performance_lower_ratio", "performance_upper_ratio"),
        }[kind]
        for name, key in zip(names, ("lower", "upper"), strict=True):
            assert value(series, name, **labels) == each[key]
        seen += 1
    assert seen >= 5


def test_what_may_be_negative_or_above_one_is_no_share(series: Series) -> None:
    assert value(series, "performance_value", model="m", metric="mcc") == 0
    lower = value(series, "performance_value_lower", model="m", metric="mcc")
    assert lower < 0


def test_evidence_is_told_of_the_model_and_of_its_columns_and_never_as_a_share() -> None:
    series = series_of(busy())
    for family, column in (("drift", ""), ("drift", "feature:x"), ("quality", "")):
        labels = {"model": "m", "family": family, "column": column}
        assert value(series, "evidence_decades", **labels) is not None
    assert not any(("column", "") in labels and "drift" in name for name, labels in series)
    assert not any(("check", "evidence") in labels for _, labels in series)
    assert value(series, "columns_judged", model="m") == 4, "the model is no column"


def test_a_model_is_compared_with_what_it_was_like_on_its_reference() -> None:
    assert value(series_of(busy()), "reference_error_ratio", model="m") == 0.1
