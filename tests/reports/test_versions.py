"""Versions and slices side by side: of all windows, with labels that came after the reports."""

from __future__ import annotations

from typing import Any

from stream_monitor.reports.document import document
from stream_monitor.reports.history import Gathering, History
from stream_monitor.reports.page import render
from tests.pipeline.events import SETTINGS
from tests.pipeline.test_restating import World
from tests.reports.documents import HOUR, START_MS, report
from tests.reports.test_history import gather


def told(world: World, until_ms: int | None = None) -> History:
    reports = world.reports()
    ends = [each["window"]["end_ms"] for each in reports]
    found = Gathering("m", min(ends) - 60_000, until_ms or max(ends), SETTINGS.defaults)
    for each in reports:
        found.report(each)
    return found.history()


def rolled_out() -> World:
    """Two versions; the second is right less often, and all labels come after the reports."""
    world = World.of()
    champion: list[str] = []
    candidate: list[str] = []
    for second in range(600):
        champion += world.predict([second + s / 10 for s in range(10)], model_version="1")
        candidate += world.predict([second + s / 10 for s in range(5)], model_version="2")
    world.predict([700], model_version="1")
    world.label([id_ for i, id_ in enumerate(champion) if i % 10], "1")
    world.label([id_ for i, id_ in enumerate(champion) if not i % 10], "0")
    world.label([id_ for i, id_ in enumerate(candidate) if i % 4], "1")
    world.label([id_ for i, id_ in enumerate(candidate) if not i % 4], "0")
    return world


def test_labels_that_come_after_every_report_are_in_the_versions() -> None:
    world = rolled_out()
    assert told(world).cumulative.labelled == 0
    assert document(told(world))["versions"] == []
    world.revise()
    found = document(told(world))
    assert found["cumulative"]["labelled"] == found["labelled"] > 8_000
    assert found["cumulative"]["events"] == found["events"] == found["labelled"]
    (beside,) = found["versions"]
    accuracy = next(each for each in beside["metrics"] if each["metric"] == "accuracy")
    assert (beside["champion"], beside["version"], accuracy["decided"]) == ("1", "2", "worse")
    assert "Do not roll version 2 out further." in [
        each["what"] for each in found["recommendations"]
    ]
    assert found["verdict"]["tone"] == "warning"
    assert found["verdict"]["sentence"].startswith("Version 2 is worse than 1; no alert in ")
    page = render(told(world))
    assert "Version 2 beside 1" in page
    assert "0.900 (" in page  # the champion's accuracy and its interval
    assert "0.750 (" in page


def carrying(labelled: int, to: int) -> dict[str, Any]:
    return {"to_ms": START_MS + to * HOUR, "rows": 9, "labelled": labelled, "slices": {}}


def test_of_documents_that_carry_them_the_newest_counts_in_any_order() -> None:
    documents = [
        ("report", report(3)),
        ("report", report(1, revision=1) | {"cumulative": carrying(5, to=4)}),
        ("report", report(1, revision=2) | {"cumulative": carrying(7, to=4)}),
        ("report", report(2, revision=1) | {"cumulative": carrying(6, to=4)}),
        ("report", report(0, revision=3)),
    ]
    for order in (documents, documents[::-1]):
        assert gather(order).cumulative.told == carrying(7, to=4)


def test_what_was_judged_after_the_period_is_not_in_its_versions() -> None:
    late = report(1, revision=1) | {"cumulative": carrying(90, to=9)}
    early = report(1, revision=1) | {"cumulative": carrying(50, to=5)}
    both = [("report", early), ("report", late)]
    assert gather(both, last=5).cumulative.labelled == 50
    assert gather(both, last=9).cumulative.labelled == 90
