"""A report over HTTP: of windows kept at hand, and of those that only the topics still have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from stream_monitor.alerts.times import rfc3339
from stream_monitor.pipeline.effects import Publish, Stream
from tests.reports.documents import HOUR, MODEL, START_MS, alert, report
from tests.reports.test_page import Parsed
from tests.web.api.worlds import Api, empty, serving

WINDOWS = 130
#: So many of the newest are at hand.
KEPT = 60
ALL = [Publish(Stream.REPORTS, MODEL, "", report(at, {"feature:x": 0.1})) for at in range(WINDOWS)]


def end(at: int) -> int:
    """The end of a window."""
    return START_MS + (at + 1) * HOUR


@pytest.fixture(name="api")
def _api() -> Iterator[Api]:
    view = empty()
    for publish in ALL[-KEPT:]:
        view.hear(publish)
    with serving(view) as api:
        api.topics.published = [*ALL, Publish(Stream.ALERTS, MODEL, "", alert(3))]
        yield api


def told(api: Api, since_ms: int | None, until_ms: int = end(WINDOWS - 1)) -> dict[str, Any]:
    since = "" if since_ms is None else f"&since={since_ms}"
    got = api.ask(f"/monitor/report?model={MODEL}&format=json&until={until_ms}{since}")
    assert got.status == 200, got.body
    document: dict[str, Any] = got.document
    return document


def test_a_period_that_is_at_hand_is_told_without_the_topics(api: Api) -> None:
    found = told(api, end(WINDOWS - KEPT + 1))
    assert found["windows"]["all"] == KEPT - 1
    assert api.topics.asked == []


def test_an_older_period_is_read_from_the_topics(api: Api) -> None:
    found = told(api, end(4), end(40))
    assert api.topics.asked == [(MODEL, end(4))]
    assert found["windows"]["all"] == 37
    assert found["found"] == {
        "from": rfc3339(end(3)),
        "to": rfc3339(end(40)),
        "is_whole": True,
        "is_cut": False,
    }
    assert [each["title"] for each in found["episodes"]] == ["drift of x"]
    assert (found["since"], found["until"]) == (rfc3339(end(4)), rfc3339(end(40)))


def test_a_period_from_the_topics_into_what_is_at_hand_has_every_window_once(api: Api) -> None:
    api.topics.published = ALL[:100]  # what came since is at hand
    assert told(api, end(0))["windows"]["all"] == WINDOWS


def test_without_a_beginning_all_that_is_at_hand_is_told(api: Api) -> None:
    found = told(api, None)
    assert found["windows"]["all"] == KEPT
    assert found["since"] == rfc3339(end(WINDOWS - KEPT - 1))
    assert api.topics.asked == []


def test_a_reading_that_a_limit_has_ended_says_so(api: Api) -> None:
    api.topics.most = 20
    found = told(api, end(0))
    assert found["windows"]["all"] == 20 + KEPT
    assert (found["found"]["is_cut"], found["found"]["is_whole"]) == (True, False)
    page = api.ask(f"/monitor/report?model={MODEL}&since={end(0)}&until={end(200)}").body.decode()
    assert "was not read to its end" in page


def test_a_period_that_begins_before_the_first_report_says_what_was_found(api: Api) -> None:
    found = told(api, START_MS - 90 * 24 * HOUR, end(9))
    assert (found["found"]["from"], found["found"]["is_whole"]) == (rfc3339(START_MS), False)
    page = api.ask(
        f"/monitor/report?model={MODEL}&since={START_MS - 90 * 24 * HOUR}&until={end(9)}"
    )
    told_so = "".join(Parsed(page.body.decode()).text)
    assert "There are windows from 2026-09-21 14:00 to 2026-09-22 00:00 only" in told_so


def test_while_another_report_is_read_the_answer_is_to_ask_again(api: Api) -> None:
    api.topics.is_busy = True
    got = api.ask(f"/monitor/report?model={MODEL}&since={end(0)}&until={end(9)}")
    assert (got.status, got.headers["retry-after"]) == (503, "1")


def test_a_model_that_only_the_topics_know_has_a_report_too(api: Api) -> None:
    old = [report(at, {"feature:x": 0.1}, model="gone") for at in range(5)]
    api.topics.published = [Publish(Stream.REPORTS, "gone", "", each) for each in old]
    got = api.ask(f"/monitor/report?model=gone&format=json&since={end(0)}&until={end(9)}")
    assert (got.status, got.document["windows"]["all"]) == (200, 5)
    assert api.ask(f"/monitor/report?model=nobody&since={end(0)}&until={end(9)}").status == 404
