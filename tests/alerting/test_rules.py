"""Recording and alerting rules: what promtool says, and what it does not look at."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from stream_monitor.alerts.rule import Severity
from stream_monitor.web.health import STALE_AFTER_MS
from tests.alerting.files import RULES, TESTS, alerts, histories, names, rules, series
from tests.alerting.promql import Query, exported, problems_of

RUNBOOKS_AT = "https://stream-monitor.example/runbooks/"


def promtool(*args: str | Path) -> str:
    """What promtool says; the test fails where it is not content."""
    program = shutil.which("promtool")
    assert program is not None, "install it: apt-get install prometheus (.ci/run does)"
    done = subprocess.run(
        [program, *map(str, args)], capture_output=True, text=True, timeout=120, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def test_promtool_has_nothing_to_say_against_the_rules() -> None:
    said = promtool("check", "rules", "--lint=all", "--lint-fatal", *RULES)
    found = sum(map(int, re.findall(r"(\d+) rules found", said)))
    assert found == len(rules()) > 50


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_alerts_say_what_they_must_of_histories(path: Path) -> None:
    assert "SUCCESS" in promtool("test", "rules", path)


@pytest.mark.parametrize("name", names())
def test_every_alert_has_a_history_that_fires_it_and_one_that_must_not(name: str) -> None:
    fires, quiet = f"{name} fires: ", f"{name} stays quiet: "
    found = [case for case in histories() if case["name"].startswith((fires, quiet))]
    said = {
        (case["name"].startswith(fires), bool(check["exp_samples"]))
        for case in found
        for check in case["promql_expr_test"]
        if f'alertname="{name}"' in check["expr"]
    }
    assert (True, True) in said, "nothing fires it"
    if name != "StreamMonitorWatchdog":  # which never is quiet
        assert (False, False) in said, "nothing must not fire it"
    assert (False, True) not in said


def test_every_history_is_of_an_alert_that_there_is() -> None:
    told = {re.split(r" (fires|stays quiet): ", case["name"])[0] for case in histories()}
    assert told == set(names())


@pytest.mark.parametrize("rule", rules(), ids=lambda r: r.get("alert") or r["record"])
def test_a_query_names_metrics_labels_and_values_that_there_are(rule: dict[str, str]) -> None:
    assert problems_of(rule["expr"], series()) == []


def test_queries_of_what_there_is_not_are_seen() -> None:
    known = exported()
    for wrong in (
        "stream_monitor_nothing_total > 0",
        'stream_monitor_errors_total{model="m"}',
        "sum by (model) (rate(stream_monitor_errors_total[5m]))",
        "up and on (model) stream_monitor_events_total",
        'stream_monitor_dropped_total{limit=~"repeated|nothing"}',
        "sum by (",
    ):
        assert len(problems_of(wrong, known)) == 1, wrong
    assert problems_of("rate(stream_monitor_handle_seconds_count[5m])", known) == []


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_an_alert_says_how_bad_it_is_what_it_means_and_where_to_read_on(
    rule: dict[str, dict[str, str]],
) -> None:
    labels = series_labels = Query(series()).labels(str(rule["expr"]))
    labels |= frozenset(rule["labels"])
    assert {"severity", "subsystem"} <= labels
    if "severity" in rule["labels"]:
        assert rule["labels"]["severity"] in {*Severity, "none"}
    notes = rule["annotations"]
    assert set(notes) == {"summary", "description", "runbook_url"}
    assert notes["runbook_url"] == f"{RUNBOOKS_AT}{rule['alert']}.md"
    used = set(re.findall(r"\$labels\.(\w+)", notes["summary"] + notes["description"]))
    assert used <= series_labels, "a label that is not there is written as nothing"
    assert len(notes["summary"]) <= 120
    assert not notes["summary"].endswith(".")
    assert notes["description"].endswith((".", ".)"))


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_an_alert_waits_before_it_fires(rule: dict[str, str]) -> None:
    assert ("for" in rule) == (rule["alert"] != "StreamMonitorWatchdog")
    assert rule["alert"].startswith("StreamMonitor")


def test_every_limit_is_compared_with_and_no_other_number_is() -> None:
    limits = {rule["record"] for rule in rules() if rule.get("record", "").endswith(":threshold")}
    used: set[str] = set()
    for rule in rules():
        query = Query(series())
        query.labels(rule["expr"])
        used |= query.metrics
        if "alert" in rule:
            assert set(re.findall(r"[<>=]=? *([0-9.]+)", rule["expr"])) <= {"0", "1"}
    assert limits <= used
    assert len(limits) > 10


def test_what_is_recorded_is_named_by_its_level_and_has_those_labels() -> None:
    for rule in rules():
        if "record" not in rule:
            continue
        level, metric, operation = rule["record"].split(":")
        assert operation
        if operation == "threshold":
            assert level == "stream_monitor"
            continue
        assert metric.startswith("stream_monitor_")
        assert frozenset(level.split("_")) == series()[rule["record"]]


def test_a_hanging_event_loop_is_the_same_for_the_alert_and_for_the_readiness() -> None:
    (rule,) = (
        r for r in rules() if r.get("record") == "stream_monitor:snapshot_age_seconds:threshold"
    )
    assert rule["expr"] == f"vector({STALE_AFTER_MS // 1000})"
