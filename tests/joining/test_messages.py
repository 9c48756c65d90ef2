from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.events.columns import OK
from stream_monitor.joining.joiner import Joiner
from stream_monitor.joining.messages import (
    BadJoinMessageError,
    JoinMessage,
    LabelPart,
    PredictionPart,
    Range,
    Source,
    decode_join,
)
from stream_monitor.summaries.outcomes import Encoded, Predictions
from stream_monitor.summaries.slices import Cut
from tests.joining.worlds import L, P, config, labels, predictions

words = st.integers(0, 2**64 - 1)
int64 = st.integers(-(2**63), 2**63 - 1)
codes = st.integers(0, 4)


@st.composite
def encoded(draw: st.DrawFn, n: int) -> Encoded:
    return Encoded(column(draw, words, n, np.uint64), column(draw, codes, n, np.uint8))


def column(draw: st.DrawFn, of: st.SearchStrategy[Any], n: int, kind: Any) -> Any:
    return np.array(draw(st.lists(of, min_size=n, max_size=n)), dtype=kind)


@st.composite
def prediction_parts(draw: st.DrawFn) -> PredictionPart:
    n, classes = draw(st.integers(0, 4)), draw(st.none() | st.integers(1, 3))
    scores = column(draw, st.floats(), n * (classes or 0), np.float64)
    return PredictionPart(
        draw(st.text()),
        draw(st.text(max_size=4)),
        draw(st.booleans()),
        column(draw, int64, n, np.int64),
        column(draw, words, n, np.uint64),
        column(draw, int64, n, np.int64),
        Predictions(
            draw(encoded(n)),
            column(draw, st.floats(), n, np.float64),
            column(draw, codes, n, np.uint8),
            None if classes is None else scores.reshape(n, classes if n else 0),
        ),
        draw(st.just(Encoded.nothing(n)) | encoded(n)),
        draw(
            st.dictionaries(
                st.text(max_size=3),
                st.builds(Cut, st.just(("", "b")), st.just(np.arange(n) % 3 - 1)),
                max_size=2,
            )
        ),
    )


@st.composite
def label_parts(draw: st.DrawFn) -> LabelPart:
    n = draw(st.integers(0, 4))
    return LabelPart(
        draw(st.text()),
        column(draw, int64, n, np.int64),
        column(draw, words, n, np.uint64),
        column(draw, int64, n, np.int64),
        draw(encoded(n)),
        draw(encoded(n)),
    )


def plain(value: object) -> object:
    """Arrays as their kind and bytes: NaN and the sign of zero count too."""
    if isinstance(value, np.ndarray):
        return (value.dtype.str, value.shape, value.tobytes())
    if isinstance(value, PredictionPart | LabelPart | JoinMessage):
        return [plain(getattr(value, name)) for name in value.__slots__]
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, tuple) else value


@given(
    st.lists(prediction_parts() | label_parts(), max_size=3),
    st.builds(Range, st.integers(0, 9), st.integers(9, 2**60), st.booleans()),
)
def test_a_message_comes_back_as_it_was(
    parts: list[PredictionPart | LabelPart], range_: Range
) -> None:
    message = JoinMessage(Source("labels", 2), range_, tuple(parts))
    assert plain(decode_join(message.encode())) == plain(message)


def test_labels_that_are_all_zero_are_labels() -> None:
    part = predictions([P("a"), P("b")], [3, 5])
    zeros = Encoded(np.zeros(2, dtype=np.uint64), np.full(2, OK, dtype=np.uint8))
    message = JoinMessage(
        Source("predictions", 1), Range(0, 9, True), (replace(part, labels=zeros),)
    )
    (told,) = decode_join(message.encode()).parts
    assert isinstance(told, PredictionPart)
    assert told.labels.codes.tolist() == [OK, OK]


WHOLE = JoinMessage(
    Source("predictions", 1),
    Range(0, 9, True),
    (
        predictions([P("a", country="de"), P("b", truth="no")], [3, 5]),
        labels([L("c"), L("d", 1.5)], [3, 5]),
    ),
).encode()


@settings(max_examples=500)
@given(st.data())
def test_damaged_bytes_are_a_bad_message_or_a_message_that_a_joiner_can_take(
    data: st.DataObject,
) -> None:
    damaged = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    sent = bytes(damaged[: data.draw(st.just(len(damaged)) | st.integers(0, len(damaged)))])
    joiner = Joiner(config(), start=5)
    joiner.handle(5, sent)
    [*joiner.flush()]
    assert joiner.position == 6


@given(st.binary(max_size=60))
def test_other_bytes_are_a_bad_message(data: bytes) -> None:
    with pytest.raises(BadJoinMessageError):
        decode_join(data)


def test_a_message_of_another_version_says_so() -> None:
    other = msgspec.msgpack.encode((2, ("labels", 0), (0, 1, True), []))
    with pytest.raises(BadJoinMessageError, match="version 2"):
        decode_join(other)


def test_a_slice_that_points_to_no_value_is_damage() -> None:
    part = predictions([P("a", country="de")], [0])
    for codes_ in (np.array([1]), np.array([-2])):
        wrong = {"segment:country": Cut(("de",), codes_)}
        broken = replace(part, cuts=wrong)
        with pytest.raises(BadJoinMessageError, match="slice"):
            decode_join(
                JoinMessage(Source("predictions", 0), Range(0, 1, True), (broken,)).encode()
            )
