"""The view in memory where it hears of all workers, and how it says how old it is."""

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.metrics.newest import newest
from stream_monitor.pipeline.effects import Publish, Stream
from stream_monitor.views.local import LEAVES_MS, LocalView
from stream_monitor.views.protocol import Report, Source, Told, UnavailableError
from stream_monitor.views.published import PublishedView
from stream_monitor.views.shelf import Bounds
from tests.views.worlds import SLIDE_MS, Clock, alert, end_of, open_alert, owning, report
from tests.web.api.worlds import empty, published, view

EVER = (0, 10**14, 1_000)
BOUNDS = Bounds(10, 99 * SLIDE_MS)


def history(of_view: LocalView, model: str = "m") -> list[Report]:
    return asyncio.run(of_view.history(model, *EVER))


def alerts(of_view: LocalView, model: str | None = None) -> list[Report]:
    return asyncio.run(of_view.alerts(model))


def names(of_view: LocalView) -> list[str]:
    return [card.model for card in asyncio.run(of_view.models())]


def test_a_revision_changes_performance_and_leaves_the_rest() -> None:
    made = LocalView(BOUNDS, Clock())
    made.hear(report(3))
    made.hear(report(3, revision=1, labelled=7, verdicts=[]))
    (kept,) = history(made)
    revised = report(3, revision=1, labelled=7, verdicts=[]).document
    assert kept == newest(report(3).document, revised)
    assert (kept["revision"], kept["labelled"]) == (1, 7)
    assert kept["drifted"] == report(3).document["drifted"]


@given(st.lists(st.sampled_from(range(6)), max_size=12))
def test_what_is_said_again_after_a_restart_changes_nothing(again: list[int]) -> None:
    said = [report(1), report(1, revision=1), report(2), report(1, revision=2)]
    said += [alert("a"), alert("a", 2, recovered=2)]
    once, twice = LocalView(BOUNDS, Clock()), LocalView(BOUNDS, Clock())
    for publish in said:
        once.hear(publish)
        twice.hear(publish)
    for index in again:
        twice.hear(said[index])
    assert history(once) == history(twice)
    assert alerts(once) == alerts(twice)


def test_a_revision_of_a_window_that_is_not_kept_is_not_shown() -> None:
    made = LocalView(BOUNDS, Clock())
    made.hear(report(1, revision=1))
    assert history(made) == []
    assert asyncio.run(made.latest("m")) is None


def test_models_of_others_stay_and_the_longest_unheard_goes_where_there_are_too_many() -> None:
    clock = Clock()
    made = LocalView(BOUNDS, clock, everybody=True, max_models=3)
    for model in ("a", "b", "c"):
        made.hear(report(1, model))
    clock.at_ms += 2 * LEAVES_MS
    made.present(owning("b"))
    assert names(made) == ["a", "b", "c"]
    made.hear(report(2, "a"))
    made.hear(report(1, "d"))
    assert names(made) == ["a", "b", "d"], "b is older than c, but this worker's own"
    made.hear(report(1, "e"))
    assert names(made) == ["b", "d", "e"]
    assert made.lost == {"windows": 0, "alerts": 0, "models": 2}


def test_of_too_many_alerts_those_that_are_over_go_first_from_the_model_with_most() -> None:
    made = LocalView(BOUNDS, Clock(), everybody=True, max_alerts=3)
    made.hear(alert("x", 2, "n", recovered=2))
    for id_, over in [("a", None), ("b", 2), ("c", None)]:
        made.hear(alert(id_, 1 if over is None else 2, recovered=over))
    assert {a["alert_id"] for a in alerts(made)} == {"x", "a", "c"}
    made.hear(alert("d", started=2))
    assert {a["alert_id"] for a in alerts(made)} == {"x", "c", "d"}, "the longest open"
    assert made.lost == {"windows": 0, "alerts": 2, "models": 0}


def test_the_count_of_alerts_follows_what_the_tables_close() -> None:
    clock = Clock()
    made = LocalView(BOUNDS, clock, everybody=True, max_alerts=2)
    made.hear(alert("a"))
    made.hear(alert("b"))
    made.present(owning("m", as_of_ms=clock.at_ms + 1, alerts=[open_alert("b")]))
    made.hear(alert("c"))
    assert {a["alert_id"] for a in alerts(made)} == {"b", "c"}


def test_cards_are_by_name_and_say_what_the_newest_window_says() -> None:
    made = view("m", "b")
    cards = asyncio.run(made.models())
    assert [card.model for card in cards] == ["asleep", "b", "m"]
    assert cards[0].status == "waiting"
    last = [p.document for p in published("m") if p.stream is Stream.REPORTS][-1]
    assert cards[2].rows == last["rows"]
    assert cards[2].drifted == tuple(last["drifted"])


@settings(deadline=None, max_examples=20)
@given(st.randoms(use_true_random=False))
def test_how_the_documents_of_two_models_alternate_does_not_matter(random: Any) -> None:
    queues: dict[str, list[Publish]] = {model: list(published(model)) for model in ("m", "b")}
    made, straight = empty(), empty()
    while waiting := [queue for queue in queues.values() if queue]:
        made.hear(random.choice(waiting).pop(0))
    for publish in (*published("m"), *published("b")):
        straight.hear(publish)
    for model in ("m", "b"):
        assert history(made, model) == history(straight, model)
        assert alerts(made, model) == alerts(straight, model)


def test_a_view_that_has_not_read_everything_yet_says_so_and_later_how_old_it_is() -> None:
    age: list[int | None] = [None]
    made = PublishedView(view("m"), lambda: age[0])
    for question in (
        made.models(), made.latest("m"), made.alerts(None), made.history("m", 0, 1, 1)
    ):  # fmt: skip
        with pytest.raises(UnavailableError, match="ask again"):
            asyncio.run(question)
    age[0] = 1_700
    assert asyncio.run(made.latest("m")) is not None
    assert made.told == Told(Source.TOPICS, 1_700)


def test_a_window_that_only_the_tables_know_is_on_the_card_of_its_owner() -> None:
    made = LocalView(BOUNDS, Clock(), everybody=True)
    made.hear(report(0))
    made.present(owning("m", alerts=[open_alert("a")]))
    (card,) = asyncio.run(made.models())
    assert (card.window_end_ms, card.open_alerts) == (end_of(1), 1)
