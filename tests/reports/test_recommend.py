"""What to do follows from the evidence, and is not said without it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from stream_monitor.reports.page import SECTIONS
from stream_monitor.reports.period import summarise
from stream_monitor.reports.recommend import MOST
from tests.reports.acts import history
from tests.reports.documents import alert, report
from tests.reports.test_history import gather

Documents = list[tuple[str, Mapping[str, Any]]]
X = {"feature:x": 0.01}


def told(documents: Documents) -> str:
    found = summarise(gather(documents)).recommendations
    return " | ".join(f"{each.what} {each.why}" for each in found)


def hours(n: int, **more: Any) -> Documents:
    return [("report", report(at, X, **more)) for at in range(n)]


def performance_alert(at: int) -> tuple[str, Mapping[str, Any]]:
    return "alert", {**alert(at, family="performance"), "monitor": "accuracy", "columns": []}


def version_alert(at: int) -> tuple[str, Mapping[str, Any]]:
    of = "version:v2"
    return "alert", alert(
        at, columns=(of,), family="performance", monitor="version_worse", column=of
    )


def version(decided: str) -> Mapping[str, Any]:
    figure = {"value": 0.9, "n": 500}
    metric = {"metric": "accuracy", "champion": figure, "candidate": figure, "decided": decided}
    return {"version": "v2", "champion": "v1", "metrics": [metric]}


LIMITED = {"accuracy": 0.9, "limit": 0.5}
CASES: dict[str, tuple[Documents, Documents]] = {
    "Look first at": ([*hours(3), ("alert", alert(1))], hours(3)),
    "Retrain on recent rows": (
        [*hours(3), ("alert", alert(1)), performance_alert(1)],
        [*hours(3), ("alert", alert(1))],
    ),
    "what the inputs mean": (
        [*hours(3), performance_alert(1)],
        [*hours(3), version_alert(1)],
    ),
    "give it no more traffic": ([*hours(3), version_alert(1)], [*hours(3), performance_alert(1)]),
    "reference promote m --since 2026-09-21T15:00:00Z": (
        [*hours(20, **LIMITED), ("alert", alert(1))],
        [*hours(20, **LIMITED), ("alert", alert(15))],
    ),
    "Act before": (
        [("report", report(at, X, accuracy=0.95 - 0.002 * at, limit=0.8)) for at in range(60)],
        [("report", report(at, X, accuracy=0.95, limit=0.8)) for at in range(60)],
    ),
    "Consider version v2": (
        hours(2, versions=(version("better"),)),
        hours(2, versions=(version("undecided"),)),
    ),
    "Do not roll version v2": (
        hours(2, versions=(version("worse"),)),
        hours(2, versions=(version("better"),)),
    ),
    "Raise alerts.recover": (
        [*hours(9), *(("alert", alert(at, sequence=at, began=0)) for at in (1, 3, 5))],
        [*hours(9), ("alert", alert(1))],
    ),
    "Set a longer window": (hours(9, status="thin"), hours(9)),
    "no such feature": (hours(2, unknown={"extra": 7}), hours(2)),
    "Set a limit": (hours(2, accuracy=0.9), hours(2, **LIMITED)),
    "Nothing needs to be done": (hours(3), [*hours(3), ("alert", alert(1))]),
    "Check that the model sends events": ([], hours(1)),
}


@pytest.mark.parametrize("words", CASES)
def test_a_recommendation_comes_with_its_evidence_and_not_without(words: str) -> None:
    there, lacking = CASES[words]
    assert words in told(there)
    assert words not in told(lacking)


def test_each_says_why_and_shows_where() -> None:
    for name in ("drift", "employment", "late-labels"):
        for each in summarise(history(name)).recommendations:
            assert each.why.endswith(".")
            assert each.section in SECTIONS


def test_there_are_never_too_many() -> None:
    alerts = [("alert", alert(at, columns=(f"feature:{at}",))) for at in range(40)]
    found = summarise(gather([*hours(50, unknown={"a": 1}), *alerts])).recommendations
    assert 1 <= len(found) <= MOST
