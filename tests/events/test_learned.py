from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.events.batch import Decoded
from stream_monitor.events.columns import numeric, text
from stream_monitor.events.decode import Decoder
from stream_monitor.events.limits import Limits
from tests.events.tables import DEFAULT, NOW, comparable, flat, record

TIGHT = Limits(max_features=4, max_rows=4, max_name=6, max_values=12)

#: What a producer sends under one name: values as always, and what comes now and then.
USUAL: tuple[list[Any], ...] = (
    [0.5, -1.25, 0.1, 1e22],
    [0.5, -0.0, 1.0],
    [0.5, 1, 2, -0.0],
    [1, 2, 0, -7],
    [2**53 + 1, 2**63, 1],
    ["x", "1", "", "é\n"],
    [True, False],
    [0.5, None],
    [None],
    ["x", 1, [1], {"a": None}],
)
RARE: tuple[Any, ...] = (
    0.5,
    1,
    2**53 - 1,
    2**53,
    -(2**53) - 1,
    10**30,
    1e300,
    True,
    None,
    "x",
    "1",
    [],
    {},
    {"a": 1},
)
NAMES = ("a", "b", "age", "a b", "é", "f0", "model")
HOSTILE = ("", 'say "x"', "back\\slash", "\x00", "toolong", "\U0001f600")
TIMES = ([NOW], [NOW, NOW - 1], [NOW, NOW + 10**9], [None], ["2026-01-01T00:00:00Z"], [1.7e12, NOW])
IDS: tuple[Sequence[Any], ...] = (["p", "q"], [7, 2**64], [1.5, 2], ["p", None, 7])
ENVELOPE = ("prediction", "score", "latency_ms", "ground_truth")

Send = Callable[[random.Random], dict[str, Any]]


@st.composite
def producers(draw: st.DrawFn) -> Send:
    """Something that sends events of one model, all alike at first and most of them later."""
    usual = st.sampled_from(USUAL)
    named = st.sampled_from(NAMES) | st.sampled_from(NAMES * 3 + HOSTILE)
    fields: dict[str, Sequence[Any]] = {"timestamp": draw(st.sampled_from(TIMES))}
    fields |= draw(st.dictionaries(st.sampled_from(ENVELOPE), usual, max_size=4))
    fields |= draw(
        st.dictionaries(st.sampled_from(["prediction_id", "model_version"]), st.sampled_from(IDS))
    )
    fields |= draw(st.sampled_from([{}, {}, {"scores": [{"yes": 0.5}, {"no": 1, "yes": None}]}]))
    features = draw(st.dictionaries(named, usual, max_size=4))
    segments = draw(st.just({}) | st.dictionaries(named, usual, max_size=2))
    model = draw(st.sampled_from(["m", "m", "n", 'q"']))
    later = draw(st.sampled_from([0.01, 0.1, 0.4]))
    alike = iter(range(draw(st.sampled_from([0, 80, 200]))))

    def send(chance: random.Random) -> dict[str, Any]:
        rate = later if next(alike, None) is None else 0.0

        def one(of: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
            return {
                name: chance.choice(RARE if chance.random() < rate else values)
                for name, values in of.items()
                if chance.random() >= rate
            }

        event: dict[str, Any] = {"model": model, **one(fields), "features": one(features)}
        if segments:
            event["segments"] = one(segments)
        if chance.random() < rate:
            changed = chance.choice(
                ["features", "segments", "timestamp", "scores", "zz", "model", "columns"]
            )
            event[changed] = chance.choice([*RARE, {"score": [1]}, dict.fromkeys("abcde", 0.5)])
        if chance.random() < rate:
            items = [*event.items()]
            chance.shuffle(items)
            event = dict(items)
        return event

    return send


def raw_json(event: dict[str, Any], chance: random.Random) -> bytes:
    """One of the ways to write it."""
    value = json.dumps(event, ensure_ascii=chance.random() < 0.5)
    if chance.random() < 0.01:
        value = value.replace('"features"', '"columns": null, "features"')
    if chance.random() < 0.05:
        value = value.replace('"a":', '"\\u0061": 5, "a":')
    if chance.random() < 0.01:
        value = value[:-1] + chance.choice(
            [', "model": "n"}', ', "features": null}', ', "x": NaN}', ""]
        )
    return value.encode()


def canonical(decoded: Decoded) -> list[object]:
    """All that a decoder finds, whatever the types of its columns."""
    found: list[object] = [(one.record, one.reason, one.sentence) for one in decoded.rejected]
    for batch in decoded.batches:
        rows = len(batch)
        columns = flat(batch)
        found += [batch.model, batch.offsets.tolist(), batch.timestamps.tolist(), set(columns)]
        for path in sorted(columns):
            raw = columns[path]
            assert len(raw) == rows
            found.append([comparable(raw[i]) for i in range(rows)])
            of_numbers = numeric(raw, rows)
            found.append([comparable(one) for one in of_numbers.values.tolist()])
            found.append(codes(of_numbers.codes))
            for boolean in (False, True):
                of_texts = text(raw, rows, boolean=boolean)
                found += [list(of_texts.texts), codes(of_texts.codes)]
    return found


def codes(of: np.ndarray[Any, Any] | None) -> list[int] | None:
    return None if of is None else of.tolist()


def calls(seed: int, sending: Sequence[Send]) -> Any:
    chance = random.Random(seed)
    for _ in range(6):
        active = chance.sample([*sending], chance.randint(1, len(sending)))
        rows = chance.choice([1, 70, 100])
        yield [raw_json(chance.choice(active)(chance), chance) for _ in range(rows)]


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 2**32),
    st.lists(producers(), min_size=1, max_size=3),
    st.sampled_from([DEFAULT, TIGHT]),
)
def test_a_decoder_that_has_learned_finds_the_same_as_a_new_one(
    seed: int, sending: list[Send], limits: Limits
) -> None:
    learned = Decoder(limits)
    for values in calls(seed, sending):
        records = [record(value, offset=i) for i, value in enumerate(values)]
        assert canonical(learned.decode(records)) == canonical(Decoder(limits).decode(records))
