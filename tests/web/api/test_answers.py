"""What is answered about models, over real HTTP."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from stream_monitor.pipeline.effects import Stream
from stream_monitor.views.protocol import ModelCard, Report
from tests.web.api.worlds import HOSTILE, Api, Gone, published, serving, view


@pytest.fixture(name="api", scope="module")
def _api() -> Iterator[Api]:
    with serving(view("m", HOSTILE)) as api:
        yield api


def reports(model: str = "m") -> list[Report]:
    return [p.document for p in published(model) if p.stream is Stream.REPORTS]


def test_every_model_is_listed_with_its_newest_window(api: Api) -> None:
    models = {one["model"]: one for one in api.ask("/monitor/models").document["models"]}
    assert sorted(models) == sorted(["m", "asleep", HOSTILE])
    newest = reports()[-1]
    assert models["m"]["window_end"] == newest["window"]["end"]
    assert models["m"]["status"] == newest["status"] == "alarm"
    assert models["m"]["drifted"] == newest["drifted"]
    assert models["m"]["open_alerts"] > 0
    asleep = models["asleep"]
    assert (asleep["status"], asleep["window_end"], asleep["rows"]) == ("waiting", None, 0)


@pytest.mark.parametrize("family", ["drift", "performance", "quality"])
def test_the_windows_of_a_model_are_its_reports_newest_first(api: Api, family: str) -> None:
    windows = api.ask(f"/monitor/{family}?model=m").document["windows"]
    assert [w["report_id"] for w in windows] == [r["report_id"] for r in reversed(reports())]
    for window, report in zip(windows, reversed(reports()), strict=True):
        of_family = [v for v in report["verdicts"] if v["family"] == family]
        assert window["verdicts"] == of_family


def test_without_a_model_the_newest_window_of_each_is_answered(api: Api) -> None:
    windows = api.ask("/monitor/drift").document["windows"]
    assert {w["model"] for w in windows} == {"m", HOSTILE}
    assert {w["window"]["end_ms"] for w in windows} == {reports()[-1]["window"]["end_ms"]}
    assert len(api.ask("/monitor/drift?limit=1").document["windows"]) == 1


def test_a_column_alone_is_answered(api: Api) -> None:
    for window in api.ask("/monitor/drift?model=m&column=feature:x").document["windows"]:
        assert {v["column"] for v in window["verdicts"]} == {"feature:x"}


@pytest.mark.parametrize("how", ["start_ms", "start"])
def test_since_leaves_out_windows_that_ended_before(api: Api, how: str) -> None:
    second = reports()[1]["window"]
    since = str(second["end_ms"]) if how == "start_ms" else second["end"]
    windows = api.ask(f"/monitor/quality?model=m&since={since}").document["windows"]
    assert len(windows) == len(reports()) - 1


def test_coverage_stands_beside_performance(api: Api) -> None:
    window = api.ask("/monitor/performance?model=m&limit=1").document["windows"][0]
    assert window["labelled"] == window["rows"] > 0
    assert window["coverage"] == 1.0


def test_the_report_of_a_period_is_a_page_or_json(api: Api) -> None:
    page = api.ask("/monitor/report?model=m")
    assert page.status == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "script-src" not in page.headers["content-security-policy"]
    assert b"Drift of each column" in page.body
    told = api.ask("/monitor/report?model=m&format=json").document
    assert told["model"] == "m"
    hostile = api.ask(f"/monitor/report?model={quote(HOSTILE)}")
    assert hostile.status == 200
    assert HOSTILE.encode() not in hostile.body


def test_a_report_needs_a_model_that_is_known_and_a_period_that_goes_forward(api: Api) -> None:
    assert api.ask("/monitor/report").status == 422
    assert api.ask("/monitor/report?model=nobody").status == 404
    wrong = api.ask("/monitor/report?model=m&since=1700000002000&until=1700000001000")
    assert (wrong.status, wrong.document["errors"][0]["path"]) == (422, "query.until")


def test_alerts_are_the_last_that_was_said_of_each(api: Api) -> None:
    last = {p.document["alert_id"]: p.document for p in published("m") if p.stream is Stream.ALERTS}
    said = api.ask("/monitor/alerts?model=m").document
    assert {a["alert_id"]: a for a in said["alerts"]} == last
    assert said["total"] == len(last)
    few = api.ask("/monitor/alerts?model=m&limit=1").document
    assert (len(few["alerts"]), few["total"]) == (1, len(last))
    assert api.ask("/monitor/alerts?column=feature:x&open=true").document["alerts"]
    assert not api.ask("/monitor/alerts?column=feature:nothing").document["alerts"]


@pytest.mark.parametrize("path", ["drift", "performance", "quality", "alerts"])
def test_an_unknown_model_is_a_404_with_the_nearest_names(api: Api, path: str) -> None:
    got = api.ask(f"/monitor/{path}?model=aslep")
    assert got.status == 404
    assert got.headers["content-type"] == "application/problem+json"
    assert got.document["nearest"] == ["asleep"]
    assert "asleep" in got.document["detail"]


def test_an_unknown_column_is_a_404_with_the_nearest_names(api: Api) -> None:
    got = api.ask("/monitor/drift?model=m&column=featur:x")
    assert got.status == 404
    assert got.document["nearest"][0] == "feature:x"


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("limit=0", "query.limit"),
        ("limit=201", "query.limit"),
        ("limit=many", "query.limit"),
        ("since=yesterday", "query.since"),
        ("since=12", "query.since"),
        ("modle=m", "query.modle"),
        ("model=", "query.model"),
    ],
)
def test_a_wrong_parameter_is_a_422_with_its_path(api: Api, query: str, path: str) -> None:
    got = api.ask(f"/monitor/drift?{query}")
    assert got.status == 422
    assert [error["path"] for error in got.document["errors"]] == [path]


def test_the_metrics_and_the_health_are_those_of_the_worker(api: Api) -> None:
    assert b"stream_monitor_records_total 260.0" in api.ask("/metrics").body
    assert api.ask("/health").document["state"] == "running"
    assert api.ask("/ready").document == {"ready": True, "state": "running", "stale": False}


def test_what_is_not_there_is_a_problem_too(api: Api) -> None:
    got = api.ask("/monitor/nothing")
    assert (got.status, got.headers["content-type"]) == (404, "application/problem+json")
    got = api.ask("/monitor/models", "DELETE")
    assert got.status == 405
    assert "GET" in got.headers["allow"]


class Broken(Gone):
    """A view with a bug."""

    async def models(self) -> list[ModelCard]:
        raise RuntimeError("a bug")


@pytest.mark.parametrize("path", ["models", "drift", "alerts", "quality?model=m"])
def test_a_view_that_cannot_answer_now_is_a_503_to_be_tried_again(path: str) -> None:
    with serving(Gone()) as api:
        got = api.ask(f"/monitor/{path}")
    assert (got.status, got.headers["retry-after"]) == (503, "1")
    assert got.document["detail"] == "Redis does not answer"


def test_a_bug_is_a_500_that_tells_nothing_but_the_log(caplog: Any) -> None:
    with serving(Broken()) as api:
        got = api.ask("/monitor/models")
        assert api.ask("/ready").status == 200
    assert got.status == 500
    assert b"a bug" not in got.body
    assert "/monitor/models could not be answered" in caplog.text


def test_every_answer_has_the_headers_that_keep_browsers_safe(api: Api) -> None:
    for path in ("/", "/docs", "/monitor/models", "/nothing", "/openapi.json"):
        headers = api.ask(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["server"] == "stream-monitor"
