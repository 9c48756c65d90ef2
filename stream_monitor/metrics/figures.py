"""The latest report of a model as samples: its window, drift, quality, performance, latency."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from stream_monitor.config.monitors import EVIDENCE
from stream_monitor.detectors.degradation.verdicts import PREFIX as DEGRADATION
from stream_monitor.detectors.few_rows import MONITOR as ROWS
from stream_monitor.detectors.verdict import Family, State
from stream_monitor.detectors.worse import COLUMN as VERSION
from stream_monitor.detectors.worse import MONITOR as WORSE
from stream_monitor.metrics import names
from stream_monitor.metrics.families import Families

Report = Mapping[str, Any]

_CLASS = "class:"
_DELAY = "delay_p"
#: Figures of the model that are no performance metric or share of bad values, by monitor.
_OWN = {
    "score": names.QUALITY_SCORE,
    "unknown_features": names.UNKNOWN_FEATURES,
    "coverage": names.COVERAGE,
}
#: A performance metric, its threshold, and the ends of its interval.
_SHARE = (
    names.PERFORMANCE,
    names.PERFORMANCE_THRESHOLD,
    names.PERFORMANCE_LOWER,
    names.PERFORMANCE_UPPER,
)
_VALUE = (
    names.PERFORMANCE_VALUE,
    names.PERFORMANCE_VALUE_THRESHOLD,
    names.PERFORMANCE_VALUE_LOWER,
    names.PERFORMANCE_VALUE_UPPER,
)
#: Performance metrics that are no shares: they have a unit, may be negative, or above 1.
_NO_SHARE = frozenset(
    [
        "log_loss",
        "mcc",
        "mae",
        "rmse",
        "mape",
        "r2",
        "bias",
        "residual_p5",
        "residual_p50",
        "residual_p95",
    ]
)


def columns_of(report: Report) -> Sequence[str]:
    """The columns that the report has verdicts about, each once, in its order."""
    return list(dict.fromkeys(v["column"] for v in report["verdicts"] if v["column"]))


def add_report(out: Families, model: str, report: Report, columns: Collection[str]) -> None:
    """All samples of a report; of single columns only those in ``columns``."""
    verdicts = report["verdicts"]
    out.add(names.WINDOW_END, report["window"]["end_ms"] / 1000, model)
    out.add(names.WINDOW_ROWS, report["rows"], model)
    out.add(names.WINDOW_LABELLED, report["confusion"]["labelled"], model)
    for status in names.WINDOW_STATUSES:
        out.add(names.WINDOW_STATUS, report["status"] == status, model, status)
    limit = next((v["threshold"] for v in verdicts if v["monitor"] == WORSE), None)
    _add(out, names.VERSION_EVIDENCE_THRESHOLD, limit, model)  # the same of all versions
    judged = {
        verdict["column"]
        for verdict in verdicts
        if verdict["family"] == Family.DRIFT and _is_answer(verdict)
    }
    out.add(names.COLUMNS_JUDGED, len(judged), model)
    out.add(names.COLUMNS_DRIFTED, len(set(report["drifted"])), model)
    for verdict in verdicts:
        if verdict["column"] and verdict["column"] not in columns:
            continue
        _ADD[verdict["family"]](out, model, verdict)


def _add_drift(out: Families, model: str, verdict: Report) -> None:
    column = verdict["column"]
    if _is_answer(verdict):
        out.add(names.DRIFT_DETECTED, verdict["state"] == State.ALARM, model, column)
    if verdict["monitor"] == EVIDENCE:
        _add_evidence(out, model, verdict)
        if column:
            _add(out, names.DRIFT_EFFECT, verdict.get("effect"), model, column, EVIDENCE)
        return
    for spec, key in (
        (names.DRIFT_STATISTIC, "statistic"),
        (names.DRIFT_THRESHOLD, "threshold"),
        (names.DRIFT_P_VALUE, "p_value"),
        (names.DRIFT_EFFECT, "effect"),
    ):
        _add(out, spec, verdict.get(key), model, column, verdict["monitor"])


def _is_answer(verdict: Report) -> bool:
    """Whether a verdict says if its column has drifted; that of the evidence is of no window."""
    if verdict["monitor"] == EVIDENCE:
        return bool(verdict["column"]) and verdict["state"] != State.THIN
    return bool(verdict["decides"]) and verdict["state"] in (State.OK, State.ALARM)


def _add_evidence(out: Families, model: str, verdict: Report) -> None:
    family, column = verdict["family"], verdict["column"]
    _add(out, names.EVIDENCE, verdict.get("statistic"), model, family, column)
    if not column:
        _add(out, names.EVIDENCE_THRESHOLD, verdict.get("threshold"), model, family)


def _add_quality(out: Families, model: str, verdict: Report) -> None:
    if verdict["monitor"] == EVIDENCE:
        _add_evidence(out, model, verdict)
        return
    if verdict["monitor"] == ROWS:
        out.add(names.WINDOW_ROWS_THRESHOLD, verdict["threshold"], model)
        return
    own = _OWN.get(verdict["monitor"])
    if own is not None:
        _add(out, own, verdict.get("statistic"), model)
        return
    labels = (model, verdict["column"], verdict["monitor"])
    _add(out, names.QUALITY, verdict.get("statistic"), *labels)
    _add(out, names.QUALITY_THRESHOLD, verdict.get("threshold"), *labels)


def _add_performance(out: Families, model: str, verdict: Report) -> None:
    metric, column, value = verdict["monitor"], verdict["column"], verdict.get("statistic")
    own = _OWN.get(metric)
    if own is not None:
        _add(out, own, value, model)
    elif metric.startswith(DEGRADATION):
        _add_degradation(out, model, metric.removeprefix(DEGRADATION), verdict)
    elif metric.startswith(_DELAY):
        quantile = float(metric.removeprefix(_DELAY)) / 100
        _add(out, names.LABEL_DELAY, value, model, f"{quantile:.8g}")
    elif metric == WORSE:
        _add_version(out, model, column.removeprefix(VERSION), verdict)
    elif column:
        _add(out, names.PERFORMANCE_OF_CLASS, value, model, column.removeprefix(_CLASS), metric)
    else:
        specs = _VALUE if metric in _NO_SHARE else _SHARE
        for spec, key in zip(specs, ("statistic", "threshold", "lower", "upper"), strict=True):
            _add(out, spec, verdict.get(key), model, metric)


def _add_version(out: Families, model: str, version: str, verdict: Report) -> None:
    _add(out, names.VERSION_EVIDENCE, verdict.get("statistic"), model, version)
    _add(out, names.VERSION_RISE, verdict.get("effect"), model, version)


def _add_degradation(out: Families, model: str, detector: str, verdict: Report) -> None:
    _add(out, names.DEGRADATION_STATISTIC, verdict.get("statistic"), model, detector)
    _add(out, names.DEGRADATION_THRESHOLD, verdict.get("threshold"), model, detector)
    if verdict["state"] in (State.OK, State.ALARM):
        out.add(names.DEGRADATION_DETECTED, verdict["state"] == State.ALARM, model, detector)


def _add_latency(out: Families, model: str, verdict: Report) -> None:
    """``mean`` and the quantiles ``p50``, ``p99.9``; the report has milliseconds."""
    monitor, value, limit = verdict["monitor"], verdict.get("statistic"), verdict.get("threshold")
    seconds = None if value is None else value / 1000
    if monitor == "mean":
        _add(out, names.LATENCY_MEAN, seconds, model)
        return
    _add(out, names.LATENCY, seconds, model, f"{float(monitor.removeprefix('p')) / 100:.8g}")
    _add(out, names.LATENCY_THRESHOLD, None if limit is None else limit / 1000, model)


def _add(out: Families, spec: names.Spec, value: float | None, *labels: str) -> None:
    if value is not None:
        out.add(spec, value, *labels)


_ADD = {
    Family.DRIFT.value: _add_drift,
    Family.QUALITY.value: _add_quality,
    Family.PERFORMANCE.value: _add_performance,
    Family.LATENCY.value: _add_latency,
}
