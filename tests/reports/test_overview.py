"""The verdict on a period in a sentence."""

from __future__ import annotations

from stream_monitor.reports.overview import Tone, overview
from tests.reports.acts import history
from tests.reports.documents import alert, report
from tests.reports.test_history import gather


def test_an_open_alert_is_the_verdict_and_the_gravest_comes_first() -> None:
    found = overview(
        gather(
            [
                ("report", report(5, {"feature:x": 0.3}, status="alarm")),
                (
                    "alert",
                    alert(4, family="quality", severity="warning", columns=("missing:score",)),
                ),
                ("alert", alert(4, columns=("feature:x",))),
            ]
        )
    )
    assert found.tone is Tone.CRITICAL
    assert found.sentence == (
        "Something is wrong: drift of x, since 2026-09-21 18:00; also more missing values of the "
        "score."
    )


def test_a_worse_version_and_few_events_are_called_by_what_they_are() -> None:
    version = "version:v2"
    worse = alert(
        4, family="performance", monitor="version_worse", column=version, columns=(version,)
    )
    few = alert(4, family="quality", monitor="rows", columns=(), severity="warning")
    found = overview(gather([("report", report(5)), ("alert", worse), ("alert", few)]))
    assert found.sentence == (
        "Something is wrong: version v2 is worse than the champion, since 2026-09-21 18:00; also "
        "fewer events come than there must be."
    )


def test_what_is_over_is_told_as_over() -> None:
    found = overview(
        gather(
            [
                *(("report", report(at, {"feature:x": 0.0})) for at in range(6)),
                ("alert", alert(2)),
                ("alert", alert(4, "recovered", 2, began=2)),
            ]
        )
    )
    assert found.tone is Tone.OVER
    assert "1 alert of this period is over" in found.sentence
    assert "drift of x" in found.sentence


def test_a_quiet_period_is_well_and_says_of_single_alarms() -> None:
    quiet = [("report", report(at, {"feature:x": 0.0})) for at in range(3)]
    assert overview(gather(quiet)).sentence == "All is well: 3 windows judged, no alert."
    touched = overview(gather([*quiet, ("report", report(3, status="alarm"))]))
    assert touched.tone is Tone.GOOD
    assert "1 window was in alarm" in touched.sentence


def test_of_too_few_events_nothing_is_said() -> None:
    thin = overview(gather([("report", report(0, status="thin"))]))
    assert (thin.tone, overview(gather([])).tone) == (Tone.UNKNOWN, Tone.UNKNOWN)
    assert "none of 1 window held the 100 rows" in thin.sentence


def test_events_are_counted_once_though_windows_overlap() -> None:
    found = overview(history("drift"))
    assert found.rows == found.labelled == 24_000


def test_the_demos_broken_columns_are_the_verdict() -> None:
    found = overview(history("drift"))
    assert found.tone is Tone.CRITICAL
    for name in ("income", "region", "tenure_months"):
        assert name in found.sentence
