from __future__ import annotations

import json
from dataclasses import replace

import pytest

from stream_monitor.alerts.event import (
    CRITICAL_EFFECT,
    AlertEvent,
    alert_id,
    event_of,
    rfc3339,
    severity_of,
)
from stream_monitor.alerts.rule import AlertState, Phase, Severity, Transition, Window
from stream_monitor.detectors.verdict import Family, State, Verdict

HOUR = 3_600_000
START = 1_767_225_600_000  # 2026-01-01T00:00:00Z
FIRST, SECOND = Window(START, START + HOUR), Window(START + HOUR // 12, START + HOUR + HOUR // 12)

DRIFT = Verdict(
    family=Family.DRIFT,
    monitor="ks",
    column="feature:amount",
    state=State.ALARM,
    statistic=0.31,
    threshold=0.0625,
    p_value=1.5e-40,
    n=1200,
    reference_n=5000,
    reference_hash="00112233aabbccdd",
    effect=0.31,
    decides=True,
)
OPEN = AlertState(
    phase=Phase.FIRING,
    last_end_ms=SECOND.end_ms,
    first=FIRST,
    reference_hash=DRIFT.reference_hash,
    opened_at_ms=SECOND.end_ms,
    severity=Severity.CRITICAL,
)


def opened(verdict: Verdict = DRIFT, state: AlertState = OPEN) -> AlertEvent:
    return event_of("fraud", verdict, state, Transition.OPENED, SECOND)


def resolved() -> AlertEvent:
    return event_of(
        "fraud",
        replace(DRIFT, state=State.OK, statistic=0.01, effect=0.01, p_value=0.9),
        replace(OPEN, phase=Phase.RECOVERING, count=1),
        Transition.RESOLVED,
        Window(START + 3 * HOUR, START + 4 * HOUR),
    )


def test_the_sentence_says_what_how_much_since_when_and_what_to_look_at() -> None:
    assert opened().summary == (
        "Critical: model fraud, feature:amount: the distribution has moved (KS distance): 0.31, "
        "threshold 0.0625, p = 1.5e-40, n = 1,200 in the window 2026-01-01T00:05:00Z to "
        "2026-01-01T01:05:00Z, in alarm since 2026-01-01T01:00:00Z, against reference "
        "00112233aabbccdd (5,000 rows); look first at what fills this column upstream (units, "
        "encoding, a join, a new kind of customer), and whether other columns moved in the same "
        "window."
    )


def test_a_limit_of_performance_is_named_as_the_configured_one() -> None:
    verdict = replace(
        DRIFT,
        family=Family.PERFORMANCE,
        monitor="accuracy",
        column="",
        statistic=0.81,
        threshold=0.9,
        below=True,
        p_value=None,
        effect=0.09,
    )
    summary = opened(verdict).summary
    assert "model fraud: accuracy is below its minimum: 0.81, minimum 0.9, n = 1,200" in summary
    assert "against the configured limit" in summary
    assert "p =" not in summary


def test_a_rise_of_the_errors_is_named_as_one_against_the_usual_errors() -> None:
    verdict = replace(
        DRIFT,
        family=Family.PERFORMANCE,
        monitor="degradation_cusum",
        column="",
        statistic=18.94,
        threshold=18.94,
        p_value=None,
        effect=None,
    )
    summary = opened(verdict).summary
    assert "model fraud: the errors have risen (CUSUM): 18.94, threshold 18.94" in summary
    assert "against the usual errors; look first at" in summary


def test_a_p_value_of_zero_is_written_as_a_bound() -> None:
    assert "p < 1e-300" in opened(replace(DRIFT, p_value=0.0)).summary


def test_both_events_of_an_alert_have_one_id_one_severity_and_one_opening() -> None:
    start, end = opened(), resolved()
    assert start.alert_id == end.alert_id
    assert (start.severity, end.severity) == ("critical", "critical")
    assert start.opened_at == end.opened_at == SECOND.end_ms
    assert (start.status, start.resolved_at) == ("opened", None)
    assert (end.status, end.resolved_at) == ("resolved", START + 4 * HOUR)
    assert end.since_ms == FIRST.end_ms
    assert end.summary.startswith("Resolved: model fraud, feature:amount: no longer so: ")


def test_the_id_depends_on_each_of_its_parts() -> None:
    parts = ("fraud", "drift", "ks", "feature:amount", FIRST, "hash")
    others = (
        ("frau", "ddrift", "ks", "feature:amount", FIRST, "hash"),
        ("other", *parts[1:]),
        (*parts[:2], "psi", *parts[3:]),
        (*parts[:3], "score", *parts[4:]),
        (*parts[:4], SECOND, "hash"),
        (*parts[:5], "hash2"),
    )
    ids = {alert_id(*some) for some in (parts, *others)}
    assert len(ids) == 1 + len(others)
    assert all(len(some) == 16 and int(some, 16) >= 0 for some in ids)


def test_the_id_is_the_same_on_every_machine() -> None:
    assert alert_id("fraud", "drift", "ks", "feature:amount", FIRST, "hash") == "a88f76c346f99214"


def test_an_event_is_json_with_a_key_for_each_field() -> None:
    document = json.loads(json.dumps(opened().to_dict()))
    assert AlertEvent(**document) == opened()


@pytest.mark.parametrize(("family", "monitor"), sorted(CRITICAL_EFFECT))
def test_an_effect_at_the_limit_is_critical_and_below_it_a_warning(
    family: Family, monitor: str
) -> None:
    limit = CRITICAL_EFFECT[family, monitor]
    verdict = replace(DRIFT, family=family, monitor=monitor)
    assert severity_of(replace(verdict, effect=limit)) is Severity.CRITICAL
    assert severity_of(replace(verdict, effect=limit * 0.999)) is Severity.WARNING
    assert severity_of(replace(verdict, effect=None)) is Severity.WARNING


@pytest.mark.parametrize("family", list(Family))
def test_every_family_has_a_limit_for_its_other_monitors(family: Family) -> None:
    verdict = replace(DRIFT, family=family, monitor="another")
    assert severity_of(replace(verdict, effect=1e9)) is Severity.CRITICAL
    assert severity_of(replace(verdict, effect=1e-9)) is Severity.WARNING


def test_times_are_written_in_utc_to_the_second_or_millisecond() -> None:
    assert rfc3339(START) == "2026-01-01T00:00:00Z"
    assert rfc3339(START + 7) == "2026-01-01T00:00:00.007Z"
    assert rfc3339(-1) == "1969-12-31T23:59:59.999Z"
