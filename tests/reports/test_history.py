"""A period is gathered from documents that come in any order, and again, and too many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.config.settings import ModelSettings
from stream_monitor.errors import DataError
from stream_monitor.reports.history import Gathering, History
from tests.reports.acts import history
from tests.reports.documents import HOUR, MODEL, START_MS, alert, report

SETTINGS = ModelSettings(window_ms=HOUR, slide_ms=HOUR)
DOCUMENTS: list[tuple[str, Mapping[str, Any]]] = [
    *(("report", report(at, {"feature:x": at / 100, "feature:y": 0.1})) for at in range(8)),
    *(("report", report(at, revision=1, accuracy=0.8)) for at in range(4)),
    *(("report", report(at, revision=2, accuracy=0.7)) for at in range(2)),
    ("alert", alert(2)),
    ("alert", alert(3, "escalated", 2, began=2, columns=("feature:x", "feature:y"))),
    ("alert", alert(5, "recovered", 3, began=2)),
    ("alert", alert(6, "started", 4, began=2)),
]


def gather(
    documents: Sequence[tuple[str, Mapping[str, Any]]],
    first: int | None = 0,
    last: int = 100,
    **bounds: int,
) -> History:
    since_ms = None if first is None else START_MS + first * HOUR
    found = Gathering(MODEL, since_ms, START_MS + last * HOUR, SETTINGS, **bounds)
    for kind, document in documents:
        (found.report if kind == "report" else found.alert)(document)
    return found.history()


@given(st.permutations(DOCUMENTS), st.lists(st.sampled_from(DOCUMENTS), max_size=8))
def test_any_order_and_any_repetition_gives_the_same_history(
    order: list[tuple[str, Mapping[str, Any]]], again: list[tuple[str, Mapping[str, Any]]]
) -> None:
    assert gather([*order, *again]) == gather(DOCUMENTS)


def test_the_newest_revision_tells_of_labels_and_the_first_report_of_all_else() -> None:
    first, *_, last = gather(DOCUMENTS).windows
    assert (first.revision, first.labelled) == (2, 900)
    assert first.figures["accuracy"].value == 0.7
    assert first.first is not None
    assert first.first.effects == {"feature:x": 0.0, "feature:y": 0.1}
    assert (last.revision, last.labelled, dict(last.figures)) == (0, 0, {})


def test_an_alert_is_told_by_the_last_that_was_said_of_it() -> None:
    (episode,) = gather(DOCUMENTS).episodes
    assert (episode.last.sequence, episode.is_open, len(episode.starts)) == (4, True, 2)
    (episode,) = gather(DOCUMENTS, last=6).episodes
    assert (episode.last.status, episode.told.status) == ("recovered", "escalated")
    assert episode.end_ms == START_MS + 6 * HOUR


def test_windows_of_other_times_and_models_are_left_out() -> None:
    found = gather([*DOCUMENTS, ("report", report(5, {"feature:x": 0.9}, model="other"))], 3, 5)
    assert [(w.end_ms - START_MS) // HOUR for w in found.windows] == [3, 4, 5]
    assert found.newest["feature:x"].end_ms == START_MS + 5 * HOUR


def test_an_alert_that_was_over_before_the_period_is_left_out_and_an_open_one_is_not() -> None:
    assert not gather(
        [("alert", alert(2)), ("alert", alert(3, "recovered", 2, began=2))], 8
    ).episodes
    assert gather([("alert", alert(2))], 8).episodes


def test_too_many_windows_are_counted_and_the_newest_are_kept() -> None:
    documents = [("report", report(at, {"feature:x": 0.1})) for at in range(200)]
    found = gather(documents, last=1_000, max_windows=50)
    assert len(found.windows) <= 50
    assert found.dropped + len(found.windows) == 200
    assert found.windows[-1].end_ms == START_MS + 200 * HOUR
    assert gather(documents + documents[:20], last=1_000, max_windows=50) == found


def test_with_many_columns_fewer_windows_are_kept() -> None:
    wide = {f"feature:{i}": 0.1 for i in range(40)}
    found = gather([("report", report(at, wide)) for at in range(100)], last=1_000, max_facts=1_000)
    assert sum(window.size for window in found.windows) <= 1_000
    assert found.windows[-1].end_ms == START_MS + 100 * HOUR


def test_the_distribution_at_its_strongest_is_of_a_window_in_alarm() -> None:
    found = gather(
        [
            ("report", report(0, {"feature:x": 0.9})),  # few rows, much noise
            ("report", report(1, {"feature:x": 0.3}, drifted=("feature:x",), status="alarm")),
            ("report", report(2, {"feature:x": 0.0})),
        ]
    )
    assert found.strongest["feature:x"].end_ms == START_MS + 2 * HOUR
    assert found.newest["feature:x"].end_ms == START_MS + 3 * HOUR


@pytest.mark.parametrize("lost", ["window", "verdicts", "rows", "revision", "warnings"])
def test_a_document_that_lacks_something_is_counted_and_passed_over(lost: str) -> None:
    broken = report(0, {"feature:x": 0.1})
    del broken[lost]
    found = gather([("report", broken), ("report", report(1, {"feature:x": 0.1}))])
    assert (found.unread, len(found.windows)) == (1, 1)


def test_an_alert_of_another_version_is_counted_and_passed_over() -> None:
    broken = alert(0)
    del broken["columns"]
    found = gather([("alert", broken), ("alert", alert(1))])
    assert (found.unread, len(found.episodes)) == (1, 1)


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(DataError, match="ends before it begins"):
        gather([], 5, 5)


def test_the_engines_own_documents_can_all_be_read() -> None:
    for name in ("drift", "employment", "late-labels"):
        found = history(name)
        assert found.unread == 0
        assert all(window.first is not None for window in found.windows)
        assert set(found.newest) == set(found.windows[-1].first.effects)  # type: ignore[union-attr]
    assert any(window.revision for window in history("late-labels").windows)


def test_without_a_beginning_the_period_begins_with_the_first_window() -> None:
    found = gather(DOCUMENTS, None, 8)
    assert (found.since_ms, found.found) == (START_MS, (START_MS, START_MS + 8 * HOUR))
    assert found.is_whole
    assert gather([], None).since_ms == START_MS + 100 * HOUR


@pytest.mark.parametrize(("first", "last", "whole"), [(0, 8, True), (-5, 8, False), (0, 12, False)])
def test_a_period_is_whole_if_windows_reach_from_its_beginning_to_its_end(
    first: int, last: int, whole: bool
) -> None:
    assert gather(DOCUMENTS, first, last).is_whole is whole
