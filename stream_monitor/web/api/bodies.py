"""A request's body to messages for Kafka, or all that is wrong with it; no IO.

What is taken is what the pipeline reads: the decoder of the topic itself decides, so nothing
that is answered with success becomes a dead letter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Protocol

from stream_monitor.errors import BadMessageError
from stream_monitor.events.batch import Record, RecordLike, Rejected
from stream_monitor.events.decode import Decoder
from stream_monitor.events.json_text import parse
from stream_monitor.events.labels import LabelDecoder
from stream_monitor.events.limits import Limits
from stream_monitor.web.api.problems import SHOWN, Fault, ProblemError, unprocessable

#: Events or labels of one request.
MAX_ITEMS = 10_000


class _Decoded(Protocol):
    @property
    def rejected(self) -> Sequence[Rejected]: ...


class _Decodes(Protocol):
    def decode(self, records: Sequence[RecordLike]) -> _Decoded: ...


def events(body: bytes, limits: Limits, now_ms: int) -> list[bytes]:
    """The messages of one event or a list of them.

    Raises:
        ProblemError: 422 with the path of each fault; nothing of the body is to be sent.
    """
    return _checked(body, Decoder(limits), now_ms, limits)


def labels(body: bytes, limits: Limits, now_ms: int) -> list[bytes]:
    """The same of labels."""
    return _checked(body, LabelDecoder(limits), now_ms, limits)


def _checked(body: bytes, decoder: _Decodes, now_ms: int, limits: Limits) -> list[bytes]:
    try:
        parsed = parse(body)
    except BadMessageError as error:
        raise unprocessable([Fault(path="", message=_plain(error.sentence))]) from None
    items = parsed if isinstance(parsed, list) else [parsed]
    if not items:
        raise unprocessable([Fault(path="", message="the list is empty; send at least one.")])
    if len(items) > MAX_ITEMS:
        raise ProblemError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"the list has {len(items):,} items; send at most {MAX_ITEMS:,} a request",
        )
    values = [_encoded(item) for item in items]
    faults, is_all = _faults(items, values, decoder, now_ms)
    if faults:
        many = isinstance(parsed, list)
        told = [
            Fault(path=_path(i if many else None, field), message=message)
            for i in sorted(faults)
            for field, message in faults[i].items()
        ]
        raise unprocessable(told, is_all=is_all)
    return values


def _faults(
    items: Sequence[Any], values: Sequence[bytes], decoder: _Decodes, now_ms: int
) -> tuple[dict[int, dict[str, str]], bool]:
    """What is wrong with items, by their number and field; and whether that is all.

    The decoder ends at an item's first fault. Whatever it is about is mended and the rest read
    again, until nothing new is found: a time for each field at most, and for as many items as a
    problem document lists. "" is an item as a whole.
    """
    faults: dict[int, dict[str, str]] = {}
    asked = dict(enumerate(values))
    for i, item in enumerate(items):
        if isinstance(item, dict) and item.get("columns") is not None:
            faults[i] = {"columns": _COLUMNS}
            asked[i] = _encoded(_mended(item, faults[i]))
    looked: frozenset[int] | None = None
    while asked:
        records = [Record("", 0, i, now_ms, value) for i, value in asked.items()]
        fresh: list[int] = []
        for one in decoder.decode(records).rejected:
            i, (field, message) = one.record.offset, _fault(one)
            of_item = faults.setdefault(i, {})
            if field not in of_item:
                of_item[field] = message
                fresh.append(i)
        if looked is None:
            looked = frozenset(sorted(faults)[:SHOWN])
        asked = {
            i: _encoded(_mended(items[i], faults[i]))
            for i in fresh
            if i in looked and "" not in faults[i]
        }
    return faults, len(faults) <= SHOWN


#: What nobody finds fault with where something has to be; anything else is left out.
_GOOD: Mapping[str, Any] = {"model": "m", "prediction_id": "1", "ground_truth": "1"}


def _mended(item: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    return {**item, **{field: _GOOD.get(field) for field in fields}}


def _encoded(item: object) -> bytes:
    # NaN and infinities stay what they are, as the decoder reads them: a fact of quality.
    return json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode()


def _fault(rejected: Rejected) -> tuple[str, str]:
    """The field that the decoder's sentence begins with, "" where it has none, and the sentence."""
    named = re.match(r"`(\w+)`", rejected.sentence)
    return (named[1] if named else ""), _plain(rejected.sentence)


def _path(index: int | None, field: str) -> str:
    start = "" if index is None else f"[{index}]"
    return f"{start}.{field}" if start and field else start or field


def _plain(sentence: str) -> str:
    """A decoder's sentence about a body: here no header says another format."""
    what, sends, _ = sentence.replace("`", "").partition("; send one JSON object")
    what = what.replace("The value is", "the body is").replace("The JSON is", "it is")
    return f"{what}; send one JSON object or a list of them." if sends else what


_COLUMNS = "columns are for messages on Kafka; send a list of single objects here."
