"""What one worker can tell from its own memory, and from its tables after a restart."""

import asyncio
from typing import Any

from stream_monitor.metrics.snapshot import ReferenceView, Snapshot, WorkerState
from stream_monitor.views.local import LEAVES_MS, LocalView
from stream_monitor.views.protocol import ModelCard
from stream_monitor.views.shelf import Bounds
from tests.views.worlds import (
    EPOCH_MS,
    HASH,
    SLIDE_MS,
    Clock,
    alert,
    end_of,
    open_alert,
    owning,
    report,
)

BOUNDS = Bounds(10, 5 * SLIDE_MS, 10)


def alerts(view: LocalView, model: str | None = None) -> list[Any]:
    return [(a["alert_id"], a["status"]) for a in asyncio.run(view.alerts(model))]


def test_after_a_restart_it_knows_windows_and_open_alerts_but_no_report() -> None:
    view = LocalView(BOUNDS, Clock())
    assert view.present(owning("m", alerts=[open_alert("a")])) == {"m"}
    (card,) = asyncio.run(view.models())
    assert card == ModelCard("m", HASH, end_of(1), "ok", 101, (), 1, EPOCH_MS)
    assert asyncio.run(view.latest("m")) is None
    assert asyncio.run(view.history("m", 0, end_of(9), 9)) == []
    (known,) = asyncio.run(view.alerts("m"))
    assert (known["alert_id"], known["status"], known["sequence"]) == ("a", "ongoing", 0)
    assert known["statistic"] is None
    assert known.keys() == alert("a").document.keys()


def test_what_is_published_takes_the_place_of_what_the_tables_said() -> None:
    view = LocalView(BOUNDS, Clock())
    view.present(owning("m", alerts=[open_alert("a")]))
    view.hear(report(2))
    view.hear(alert("a", 2, recovered=2))
    (card,) = asyncio.run(view.models())
    assert (card.window_end_ms, card.open_alerts) == (end_of(2), 0)
    assert alerts(view) == [("a", "recovered")]
    view.present(owning("m", as_of_ms=EPOCH_MS - 1, alerts=[open_alert("a")]))
    assert alerts(view) == [("a", "recovered")], "an older state does not open it again"


def test_an_open_alert_that_the_state_does_not_have_is_forgotten_but_not_by_an_older_state() -> (
    None
):
    view = LocalView(BOUNDS, Clock())
    view.hear(alert("a"))
    view.present(owning("m", as_of_ms=EPOCH_MS))
    assert alerts(view) == [("a", "started")]
    view.present(owning("m", as_of_ms=EPOCH_MS + 1))
    assert alerts(view) == []


def test_an_alert_that_is_over_is_told_for_the_kept_time_of_its_model() -> None:
    view = LocalView(BOUNDS, Clock())
    view.hear(alert("a", 2, recovered=2))
    view.hear(alert("b", started=2))
    view.hear(report(7))
    assert alerts(view) == [("b", "started"), ("a", "recovered")]
    view.hear(report(8))
    assert alerts(view) == [("b", "started")], "an open one stays, however old"


def test_a_model_is_forgotten_when_another_worker_has_had_it_for_a_while() -> None:
    clock = Clock()
    view = LocalView(BOUNDS, clock)
    view.present(owning("m", "n"))
    clock.at_ms += LEAVES_MS
    assert view.present(owning("n")) == frozenset()
    assert view.known == {"m", "n"}, "a rebalance may give it back"
    clock.at_ms += LEAVES_MS
    view.present(Snapshot(state=WorkerState.RECOVERING))
    assert view.owned == frozenset()
    assert view.known == {"m", "n"}, "nothing is known of what it owns"
    assert view.present(owning("n")) == {"n"}
    assert view.known == {"n"}


def test_a_model_with_a_reference_and_no_window_is_waiting() -> None:
    view = LocalView(BOUNDS, Clock())
    view.hear(report(0))
    view.present(Snapshot(references={"new": ReferenceView("f" * 16, 1)}))
    new = ModelCard("new", "f" * 16, None, "waiting", 0, (), 0, 0)
    assert [card.model for card in asyncio.run(view.models())] == ["m", "new"]
    assert asyncio.run(view.models())[1] == new


def test_of_two_references_that_judged_the_same_window_the_one_with_more_rows_is_the_latest() -> (
    None
):
    for order in (1, -1):
        view = LocalView(BOUNDS, Clock())
        for each in [report(3, rows=9), report(3, reference="f" * 16, rows=90)][::order]:
            view.hear(each)
        (card,) = asyncio.run(view.models())
        assert (card.reference_hash, card.rows) == ("f" * 16, 90)
        both = asyncio.run(view.history("m", end_of(3), end_of(3), 9))
        assert [each["rows"] for each in both] == [90, 9]


def test_the_fullest_model_gives_up_its_oldest_windows_where_all_together_are_too_many() -> None:
    view = LocalView(BOUNDS, Clock(), max_windows=6)
    view.hear(report(0, "small"))
    for n in range(8):
        view.hear(report(n, "large"))
    assert len(asyncio.run(view.history("small", 0, end_of(9), 9))) == 1
    large = asyncio.run(view.history("large", 0, end_of(9), 9))
    assert [r["window"]["end_ms"] for r in large] == [end_of(n) for n in (7, 6, 5, 4, 3)]
    assert view.lost == {"windows": 3, "alerts": 0, "models": 0}


def test_of_more_models_than_it_has_room_for_the_longest_unheard_goes_even_its_own() -> None:
    clock = Clock()
    view = LocalView(BOUNDS, clock, max_models=2)
    view.present(owning("a", "b"))
    view.hear(report(2, "a"))
    view.hear(report(2, "b"))
    view.hear(report(2, "c"))
    assert [card.model for card in asyncio.run(view.models())] == ["a", "b"], "own models stay"
    view.present(owning("a", "b", "c"))
    view.hear(report(3, "c"))
    assert [card.model for card in asyncio.run(view.models())] == ["b", "c"]
    view.present(owning("a", "b", "c"))
    view.hear(report(3, "a"))
    assert [card.model for card in asyncio.run(view.models())] == ["a", "c"]
    clock.at_ms += LEAVES_MS + 1
    view.present(owning())
    assert asyncio.run(view.models()) == []
    assert view.lost["models"] == 3
