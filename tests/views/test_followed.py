"""What a view in memory keeps of what it hears."""

import asyncio
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.metrics.newest import newest
from stream_monitor.pipeline.effects import Publish, Stream
from stream_monitor.views import followed
from stream_monitor.views.followed import FollowedView
from stream_monitor.views.protocol import Report, UnavailableError
from stream_monitor.views.waiting import WaitingView
from tests.web.api.worlds import published, view

FAR_MS = 10**14


def of(stream: Stream) -> list[Report]:
    return [p.document for p in published("m") if p.stream is stream]


def empty() -> FollowedView:
    return FollowedView(dict, lambda: 5)


def report(model: str, end: int, revision: int = 0, **more: Any) -> Publish:
    base = of(Stream.REPORTS)[0]
    window = {**base["window"], "end_ms": end}
    document = {**base, "model": model, "window": window, "report_id": f"{model}{end}"}
    return Publish(Stream.REPORTS, model, "", {**document, "revision": revision, **more})


def alert(id_: str, status: str, sequence: int = 1) -> Publish:
    base = of(Stream.ALERTS)[0]
    document = {**base, "alert_id": id_, "status": status, "sequence": sequence}
    return Publish(Stream.ALERTS, "m", "", document)


def history(of_view: FollowedView, model: str = "m", **bounds: int) -> list[Report]:
    asked = {"since_ms": 0, "until_ms": FAR_MS, "limit": 1_000, **bounds}
    return asyncio.run(of_view.history(model, **asked))


def test_history_is_newest_first_within_its_bounds() -> None:
    made = empty()
    for end in (30, 10, 20):
        made.hear(report("m", end))
    assert [r["window"]["end_ms"] for r in history(made)] == [30, 20, 10]
    assert [r["window"]["end_ms"] for r in history(made, since_ms=20)] == [30, 20]
    assert [r["window"]["end_ms"] for r in history(made, until_ms=20)] == [20, 10]
    assert [r["window"]["end_ms"] for r in history(made, limit=1)] == [30]
    latest = asyncio.run(made.latest("m"))
    assert latest is not None
    assert latest["window"]["end_ms"] == 30
    assert asyncio.run(made.latest("another")) is None


def test_a_revision_changes_performance_and_leaves_the_rest() -> None:
    made = empty()
    made.hear(report("m", 10))
    revised = report("m", 10, 1, labelled=7, verdicts=[]).document
    made.hear(Publish(Stream.REPORTS, "m", "", revised))
    (kept,) = history(made)
    assert (kept["revision"], kept["labelled"]) == (1, 7)
    assert kept == newest(report("m", 10).document, revised)
    assert kept["drifted"] == report("m", 10).document["drifted"]


@given(st.lists(st.sampled_from(range(6)), max_size=12))
def test_what_is_said_again_after_a_restart_changes_nothing(again: list[int]) -> None:
    said = [report("m", 10), report("m", 10, 1, labelled=7), report("m", 20), report("m", 10, 2)]
    said += [alert("a", "started"), alert("a", "recovered", 2)]
    once, twice = empty(), empty()
    for publish in said:
        once.hear(publish)
        twice.hear(publish)
    for index in again:
        twice.hear(said[index])
    assert history(once) == history(twice)
    assert asyncio.run(once.alerts(None)) == asyncio.run(twice.alerts(None))


def test_a_revision_of_a_window_that_is_not_kept_is_passed_over() -> None:
    made = empty()
    made.hear(report("m", 10, 1))
    assert history(made) == []
    assert asyncio.run(made.models()) == []


def test_windows_are_bounded_for_each_model_and_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followed, "MAX_WINDOWS", 3)
    made = empty()
    one = len(msgspec.json.encode(report("m", 1).document))
    monkeypatch.setattr(followed, "MAX_BYTES", 5 * one + one // 2)
    for end in range(10):
        made.hear(report("m", end))
    assert [r["window"]["end_ms"] for r in history(made)] == [9, 8, 7]
    for model in ("a", "b", "c"):
        made.hear(report(model, 1))
    assert [r["window"]["end_ms"] for r in history(made)] == [9, 8], "the one longest unheard goes"
    for number in range(10):
        made.hear(report(f"x{number}", 1))
    assert history(made) == []
    assert len(asyncio.run(made.models())) == 5


def test_alerts_that_are_over_go_before_those_that_are_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(followed, "MAX_ALERTS", 3)
    made = empty()
    for id_, status in [("a", "started"), ("b", "recovered"), ("c", "started"), ("d", "started")]:
        made.hear(alert(id_, status))
    assert {a["alert_id"] for a in asyncio.run(made.alerts(None))} == {"a", "c", "d"}
    made.hear(alert("e", "started"))
    assert {a["alert_id"] for a in asyncio.run(made.alerts("m"))} == {"c", "d", "e"}


def test_cards_are_by_name_and_say_what_the_newest_window_says() -> None:
    made = view("m", "b")
    cards = asyncio.run(made.models())
    assert [card.model for card in cards] == ["asleep", "b", "m"]
    assert cards[0].status == followed.WAITING
    newest_report = of(Stream.REPORTS)[-1]
    assert cards[2].rows == newest_report["rows"]
    assert cards[2].drifted == tuple(newest_report["drifted"])


@settings(deadline=None, max_examples=20)
@given(st.randoms(use_true_random=False))
def test_how_the_documents_of_two_models_alternate_does_not_matter(random: Any) -> None:
    queues = {model: list(published(model)) for model in ("m", "b")}
    made = empty()
    while waiting := [queue for queue in queues.values() if queue]:
        made.hear(random.choice(waiting).pop(0))
    straight = empty()
    for publish in (*published("m"), *published("b")):
        straight.hear(publish)
    for model in ("m", "b"):
        assert history(made, model) == history(straight, model)
        assert asyncio.run(made.alerts(model)) == asyncio.run(straight.alerts(model))


def test_a_view_that_is_not_ready_says_so() -> None:
    ready = False
    waiting = WaitingView(view("m"), lambda: ready)
    for question in (
        waiting.models(),
        waiting.latest("m"),
        waiting.alerts(None),
        waiting.history("m", 0, 1, 1),
    ):
        with pytest.raises(UnavailableError, match="ask again"):
            asyncio.run(question)
    ready = True
    assert asyncio.run(waiting.latest("m")) is not None
