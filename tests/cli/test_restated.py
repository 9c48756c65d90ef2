"""Reports as they stand after their last revision."""

from __future__ import annotations

from typing import Any

import pytest

from stream_monitor.cli.restated import Restated, restate


def verdict(monitor: str, statistic: float, family: str = "performance") -> dict[str, Any]:
    return {"family": family, "monitor": monitor, "column": "", "statistic": statistic}


def report(end: int, revision: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "report_id": f"r{end}",
        "revision": revision,
        "window": {"end_ms": end},
        "verdicts": [],
        **more,
    }


def test_a_revision_is_put_over_a_report_verdict_by_verdict() -> None:
    first = report(
        5,
        rows=9,
        drifted=["x"],
        verdicts=[verdict("ks", 0.1, "drift"), verdict("accuracy", 0.5), verdict("old", 1.0)],
    )
    again = report(5, 1, rows=9, changed=["accuracy"], verdicts=[verdict("accuracy", 0.75)])
    found = restate(first, again)
    assert found["revision"] == 1
    assert found["drifted"] == ["x"]
    assert found["changed"] == ["accuracy"]
    assert [(v["monitor"], v["statistic"]) for v in found["verdicts"]] == [
        *(("ks", 0.1), ("accuracy", 0.75), ("old", 1.0)),
    ]


def test_a_report_is_given_out_when_it_is_past_revision_and_with_what_came_last() -> None:
    restated = Restated(open_ms=20)
    restated.add(report(10, status="ok"))
    restated.add(report(20, status="ok"))
    restated.add(report(10, 1, status="alarm"))
    restated.add(report(10, 2, status="thin"))
    assert list(restated.final()) == []
    restated.add(report(30, status="ok"))
    (done,) = restated.final()
    assert (done["report_id"], done["revision"], done["status"]) == ("r10", 2, "thin")
    assert [left["report_id"] for left in restated.rest()] == ["r20", "r30"]
    assert list(restated.rest()) == []
    assert (restated.revised, restated.revisions) == (1, 2)


def test_without_revisions_a_report_is_given_out_at_once() -> None:
    restated = Restated(open_ms=0)
    restated.add(report(10))
    assert list(restated.final()) == [report(10)]


def test_a_revision_of_what_was_given_out_is_a_mistake() -> None:
    restated = Restated(open_ms=0)
    restated.add(report(10))
    assert list(restated.final())
    with pytest.raises(KeyError):
        restated.add(report(10, 1))
