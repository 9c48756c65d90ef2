"""Rows as messages: decoded, they are the events that they were."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from stream_monitor import data
from stream_monitor.config.settings import ModelSettings, Settings
from stream_monitor.errors import DataError
from stream_monitor.events.batch import EventBatch, Record
from stream_monitor.events.decode import Decoder
from stream_monitor.events.limits import Limits
from stream_monitor.kafka.messages import ROWS, Format, Message, messages
from stream_monitor.pipeline.effects import Publish
from stream_monitor.pipeline.engine import LocalEngine, run
from stream_monitor.reference.build import build
from stream_monitor.reference.data import assign_roles, join_labels, read, to_batches
from stream_monitor.reference.model import Reference
from stream_monitor.reference.registry import References

START = 1_704_067_200_000
LARGE = 1 << 23


def records(sent: Sequence[Message]) -> list[Record]:
    return [
        Record("predictions", 0, offset, 0, message.value, message.key, message.headers)
        for offset, message in enumerate(sent)
    ]


def said(publishes: Sequence[Publish]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (each.id, {key: value for key, value in each.document.items() if key != "processing"})
        for each in publishes
    ]


def judged(
    reference: Reference, batches: Sequence[EventBatch], format: Format, settings: Settings
) -> None:
    """Compare a backtest of the batches with what the engine says of their messages."""
    expected = said(list(run(LocalEngine(settings, References(reference)), batches)))
    assert len(expected) > 4
    engine = LocalEngine(settings, References(reference))
    heard: list[Publish] = []
    log = records(list(messages(batches, format, max_bytes=LARGE)))
    for first in range(0, len(log), 701):
        heard += engine.feed(0, log[first : first + 701])
        heard += engine.flush()
    heard += engine.finish()
    assert said(heard) == expected


@pytest.mark.parametrize("format", Format)
def test_the_shipped_data_gets_the_verdicts_of_the_backtest(format: Format) -> None:
    past = read(data.path("employment_reference.parquet"))
    roles = assign_roles(past, label="employed")
    reference = build("employment", past, roles, created_ms=0, source="")
    table = join_labels(
        read(data.path("employment_analysis.parquet"), limit=9000),
        read(data.path("employment_labels.parquet")),
        "id",
        "employed",
    )
    roles = assign_roles(table, label="employed")
    batches = list(to_batches(table, roles, "employment", start_ms=START, interval_ms=1000))
    judged(reference, batches, format, Settings())


@pytest.mark.parametrize("format", Format)
def test_odd_values_get_the_verdicts_of_the_backtest(format: Format) -> None:
    rng = np.random.default_rng(5)
    past = pa.table({"x": rng.normal(size=500), "c": ["a", "b"] * 250, "b": [True, False] * 250})
    reference = build("m", past, assign_roles(past), created_ms=0, source="")
    rows = 600
    x: list[object] = [
        [None, math.nan, math.inf, -math.inf, 1e300, 0.5][i % 6] for i in range(rows)
    ]
    table = pa.table(
        {
            "x": pa.array(x, pa.float64()),
            "c": ["a", "new", None] * 200,
            "b": pa.array([True, None, False] * 200),
            "unknown": pa.array([1, None] * 300, pa.int64()),
            "empty": pa.nulls(rows),
            "latency_ms": rng.exponential(size=rows),
            "prediction_id": ["twice", "é", None] * 200,
            "model_version": ["1"] * rows,
        }
    )
    batches = list(
        to_batches(table, assign_roles(table), "m", start_ms=START, interval_ms=1000, chunk=257)
    )
    settings = Settings(defaults=ModelSettings(window_ms=120_000, slide_ms=60_000))
    judged(reference, batches, format, settings)


@pytest.mark.parametrize("format", Format)
def test_scores_and_segments_are_sent_too(format: Format) -> None:
    batch = EventBatch(
        model="m",
        offsets=np.arange(2),
        timestamps=np.array([START, START + 1]),
        features={"a": [1, None]},
        scores=[{"yes": 0.25, "no": 0.75}, None],
        segments={"country": ["at", None]},
    )
    log = records(list(messages([batch], format, max_bytes=LARGE)))
    (decoded,) = Decoder(Limits()).decode(log).batches
    assert decoded.scores == batch.scores
    assert decoded.segments == batch.segments
    assert list(decoded.features["a"]) == [1, None]
    assert decoded.timestamps.tolist() == [START, START + 1]


def plain(rows: int, interval: int = 1000) -> EventBatch:
    return EventBatch(
        model="m",
        offsets=np.arange(rows),
        timestamps=START + interval * np.arange(rows),
        features={"a": np.arange(rows, dtype=np.float64)},
        prediction_ids=[f"id{i}" for i in range(rows)],
    )


def test_a_message_is_keyed_by_its_first_id_and_timed_by_its_last_row() -> None:
    one = list(messages([plain(2)], Format.JSON, max_bytes=LARGE))
    assert [(m.key, m.rows, m.at_ms, m.headers) for m in one] == [
        (b"id0", 1, START, ()),
        (b"id1", 1, START + 1000, ()),
    ]
    (columns,) = messages([plain(2)], Format.COLUMNS, max_bytes=LARGE)
    assert (columns.key, columns.rows, columns.at_ms, columns.headers) == (
        *(b"id0", 2, START + 1000, ()),
    )
    (arrow,) = messages([plain(2)], Format.ARROW, max_bytes=LARGE)
    assert arrow.headers == (("content-type", b"application/vnd.apache.arrow.stream"),)


def test_a_columnar_message_is_cut_by_rows_and_by_time() -> None:
    cut = [m.rows for m in messages([plain(1100)], Format.COLUMNS, max_bytes=LARGE)]
    assert cut == [ROWS, ROWS, 100]
    cut = [m.rows for m in messages([plain(7)], Format.ARROW, max_bytes=LARGE, span_ms=3000)]
    assert cut == [3, 3, 1]
    cut = [m.rows for m in messages([plain(3)], Format.ARROW, max_bytes=LARGE, span_ms=0.5)]
    assert cut == [1, 1, 1]


@pytest.mark.parametrize("format", [Format.COLUMNS, Format.ARROW])
def test_a_columnar_message_that_is_too_large_is_halved(format: Format) -> None:
    sent = list(messages([plain(400)], format, max_bytes=3000))
    assert max(len(message.value) for message in sent) <= 3000
    assert sum(message.rows for message in sent) == 400
    (decoded,) = Decoder(Limits()).decode(records(sent)).batches
    assert list(decoded.features["a"]) == list(range(400))


@pytest.mark.parametrize("format", Format)
def test_a_row_that_fits_into_no_message_is_an_error(format: Format) -> None:
    with pytest.raises(DataError, match=r"Row 1 is a message of .* raise kafka.max_message_bytes"):
        list(messages([plain(2)], format, max_bytes=20))


def test_a_column_of_several_types_is_not_for_arrow() -> None:
    batch = EventBatch("m", np.arange(2), np.array([START, START]), {"a": [1, "text"]})
    with pytest.raises(DataError, match="send the rows as json or columns"):
        list(messages([batch], Format.ARROW, max_bytes=LARGE))
