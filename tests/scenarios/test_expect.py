"""What must be found beside what was: found, late, early, too much, and figures."""

from typing import Any

import pytest

from stream_monitor.config.duration import HOUR, MINUTE
from stream_monitor.scenarios.expect.alarms import Said, forbidden, found
from stream_monitor.scenarios.expect.figures import figure, figures, restated
from stream_monitor.scenarios.spec.expectations import Alarm, Expectations, Figure, Found


def said(minutes: int, *columns: str, status: str = "started", family: str = "drift") -> Said:
    return Said(status, family, "evidence", columns, minutes * MINUTE)


WANTED = (Found(family="drift", columns=("feature:x", "feature:y"), by_ms=2 * HOUR),)


def outcomes(*alerts: Said, wanted: tuple[Found, ...] = WANTED) -> list[tuple[str, bool]]:
    return [(one.was, one.holds) for one in found(wanted, alerts, HOUR)]


def test_columns_of_one_alert_or_of_one_that_they_join_are_found() -> None:
    both = [("started at 1h5m", True), ("started at 1h5m", True)]
    assert outcomes(said(65, "feature:x", "feature:y")) == both
    joined = said(80, "feature:x", "feature:y", status="ongoing")
    assert outcomes(said(65, "feature:x"), joined) == [both[0], ("started at 1h20m", True)]


def test_what_comes_too_late_too_early_or_never_is_not_found() -> None:
    assert outcomes(said(65, "feature:x"), said(125, "feature:y")) == [
        ("started at 1h5m", True),
        ("started at 2h5m", False),
    ]
    assert outcomes(said(50, "feature:x"), said(65, "feature:x")) == [
        ("started at 50m", False),
        ("never", False),
    ]
    assert outcomes(said(65, "feature:x", "feature:y", family="quality")) == [("never", False)] * 2


def test_an_end_counts_from_its_own_time_on() -> None:
    wanted = (Found(family="drift", status="recovered", after_ms=2 * HOUR, by_ms=3 * HOUR),)
    early, late = said(100, "feature:x", status="recovered"), said(150, status="recovered")
    assert outcomes(early, wanted=wanted) == [("never", False)]
    assert outcomes(early, late, wanted=wanted) == [("recovered at 2h30m", True)]


def test_every_alarm_that_is_not_accounted_for_is_one_too_many_once() -> None:
    expect = Expectations(
        found=WANTED,
        may=(Alarm(family="drift", columns=("score",)), Alarm(family="quality")),
    )
    fine = [said(65, "feature:x", "score"), said(70, "missing:feature:x", family="quality")]
    (nothing,) = forbidden(expect, fine, HOUR)
    assert nothing.holds
    odd = [*fine, said(75, "feature:z"), said(80, "feature:z", status="escalated")]
    (one,) = forbidden(expect, odd, HOUR)
    assert (one.what, one.was, one.holds) == ("drift of feature:z", "started at 1h15m", False)
    (early,) = forbidden(expect, [said(50, "feature:x")], HOUR)
    assert (early.stated, early.holds) == ("nothing before 1h", False)
    over = [said(70, "feature:z", status="recovered")]
    assert [one.holds for one in forbidden(expect, over, HOUR)] == [True]


def test_what_must_never_be_is_said_even_where_other_alarms_are_allowed() -> None:
    never = (Alarm(family="drift", columns=("feature:x",)), Alarm(family="latency"))
    expect = Expectations(never=never, nothing_else=False)
    assert [one.holds for one in forbidden(expect, [said(65, "feature:y")], HOUR)] == [True, True]
    assert [one.holds for one in forbidden(expect, [said(65, "feature:x")], HOUR)] == [False, True]


def report(minutes: int, revision: int = 0, **values: Any) -> dict[str, Any]:
    verdicts = [
        {"monitor": name, "column": "", "statistic": value}
        for name, value in values.items()
        if name in ("p99", "coverage")
    ]
    return {
        "window": {"end_ms": minutes * MINUTE},
        "revision": revision,
        "rows": values.get("rows", 10),
        "labelled": 0,
        "status": values.get("status", "ok"),
        "verdicts": verdicts,
    }


def holds(wanted: Figure, *reports: dict[str, Any]) -> tuple[str, bool]:
    (one,) = figures([wanted], reports, 0, HOUR)
    return one.was, one.holds


def test_a_figure_holds_in_one_window_of_its_time_or_in_every_one() -> None:
    reports = [report(50, p99=9.0), report(65, p99=1.0), report(70, p99=9.0), report(130, p99=9.0)]
    once = Figure(figure="p99", at_least=5.0, by_ms=2 * HOUR)
    assert holds(once, *reports) == ("9 at 1h10m", True)
    assert holds(once.model_copy(update={"every": True}), *reports) == ("1 at 1h5m", False)
    assert holds(once.model_copy(update={"at_least": 10.0}), *reports) == ("1 at 1h5m", False)
    assert holds(once.model_copy(update={"figure": "p50"}), *reports) == ("not reported", False)
    between = Figure(figure="rows", at_least=10, at_most=10, every=True, by_ms=2 * HOUR)
    assert holds(between, *reports)[1]
    status = Figure(figure="status", equals="thin", by_ms=2 * HOUR)
    assert holds(status, *reports, report(75, status="thin")) == ("thin at 1h15m", True)


def test_a_revision_stands_over_what_was_said_first() -> None:
    reports = [report(65, coverage=0.1, p99=3.0), report(65, 1, coverage=0.9)]
    wanted = Figure(figure="coverage", at_least=0.5, by_ms=2 * HOUR)
    assert holds(wanted, *reports)[1]
    assert not holds(wanted.model_copy(update={"first": True}), *reports)[1]
    (last,) = restated(reports, first=False)
    assert figure(last, "p99", "") == 3.0


def test_a_version_is_judged_by_what_is_decided_of_it() -> None:
    metrics = [{"metric": "accuracy", "decided": "worse"}, {"metric": "f1"}]
    told = report(65) | {"cumulative": {"versions": [{"version": "v2", "metrics": metrics}]}}
    assert figure(told, "version:v2:accuracy", "") == "worse"
    assert figure(told, "version:v2:f1", "") is None
    assert figure(told, "version:v3:accuracy", "") is None


def test_a_slice_has_its_figures() -> None:
    values = {"new:york": {"rows": 9, "labelled": 9, "figures": {"mae": {"value": 2.5, "n": 9}}}}
    told = report(65) | {"slices": {"segment:city": {"dropped_rows": 0, "values": values}}}
    assert figure(told, "slice:city:new:york:mae", "") == 2.5
    assert figure(told, "slice:city:new:york:bias", "") is None
    assert figure(told, "slice:city:rome:mae", "") is None
    assert figure(told, "slice:country:x:mae", "") is None


@pytest.mark.parametrize("name", ["unknown:y", "late_rows"])
def test_counts_of_reports_are_figures_too(name: str) -> None:
    told = report(65) | {"unknown_features": {"y": 7}, "processing": {"late_rows": 7}}
    assert figure(told, name, "") == 7
