from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pytest

from stream_monitor.errors import Reason
from stream_monitor.events.batch import EventBatch, Record
from stream_monitor.events.columns import text
from stream_monitor.events.decode import Decoder
from stream_monitor.events.encode import encode_event
from stream_monitor.events.limits import Limits
from stream_monitor.events.rows import Event, read_event
from stream_monitor.events.shape import MAX_NAMES
from stream_monitor.events.shapes import FIRST_ROWS, MAX_MODELS, RENEW_ROWS, STALE_CALLS, Shapes
from tests.events.tables import DEFAULT, NOW, record

# what is learned


def records_of(values: Sequence[bytes]) -> list[Record]:
    return [record(value, offset=i) for i, value in enumerate(values)]


def value(**features: object) -> bytes:
    return encode_event(model="m", features=features, timestamp=NOW, score=0.5)


def sent(rows: int = FIRST_ROWS, **features: object) -> list[Record]:
    return sent_as(features, rows)


def sent_as(features: dict[str, object], rows: int = FIRST_ROWS) -> list[Record]:
    """The same for names that Python's calls cannot tell from its own."""
    return records_of([value(**features)] * rows)


def after(decoder: Decoder, records: Sequence[Record]) -> EventBatch:
    decoder.decode(records)
    (batch,) = decoder.decode(records).batches
    return batch


def learns(decoder: Decoder, records: Sequence[Record]) -> bool:
    """Whether a column of floats then comes as an array: the general way gives lists."""
    return isinstance(after(decoder, records).score, np.ndarray)


def test_columns_of_one_type_come_as_arrays_once_the_shape_is_learned() -> None:
    records = sent(a=0.5, b=3, c="x", d=True)
    decoder = Decoder(DEFAULT)
    (first,) = decoder.decode(records).batches
    assert isinstance(first.features["a"], list)
    (batch,) = decoder.decode(records).batches
    dtypes = {name: getattr(raw, "dtype", list) for name, raw in batch.features.items()}
    assert dtypes == {"a": np.float64, "b": np.int64, "c": list, "d": np.bool_}


def test_few_rows_are_learned_from_when_there_have_been_enough() -> None:
    decoder = Decoder(DEFAULT)
    for _ in range(FIRST_ROWS - 1):
        decoder.decode(sent(1, a=0.5))
    assert not isinstance(decoder.decode(sent(1, a=0.5)).batches[0].score, np.ndarray)
    assert isinstance(decoder.decode(sent(1, a=0.5)).batches[0].score, np.ndarray)


def test_a_header_that_is_no_content_type_does_not_slow_a_record_down() -> None:
    records = [one._replace(headers=[("traceparent", b"00-1")]) for one in sent(a=0.5)]
    assert learns(Decoder(DEFAULT), records)


def test_an_integer_that_no_float_holds_keeps_its_digits_among_floats() -> None:
    decoder = Decoder(DEFAULT)
    assert learns(decoder, sent(a=0.5))
    (batch,) = decoder.decode(records_of([value(a=0.5), value(a=2**53 + 1), value(a=2)])).batches
    assert text(batch.features["a"], 3).texts == ["0.5", str(2**53 + 1), "2"]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"timestamp": NOW + 10**9}, Reason.FUTURE_TIMESTAMP),
        ({"timestamp": 5}, Reason.BAD_TIMESTAMP),
        ({"timestamp": 10**30}, Reason.BAD_TIMESTAMP),
        ({"scores": dict.fromkeys("abcd", 0.5)}, Reason.TOO_LARGE),
    ],
)
def test_an_event_that_fits_is_still_checked(changed: dict[str, Any], reason: Reason) -> None:
    usual: dict[str, Any] = {"timestamp": NOW, "scores": {"a": 0.5}}
    good = encode_event(model="m", features={}, **usual)
    bad = encode_event(model="m", features={}, **usual | changed)
    decoder = Decoder(Limits(max_features=3))
    decoder.decode(records_of([good] * FIRST_ROWS))
    decoded = decoder.decode(records_of([good, bad, good]))
    assert [(one.record.offset, one.reason) for one in decoded.rejected] == [(1, reason)]
    assert decoded.batches[0].offsets.tolist() == [0, 2]


@pytest.mark.parametrize("name", ["", "a b", "f0", "self", "__class__", "features", "é\U0001f600"])
def test_any_name_that_msgspec_takes_is_learned(name: str) -> None:
    batch = after(Decoder(DEFAULT), sent_as({name: 0.5}))
    assert isinstance(batch.features[name], np.ndarray)


@pytest.mark.parametrize("name", ["\x00", 'say "x"', "back\\slash"])
def test_a_name_that_msgspec_refuses_is_read_the_general_way(name: str) -> None:
    batch = after(Decoder(DEFAULT), sent_as({name: 0.5}))
    assert batch.features == {name: [0.5] * FIRST_ROWS}


def test_too_many_names_or_many_in_ever_other_order_are_read_the_general_way() -> None:
    def event(order: Sequence[int]) -> bytes:
        return value(**{f"feature {i}": 0.5 for i in order})

    chance = random.Random(1)
    most = range(MAX_NAMES)
    mixed = [event(chance.sample(most, MAX_NAMES)) for _ in range(FIRST_ROWS)]
    assert not learns(Decoder(DEFAULT), records_of(mixed))
    assert learns(Decoder(DEFAULT), records_of([event(most)] * FIRST_ROWS))
    assert not learns(Decoder(DEFAULT), records_of([event(range(MAX_NAMES + 1))] * FIRST_ROWS))


# when it is learned


def event(model: str = "m", **features: object) -> Event:
    return event_of(model, features)


def event_of(model: str, features: dict[str, object]) -> Event:
    return read_event(encode_event(model=model, features=features))


def fits(shapes: Shapes, model: str, **features: object) -> bool:
    try:
        read = shapes.read(encode_event(model=model, features=features))
    except msgspec.ValidationError:
        return False
    return not isinstance(read, Event)


def test_a_shape_widens_to_what_did_not_fit() -> None:
    shapes = Shapes(DEFAULT)
    shapes.settle({}, [event(a=0.5)] * FIRST_ROWS)
    assert fits(shapes, "m", a=1)
    assert not any(fits(shapes, "m", **of) for of in ({"a": None}, {}, {"a": 0.5, "b": 1}))
    shapes.settle({}, [event(a=None, b=1)] * 2 * FIRST_ROWS)
    assert all(fits(shapes, "m", **of) for of in ({"a": None}, {}, {"a": 0.5, "b": 1}))


def test_ever_new_names_are_learned_ever_more_rarely() -> None:
    shapes = Shapes(DEFAULT)
    readers = []
    for i in range(200):
        shapes.settle({}, [event_of("m", {f"name {i}": 0.5})] * FIRST_ROWS)
        readers.append(shapes.read)
    assert len(set(map(id, readers))) <= 8  # 200 is less than 2 to the 8th


def test_models_with_a_shape_give_way_only_when_they_are_silent() -> None:
    shapes = Shapes(DEFAULT)
    held = [f"model {i}" for i in range(MAX_MODELS)]
    shapes.settle({}, [event(model) for model in held for _ in range(FIRST_ROWS)])
    assert all(fits(shapes, model) for model in held)
    busy = dict.fromkeys(held[1:], 1)
    for _ in range(STALE_CALLS):
        shapes.settle(busy, [event("new")] * FIRST_ROWS)
    assert fits(shapes, held[0])
    assert not fits(shapes, "new")
    shapes.settle(busy, [event("new")] * FIRST_ROWS)
    assert fits(shapes, "new")
    assert not fits(shapes, held[0])


def test_models_seen_once_take_no_place_from_others() -> None:
    shapes = Shapes(DEFAULT)
    for i in range(5 * MAX_MODELS):
        shapes.settle({}, [event(f"once {i}")])
    shapes.settle({}, [event("m")] * FIRST_ROWS)
    assert fits(shapes, "m")


def test_a_shape_is_learned_anew_after_many_rows_without_the_names_no_longer_in_use() -> None:
    shapes = Shapes(DEFAULT)
    shapes.settle({}, [event(a=0.5)] * FIRST_ROWS)
    shapes.settle({"m": RENEW_ROWS}, [])
    assert fits(shapes, "m", a=0.5)
    shapes.settle({"m": 1}, [])
    assert not fits(shapes, "m", a=0.5)
    shapes.settle({}, [event(b=0.5)] * FIRST_ROWS)
    assert fits(shapes, "m", b=0.5)
    assert not fits(shapes, "m", a=0.5, b=0.5)
