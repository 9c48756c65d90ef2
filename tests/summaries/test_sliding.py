from __future__ import annotations

from functools import reduce
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.errors import UnlikeSummaryError
from stream_monitor.summaries.model import ModelSummary
from stream_monitor.summaries.sliding import SlidingSummary
from tests.summaries.strategies import OTHER_REFERENCE, REFERENCE, batch_of, events

starts = st.integers(0, 5)
steps = st.one_of(
    st.tuples(st.just("replace"), starts, st.lists(events, max_size=5)),
    st.tuples(st.just("push"), starts, st.lists(events, max_size=5)),
    st.tuples(st.just("evict"), starts, st.none()),
    st.tuples(st.just("look"), starts, st.none()),
)


def pane(*rows: dict[str, Any]) -> ModelSummary:
    return ModelSummary.of(batch_of(rows), REFERENCE)


def merged(panes: dict[int, ModelSummary]) -> ModelSummary:
    return reduce(ModelSummary.merge, panes.values(), ModelSummary.empty(REFERENCE))


@settings(deadline=None, max_examples=100)
@given(st.lists(steps, max_size=12))
def test_it_always_equals_the_merge_of_the_panes_it_holds(
    walk: list[tuple[str, int, list[dict[str, Any]] | None]],
) -> None:
    sliding = SlidingSummary(REFERENCE)
    held: dict[int, ModelSummary] = {}
    for step, start, rows in walk:
        if step == "evict":
            sliding.evict(start)
            held = {at: summary for at, summary in held.items() if at >= start}
        elif step == "look":
            assert sliding.summary() == merged(held)
        elif step == "push" and start in held:
            with pytest.raises(ValueError, match="held already"):
                sliding.push(start, pane(*(rows or [])))
        else:
            held[start] = pane(*(rows or []))
            (sliding.push if step == "push" else sliding.replace)(start, held[start])
    assert sliding.panes == tuple(sorted(held))
    assert sliding.summary() == merged(held)
    assert sliding.summary().to_state() == merged(held).to_state()


def test_a_window_without_panes_is_the_empty_summary() -> None:
    sliding = SlidingSummary(REFERENCE)
    assert sliding.summary() == ModelSummary.empty(REFERENCE)
    sliding.push(0, pane({"features": {"name": "unseen"}, "prediction_ids": "a"}))
    sliding.evict(1)
    assert sliding.summary() == ModelSummary.empty(REFERENCE)


def test_values_beyond_all_bounds_leave_the_window_without_a_trace() -> None:
    sliding = SlidingSummary(REFERENCE)
    sliding.push(0, pane({"features": {"number": 1e308}, "latency_ms": 1e308}))
    sliding.push(5, pane({"features": {"number": 1e-300}, "latency_ms": 1e-300}))
    sliding.evict(5)
    assert sliding.summary() == pane({"features": {"number": 1e-300}, "latency_ms": 1e-300})


@pytest.mark.parametrize("method", ["push", "replace"])
def test_a_pane_of_another_reference_is_refused_and_changes_nothing(method: str) -> None:
    sliding = SlidingSummary(REFERENCE)
    sliding.push(0, pane({"prediction": "yes"}))
    before = sliding.summary()
    with pytest.raises(UnlikeSummaryError):
        getattr(sliding, method)(1 if method == "push" else 0, ModelSummary.empty(OTHER_REFERENCE))
    assert sliding.summary() == before
    assert sliding.panes == (0,)
