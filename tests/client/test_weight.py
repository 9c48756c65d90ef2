from __future__ import annotations

import sys
import tracemalloc
from typing import Any

import numpy as np
import pytest

from stream_monitor.client.plain import plain
from stream_monitor.client.refusals import Refusal, RefusedError
from stream_monitor.client.rows import Label, weight
from stream_monitor.client.weight import MAX_VALUES, weigh
from tests.client.test_pack import cyclic, event


def made(number: int) -> dict[str, Any]:
    return {
        "numbers": [number + i / 7 for i in range(50)],
        "text": f"text {number} " * 10,
        "nested": {f"{number}-{i}": [f"{number}:{i}"] for i in range(20)},
        "int": 10**40 + number,
    }


@pytest.mark.parametrize(
    "make",
    [
        made,
        lambda number: {f"feature_{i:02d}": i * 1.1 + number for i in range(10)},
        lambda number: {"text": f"{number}" * 1_000},
        lambda number: {"pixels": [number + i for i in range(1_000, 2_000)]},
        lambda number: {"array": np.arange(1_000.0) + number},
    ],
)
def test_the_weight_is_what_rows_take_within_a_factor_of_two(make: Any) -> None:
    tracemalloc.start()
    try:
        rows = [event(features=make(number)) for number in range(200)]
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    weighed = sum(map(weight, rows))
    assert taken / 2 < weighed < taken * 2


def test_nothing_that_is_logged_is_left_out() -> None:
    big = "x" * 10_000
    empty = weight(event())
    for name in ("prediction", "score", "latency_ms", "ground_truth", "prediction_id"):
        assert weight(event(**{name: big})) > empty + 10_000
    for name in ("timestamp", "model_version", "traceparent", "tracestate"):
        assert weight(event(**{name: big})) > empty + 10_000
    for name in ("features", "scores", "segments"):
        assert weight(event(**{name: {"a": big}})) > empty + 10_000
        assert weight(event(**{name: {big: 1}})) > empty + 10_000
        assert weight(event(**{name: {"a": [{"b": (big,)}]}})) > empty + 10_000
    assert weight(Label(big, big, 1)) > 20_000


def test_values_that_hold_themselves_are_weighed_in_bounded_time() -> None:
    few = weigh([cyclic()])
    wide: list[Any] = []
    wide.extend([wide] * 1_000)
    many = weigh([wide])
    assert few < 10_000
    assert sys.getsizeof(wide) < many <= 200 * (MAX_VALUES + 1_000)


def test_what_is_in_a_value_again_and_again_is_refused_before_it_is_copied() -> None:
    laughs: list[Any] = [1] * 1_000
    for _ in range(5):
        laughs = [laughs] * 1_000
    objects = np.empty(1, dtype=object)
    objects[0] = laughs
    for value in (laughs, {"a": laughs}, objects, np.zeros(2 * MAX_VALUES), np.zeros(10**6)):
        with pytest.raises(RefusedError) as refused:
            plain(value)
        assert refused.value.reason is Refusal.TOO_LARGE
    assert plain([0.5] * 100_000) == [0.5] * 100_000
    assert plain(np.zeros(1_000)) == [0.0] * 1_000
