import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.config import duration


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("250ms", 250),
        ("30s", 30_000),
        ("5m", 300_000),
        ("1h", 3_600_000),
        ("7d", 604_800_000),
        ("1h30m", 5_400_000),
        ("1d2h3m4s5ms", 93_784_005),
        (" 1h 30m ", 5_400_000),
        ("90m", 5_400_000),
        ("1m1ms", 60_001),
        ("250", 250),
        (250, 250),
        (0, 0),
        ("0s", 0),
    ],
)
def test_durations_are_read_as_people_write_them(text: str | int, ms: int) -> None:
    assert duration.parse(text) == ms


@pytest.mark.parametrize(
    "value",
    ["", " ", "h", "m", "1.5h", "30m1h", "1h1h", "5 parsecs", "1H", "٣s", "-5s", "1h,", "s5"],
)
def test_a_text_that_is_no_duration_is_refused_with_what_to_write(value: str) -> None:
    with pytest.raises(ValueError, match="is no duration; write 250ms, 30s, 5m, 1h, 7d, 1h30m"):
        duration.parse(value)


@pytest.mark.parametrize("value", [None, 1.5, True, ["1h"]])
def test_a_value_that_is_neither_text_nor_whole_is_no_duration(value: object) -> None:
    with pytest.raises(ValueError, match="write 250ms, 30s, 5m, 1h, 7d, 1h30m"):
        duration.parse(value)


@pytest.mark.parametrize("value", [-1, "36526d", 10**30, "9999999999999999d"])
def test_negative_and_endless_durations_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"negative|longer than a hundred years"):
        duration.parse(value)


@given(st.integers(0, duration.LONGEST))
def test_a_rendered_duration_reads_back_as_it_was(ms: int) -> None:
    assert duration.parse(duration.render(ms)) == ms


def test_a_duration_is_rendered_in_the_largest_units() -> None:
    assert [duration.render(ms) for ms in (0, 1, 60_000, 5_400_000, 86_400_000)] == [
        "0ms",
        "1ms",
        "1m",
        "1h30m",
        "1d",
    ]


def test_a_negative_number_is_not_rendered() -> None:
    with pytest.raises(ValueError, match="negative"):
        duration.render(-1)
