from __future__ import annotations

import pytest

from stream_monitor.joining.messages import Range, Source
from stream_monitor.joining.ranges import GapError, Ranges

SOURCE = Source("labels", 3)
GAP: list[tuple[int, int]] = [(-1, -1)]


def played(*ranges: tuple[int, int, bool], from_start: bool = True) -> list[list[tuple[int, int]]]:
    taken = Ranges(from_start=from_start)
    said = []
    for start, end, fresh in ranges:
        try:
            said.append(taken.take(SOURCE, Range(start, end, fresh)))
        except GapError:
            said.append(GAP)
    return said


@pytest.mark.parametrize(
    ("ranges", "said"),
    [
        ([(0, 5, True), (5, 9, False)], [[(0, 5)], [(5, 9)]]),
        ([(7, 9, True)], [[(7, 9)]]),
        ([(0, 5, False)], [GAP]),
        ([(0, 5, True), (6, 9, False)], [[(0, 5)], GAP]),
        ([(0, 5, True), (6, 9, False), (5, 9, True)], [[(0, 5)], GAP, [(5, 9)]]),
        ([(0, 5, True), (6, 9, True)], [[(0, 5)], [(6, 9)]]),
        ([(0, 5, True), (6, 9, True), (0, 12, True)], [[(0, 5)], [(6, 9)], [(9, 12)]]),
        ([(0, 5, True), (0, 5, True)], [[(0, 5)], []]),
        ([(0, 5, True), (2, 9, True)], [[(0, 5)], [(5, 9)]]),
        ([(0, 5, True), (2, 4, False), (4, 7, False)], [[(0, 5)], [], [(5, 7)]]),
        ([(0, 5, True), (5, 5, False)], [[(0, 5)], []]),
        ([(5, 9, True), (0, 7, True)], [[(5, 9)], [(0, 5)]]),
    ],
)
def test_every_offset_is_taken_once_and_none_is_jumped_over(
    ranges: list[tuple[int, int, bool]], said: list[list[tuple[int, int]]]
) -> None:
    assert played(*ranges) == said


@pytest.mark.parametrize(
    ("ranges", "said"),
    [
        ([(5, 9, False), (9, 12, False)], [[(5, 9)], [(9, 12)]]),
        ([(5, 9, False), (10, 12, False)], [[(5, 9)], GAP]),
        ([(5, 9, False), (0, 12, True)], [[(5, 9)], [(0, 5), (9, 12)]]),
        ([(5, 9, False), (0, 2, True), (2, 7, False)], [[(5, 9)], [(0, 2)], [(2, 5)]]),
        ([(5, 9, False), (0, 2, True), (3, 7, False)], [[(5, 9)], [(0, 2)], GAP]),
        ([(5, 9, False), (0, 2, True), (9, 10, False)], [[(5, 9)], [(0, 2)], [(9, 10)]]),
    ],
)
def test_who_begins_in_the_middle_takes_what_a_fresh_reader_tells_of_before(
    ranges: list[tuple[int, int, bool]], said: list[list[tuple[int, int]]]
) -> None:
    assert played(*ranges, from_start=False) == said


def test_each_source_has_ranges_of_its_own() -> None:
    ranges = Ranges(from_start=True)
    assert ranges.take(SOURCE, Range(0, 5, True)) == [(0, 5)]
    assert ranges.take(Source("predictions", 3), Range(0, 5, True)) == [(0, 5)]
    with pytest.raises(GapError):
        ranges.take(Source("labels", 4), Range(5, 6, False))
