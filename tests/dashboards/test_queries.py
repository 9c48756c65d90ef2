"""What dashboards ask: only what there is, of the chosen jobs and models, beside the limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import promql_parser as promql
import pytest

from scripts.dashboards import promql as writing
from scripts.dashboards.colors import ONE_COLUMN
from scripts.dashboards.limits import FILE, Limit, limit, limits
from scripts.dashboards.style import LIMIT
from stream_monitor.metrics import names
from tests.alerting.files import alerts, rules
from tests.alerting.promql import Query, problems_of
from tests.dashboards import files

TARGETS = files.targets()
every_query = pytest.mark.parametrize("target", TARGETS, ids=str)
LIMITS = limits(FILE.read_text("utf-8"))
#: Limits that are no lines in a graph: below them an alert does not look at a share at all.
FLOORS = {
    "stream_monitor:records_rejected:threshold",
    "stream_monitor:events_expected:threshold",
    "stream_monitor:columns_drifted:threshold",
    "stream_monitor:labels_seen:threshold",
    "stream_monitor:api_errors:threshold",
}
#: Metrics that no panel shows, and why.
NOT_SHOWN = {
    names.BUILD.name: "facts in labels; the variable job is made of it",
    names.STARTED.name: "a restart shows as a fall of every counter",
    names.LABEL_SLOTS.name: "for whoever looks for where labels got stuck",
    names.LABELS_MATCHED.name: "since the start; the share of 6 h is the alert's",
    names.HIGHWATER.name: "lag_records is what it is for",
    names.LAST_EVENT.name: "lag_seconds is what it is for",
    names.REFERENCE.name: "facts in labels",
    names.ALERTS_OPEN.name: "of all models; alert_active can be chosen by model",
    names.DRIFT_P_VALUE.name: "the statistic and its threshold say the same, and read better",
    names.DEGRADATION_DETECTED.name: "the statistic and its threshold say the same",
    names.LATENCY_MEAN.name: "the quantiles say more",
    names.PERFORMANCE_VALUE_LOWER.name: "the interval of accuracy is shown",
    names.PERFORMANCE_VALUE_UPPER.name: "the interval of accuracy is shown",
}


def selectors(expr: Any) -> Iterator[Any]:
    """The selectors of a parsed query."""
    match expr:
        case promql.VectorSelector():
            yield expr
        case promql.MatrixSelector():
            yield expr.vector_selector
        case promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
            yield from selectors(expr.expr)
        case promql.AggregateExpr():
            yield from selectors(expr.expr)
        case promql.BinaryExpr():
            yield from selectors(expr.lhs)
            yield from selectors(expr.rhs)
        case promql.Call():
            for arg in expr.args:
                yield from selectors(arg)


@every_query
def test_a_query_is_promql_over_metrics_labels_and_values_that_there_are(
    target: files.Target,
) -> None:
    assert problems_of(target.of("job"), files.known()) == []


@every_query
def test_a_query_asks_for_the_chosen_job_and_model(target: files.Target) -> None:
    for selector in selectors(promql.parse(target.of("<job>", "<model>"))):
        labels = files.known()[selector.name]
        given = {each.name: each.value for each in selector.matchers.matchers}
        if selector.name in files.thresholds():
            continue  # they are nobody's
        assert given["job"] in ("<job>", "<job>|")
        assert (given["job"] == "<job>|") == (selector.name == "ALERTS"), "absent() has no job"
        if "model" in labels and selector.name != "ALERTS":
            assert given["model"] == "<model>"


@every_query
def test_every_rate_is_over_the_rate_interval(target: files.Target) -> None:
    assert re.findall(r"\brate\([^\[]*\[([^\]]*)\]", target.expr) == (
        ["$__rate_interval"] * target.expr.count("rate(")
    )


@every_query
def test_an_increase_is_over_the_rate_interval_or_an_alerts_own_range(
    target: files.Target,
) -> None:
    ranges = re.findall(r"\bincrease\((\w+)\{[^\[]*\[([^\]]*)\]", target.expr)
    assert len(ranges) == target.expr.count("increase(")
    for metric, range_ in ranges:
        if range_ != "$__rate_interval":
            pattern = rf"(rate|increase)\({metric}(\{{[^}}]*\}})?\[{range_}\]\)"
            assert any(re.search(pattern, rule["expr"]) for rule in alerts())


@every_query
def test_a_counter_is_never_shown_as_it_is(target: files.Target) -> None:
    outside = re.sub(r"\b(rate|increase)\([^\[]*\[[^\]]*\]\)", "", target.expr)
    assert not re.search(r"\w+_total\b", outside)


def test_the_line_in_a_graph_is_what_the_alert_compares_with() -> None:
    drawn = {t.expr for t in TARGETS if t.legend.startswith(LIMIT) and ":threshold" in t.expr}
    compared: set[str] = set()
    for rule in alerts():
        compared |= set(re.findall(r"scalar\((max\([^)]*\))\)", rule["expr"]))
    assert drawn <= compared
    missing = {expr for expr in compared - drawn if not any(floor in expr for floor in FLOORS)}
    assert missing == set(), "an alert's limit that no dashboard shows"
    assert {each.query for each in LIMITS} == compared


@every_query
def test_a_limit_is_drawn_in_the_graph_of_what_the_alert_looks_at(target: files.Target) -> None:
    if ":threshold" not in target.expr or not target.legend.startswith(LIMIT):
        return
    shown = {
        selector.name
        for other in TARGETS
        if other.panel is target.panel and other is not target
        for selector in selectors(promql.parse(other.of("job")))
    }
    using = [rule for rule in alerts() if target.expr in rule["expr"]]
    watched = {s.name for rule in using for s in selectors(promql.parse(rule["expr"]))}
    assert (shown & watched) - files.thresholds()


def test_colours_change_at_a_limit_at_any_or_at_a_threshold_of_the_worker() -> None:
    values = {each.value for each in LIMITS}
    budget = limit("records_rejected_ratio", "warning", "3d").value
    allowed = values | {1 - budget, 0, 0.5, 1, ONE_COLUMN.value}
    for name, panel in files.panels():
        if panel["type"] == "table":
            continue
        steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
        assert steps[0]["value"] is None
        assert {step["value"] for step in steps[1:]} <= allowed, f"{name}/{panel['title']}"


def test_a_limit_is_read_as_prometheus_reads_it() -> None:
    text = """
groups:
  - name: thresholds
    rules:
      - record: stream_monitor:x:threshold
        expr: vector(14.4 * 0.001)
        labels: {severity: critical, range: 1h}
"""
    (found,) = limits(text)
    assert found == Limit(
        "stream_monitor:x:threshold", {"severity": "critical", "range": "1h"}, 14.4 * 0.001
    )
    assert found.query == 'max(stream_monitor:x:threshold{severity="critical", range="1h"})'
    with pytest.raises(ValueError, match="is no vector"):
        limits(text.replace("vector(14.4 * 0.001)", "vector(time())"))
    with pytest.raises(ValueError, match="write it there first"):
        limit("nothing", "warning")


def test_a_query_of_what_there_is_not_is_refused_where_it_is_written() -> None:
    with pytest.raises(ValueError, match="has no label model"):
        writing.series(names.ERRORS, 'model="m"')
    with pytest.raises(ValueError, match="is no counter"):
        writing.rate(names.WINDOW_ROWS, ("model",))
    with pytest.raises(ValueError, match="is no histogram"):
        writing.quantile_s(0.5, names.WINDOW_ROWS)
    with pytest.raises(ValueError, match="is no time"):
        writing.age_s(names.WINDOW_ROWS, ("model",))


def metrics_of(expr: str) -> set[str]:
    """The series a query asks for; of a recorded one also what it is recorded from."""
    query = Query(files.known())
    query.labels(expr)
    found = set(query.metrics)
    for rule in rules():
        if rule.get("record") in query.metrics:
            found |= metrics_of(rule["expr"])
    return found


def test_every_metric_is_shown_unless_there_is_a_reason() -> None:
    asked = {name for target in TARGETS for name in metrics_of(target.of("job"))}
    shown = {re.sub(r"_(sum|count|bucket)$", "", name) for name in asked}
    assert {spec.name for spec in names.ALL} - shown == set(NOT_SHOWN)
