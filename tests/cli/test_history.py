"""The list of references that a model has had."""

from __future__ import annotations

from dataclasses import replace

from stream_monitor.cli.history import listed
from stream_monitor.kafka.references import Published
from tests.pipeline.events import reference


def chain(*hashes: str) -> list[Published]:
    """References that each took the place of the one before, as they were published."""
    found: list[Published] = []
    for i, hash_ in enumerate(hashes):
        of = replace(reference(hash_=hash_), created_ms=i)
        found.append(Published(i, 100 + i, of.instead_of(found[-1].reference if found else None)))
    return found


def test_all_are_listed_while_the_topic_has_them() -> None:
    rows = listed(chain("a", "b", "c"))
    assert [row["hash"] for row in rows] == ["c", "b", "a"]
    assert [row["replaces"] for row in rows] == ["b", "a", None]
    assert [row["published_ms"] for row in rows] == [102, 101, 100]
    assert all(row["on_topic"] for row in rows)


def test_what_was_compacted_away_is_on_record() -> None:
    rows = listed(chain("a", "b", "c")[-1:])
    assert [row["hash"] for row in rows] == ["c", "b", "a"]
    assert [row["on_topic"] for row in rows] == [True, False, False]
    assert [row["replaces"] for row in rows] == ["b", "a", None]
    assert [row["created_ms"] for row in rows] == [2, 1, 0]


def test_references_without_a_record_are_listed_too() -> None:
    there = [Published(i, i, reference(hash_=hash_)) for i, hash_ in enumerate(("a", "b"))]
    rows = listed(there)
    assert [(row["hash"], row["replaces"]) for row in rows] == [("b", None), ("a", None)]


def test_a_reference_that_came_back_is_listed_as_often_as_it_was_current() -> None:
    assert [row["hash"] for row in listed(chain("a", "b", "a"))] == ["a", "b", "a"]


def test_a_model_without_a_reference_has_no_history() -> None:
    assert listed([]) == []
