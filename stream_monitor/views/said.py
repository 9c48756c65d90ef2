"""One thing to keep of a model, ready to be written: its rank, what it says in short, and all."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from stream_monitor.alerts.rule import OPEN
from stream_monitor.metrics.snapshot import Standing
from stream_monitor.pipeline.effects import Publish, Stream
from stream_monitor.views.protocol import Report


class Part(StrEnum):
    """What a document is of its model; the value is part of keys in Redis."""

    REPORT = "0"
    REVISION = "r"
    ALERT = "a"
    STANDING = "s"  # the newest window as a worker's tables know it, without its report


class Head(NamedTuple):
    """A report in short. Of a revision ``drifted`` is empty: it tells of performance alone."""

    reference_hash: str
    status: str
    rows: int
    drifted: tuple[str, ...] = ()

    def encode(self) -> bytes:
        return _encoder.encode(self)

    @classmethod
    def decode(cls, data: bytes) -> Head:
        return _heads.decode(data)


@dataclass(frozen=True, slots=True)
class Said:
    """A document of a model.

    Of all that have the same ``key`` the one with the greatest ``number`` counts: a report's is 0,
    a revision's its revision, an alert's follows from its sequence, a standing's is its window's
    end. ``time_ms`` is the end of a report's window and the start of an alert, ``ended_ms`` when
    an alert ended (``None``: it is open): event time. ``said_ms`` is the clock's.
    """

    part: Part
    model: str
    id: str
    number: int
    time_ms: int
    said_ms: int
    head: bytes = b""
    body: bytes = field(default=b"", repr=False)
    ended_ms: int | None = None

    @property
    def key(self) -> tuple[str, Part, str]:
        """What it is about."""
        return (self.model, self.part, self.id)


def said_of(publish: Publish, now_ms: int) -> Said:
    """A report, a revision or an alert as it was published."""
    document = publish.document
    if publish.stream is Stream.ALERTS:
        return alert_said(publish.model, document, now_ms, published=True)
    revision = int(document["revision"])
    head = Head(
        document["reference_hash"],
        str(document["status"]),
        int(document["rows"]),
        tuple(document.get("drifted", ())),
    )
    return Said(
        Part.REVISION if revision else Part.REPORT,
        publish.model,
        document["report_id"],
        revision,
        int(document["window"]["end_ms"]),
        now_ms,
        head.encode(),
        packed(document),
    )


def alert_said(model: str, document: Report, now_ms: int, *, published: bool) -> Said:
    """An alert's event; one that was made from a worker's state yields to the published one."""
    ended = None
    if document["status"] not in OPEN:
        ended = document["recovered_at"]
        ended = int(document["window_end_ms"] if ended is None else ended)
    return Said(
        Part.ALERT,
        model,
        document["alert_id"],
        2 * int(document["sequence"]) + published,
        int(document["started_at"]),
        now_ms,
        body=packed(document),
        ended_ms=ended,
    )


def standing_said(model: str, standing: Standing, now_ms: int) -> Said:
    """The newest window of a model, of which no report is at hand."""
    head = Head(standing.reference_hash, standing.status, standing.rows)
    end = standing.window_end_ms
    return Said(Part.STANDING, model, "", end, end, now_ms, head.encode())


def packed(document: Mapping[str, Any]) -> bytes:
    """The document as compressed JSON: about a fifth of a report."""
    return zlib.compress(_encoder.encode(document), 1)


def unpacked(body: bytes) -> Report:
    """What :func:`packed` was given, as JSON's own types."""
    document: Report = msgspec.json.decode(zlib.decompress(body))
    return document


_encoder = msgspec.json.Encoder()
_heads = msgspec.json.Decoder(Head)
