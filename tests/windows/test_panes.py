import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.windows.panes import WindowSpec

SPEC = WindowSpec(window_ms=30, slide_ms=10, allowed_lateness_ms=5)


@given(st.integers(-(10**15), 10**15), st.integers(1, 10**9))
def test_every_time_lies_in_the_pane_it_is_given(timestamp: int, slide: int) -> None:
    start = WindowSpec(slide, slide).pane(timestamp)
    assert start <= timestamp < start + slide
    assert start % slide == 0


@pytest.mark.parametrize(("window", "slide"), [(30, 7), (0, 10), (10, 0), (5, 10), (-10, -10)])
def test_a_window_that_is_no_multiple_of_its_slide_is_refused(window: int, slide: int) -> None:
    with pytest.raises(ValueError, match="positive multiple"):
        WindowSpec(window, slide)


def test_a_negative_lateness_is_refused() -> None:
    with pytest.raises(ValueError, match="lateness"):
        WindowSpec(10, 10, -1)


def test_a_window_is_due_once_the_watermark_has_passed_its_end_and_the_lateness() -> None:
    assert not SPEC.due(100, 104)
    assert SPEC.due(100, 105)


def test_a_window_has_its_turn_only_if_its_newest_pane_holds_events() -> None:
    assert SPEC.next_end([0, 10, 50], None) == 10
    assert SPEC.next_end([0, 10, 50], 10) == 20
    assert SPEC.next_end([0, 10, 50], 20) == 60
    assert SPEC.next_end([0, 10, 50], 60) is None
    assert SPEC.next_end([], None) is None
