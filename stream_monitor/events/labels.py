"""Labels: the truth about predictions, which comes later than they do, on a topic of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from stream_monitor.errors import BadMessageError, Reason
from stream_monitor.events.batch import IntArray, RawColumn, RecordLike, Rejected, take
from stream_monitor.events.columnar import Columns, Form, check_ids, models_of
from stream_monitor.events.columns import text
from stream_monitor.events.faults import check_model, wrong_type
from stream_monitor.events.join import stack
from stream_monitor.events.limits import Limits
from stream_monitor.events.message import JSON, content, media_type
from stream_monitor.events.timestamps import column_ms, each_ms, event_ms

LABELS = Form("label", ("timestamp", "prediction_id", "ground_truth"))

_offset = attrgetter("offset")


@dataclass(frozen=True, slots=True)
class LabelBatch:
    """Labels of one model and one source partition as columns; row i is one label.

    ``offsets`` is the source offset of each row, ascending, repeated for the rows of a
    columnar message. ``timestamps`` is when the truth became known, in ms. ``prediction_ids``
    are never empty, and equal an event's where ``columns.text`` makes the same text of it.
    ``ground_truth`` is as it came and has no ``None``; NaN and foreign types may be in it.
    """

    model: str
    offsets: IntArray
    timestamps: IntArray
    prediction_ids: list[str]
    ground_truth: RawColumn

    def __len__(self) -> int:
        return len(self.offsets)

    def take(self, rows: IntArray, model: str) -> LabelBatch:
        """The given row numbers, in their order, as labels of ``model``."""
        pick = rows.tolist()
        return LabelBatch(
            model=model,
            offsets=self.offsets[rows],
            timestamps=self.timestamps[rows],
            prediction_ids=[self.prediction_ids[i] for i in pick],
            ground_truth=take(self.ground_truth, rows, pick),
        )


@dataclass(frozen=True, slots=True)
class DecodedLabels:
    """What a run of records holds: a batch a model by first offset, and what was not readable."""

    batches: tuple[LabelBatch, ...]
    rejected: tuple[Rejected, ...]


class _Label(Struct, gc=False):  # JSON has no cycles: nothing here needs collecting
    """One label as its message has it; ``ground_truth`` may be anything but null."""

    model: str
    prediction_id: str | int
    ground_truth: object
    timestamp: int | float | str | None = None
    columns: None = None  # a columnar message does not fit, and goes the careful way


_read: Callable[[bytes], _Label] = msgspec.json.Decoder(_Label).decode


class LabelDecoder:
    """Reads the records of one source partition of labels, offsets ascending.

    The formats and the header ``content-type`` are those of events. Never raises, whatever
    the bytes: a record that cannot be read is in ``DecodedLabels.rejected``, in offset order,
    and a columnar message is taken or rejected as a whole. So the rows that came in are the
    rows of the batches and of the rejected records.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def decode(self, records: Sequence[RecordLike]) -> DecodedLabels:
        """All that the records hold: a batch a model, its rows in offset order."""
        kept: list[RecordLike] = []
        labels: list[_Label] = []
        parts: list[LabelBatch] = []
        rejected: list[Rejected] = []
        for record in records:
            value = record.value
            if value and (not record.headers or media_type(record) == JSON):
                try:
                    labels.append(_read(value))
                    kept.append(record)
                    continue
                except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
                    pass
            try:
                found = content(record, self._limits, LABELS)
                if isinstance(found, Columns):
                    parts += _of_columns(found, record, self._limits)
                else:
                    labels.append(_careful(found, record, self._limits))
                    kept.append(record)
            except BadMessageError as error:
                rejected.append(Rejected(record, error.reason, error.sentence))
        for of_records, of_labels in _by_model(kept, labels):
            part, bad = _of_rows(of_records, of_labels, self._limits)
            rejected += bad
            if part is not None:
                parts.append(part)
        rejected.sort(key=lambda one: one.record.offset)
        return DecodedLabels(batches=_joined(parts), rejected=tuple(rejected))


def _careful(message: Mapping[str, Any], record: RecordLike, limits: Limits) -> _Label:
    """The same as ``_read`` from a parsed message, with a sentence for what is wrong."""
    fields: dict[str, Any] = {name: message.get(name) for name in ("model", *LABELS.plain)}
    label = _Label(**fields)
    _checked_ms(label, record, limits)
    return label


def _by_model(
    records: list[RecordLike], labels: list[_Label]
) -> Iterator[tuple[list[RecordLike], list[_Label]]]:
    if len({label.model for label in labels}) == 1:
        yield records, labels
        return
    groups: dict[str, tuple[list[RecordLike], list[_Label]]] = {}
    for record, label in zip(records, labels, strict=True):
        of_model = groups.setdefault(label.model, ([], []))
        of_model[0].append(record)
        of_model[1].append(label)
    yield from groups.values()


def _of_rows(
    records: Sequence[RecordLike], labels: Sequence[_Label], limits: Limits
) -> tuple[LabelBatch | None, list[Rejected]]:
    """Labels of one model and their records: the batch of the good ones, and the others."""
    rejected: list[Rejected] = []
    truths = [label.ground_truth for label in labels]
    times = each_ms([label.timestamp for label in labels], records, limits)
    ids = _ids([label.prediction_id for label in labels])
    model = labels[0].model
    if times is None or None in truths or not all(ids) or not 0 < len(model) <= limits.max_name:
        good: list[tuple[RecordLike, _Label, int]] = []
        for record, label in zip(records, labels, strict=True):
            try:
                good.append((record, label, _checked_ms(label, record, limits)))
            except BadMessageError as error:
                rejected.append(Rejected(record, error.reason, error.sentence))
        if not good:
            return None, rejected
        times = np.array([ms for _, _, ms in good], dtype=np.int64)
        if rejected:
            records = [record for record, _, _ in good]
            truths = [label.ground_truth for _, label, _ in good]
            ids = _ids([label.prediction_id for _, label, _ in good])
    offsets = np.array([*map(_offset, records)], dtype=np.int64)
    return LabelBatch(model, offsets, times, ids, truths), rejected


def _checked_ms(label: _Label, record: RecordLike, limits: Limits) -> int:
    """A label's time; ``BadMessageError`` where anything of it is wrong."""
    check_model(label.model, "model", limits)
    wanted: object = label.prediction_id  # of any type, on the careful way
    if wanted is None or wanted == "":
        raise _no_id("prediction_id", wanted)
    if type(wanted) not in (str, int):
        raise wrong_type("prediction_id", wanted, "a string or an integer")
    if label.ground_truth is None:
        raise _no_truth("ground_truth")
    return event_ms(label.timestamp, record, limits, "timestamp")


def _of_columns(columns: Columns, record: RecordLike, limits: Limits) -> list[LabelBatch]:
    """The rows as labels of one model each; raises ``BadMessageError`` for the whole message."""
    models = models_of(columns, limits)
    raw, truths = (columns.plain.get(name) for name in ("prediction_id", "ground_truth"))
    if raw is None:
        raise _no_id(f"{columns.at}prediction_id", None)
    if truths is None:
        raise _no_truth(f"{columns.at}ground_truth")
    if columns.rows == 0:
        return []
    check_ids(columns)
    ids = _ids(raw)
    if not all(ids):
        row = ids.index("")
        raise _no_id(f"{columns.at}prediction_id[{row}]", raw[row])
    if not isinstance(truths, np.ndarray) and None in truths:
        raise _no_truth(f"{columns.at}ground_truth[{truths.index(None)}]")
    where = f"{columns.at}timestamp"
    whole = LabelBatch(
        model=models[0],
        offsets=np.full(columns.rows, record.offset, dtype=np.int64),
        timestamps=column_ms(columns.plain.get("timestamp"), columns.rows, record, limits, where),
        prediction_ids=ids,
        ground_truth=truths,
    )
    if len(set(models)) == 1:
        return [whole]
    rows: dict[str, list[int]] = {}
    for i, model in enumerate(models):
        rows.setdefault(model, []).append(i)
    return [whole.take(np.array(of_model), model) for model, of_model in rows.items()]


def _ids(raw: RawColumn) -> list[str]:
    """Ids of the right types as the texts that events get; an empty text where there is none."""
    return [name or "" for name in text(raw, len(raw)).texts]


def _joined(parts: Iterable[LabelBatch]) -> tuple[LabelBatch, ...]:
    """One batch a model, its rows in offset order, the batches by their first offset."""
    of_models: dict[str, list[LabelBatch]] = {}
    for part in sorted(parts, key=_first_offset):
        of_models.setdefault(part.model, []).append(part)
    return tuple(sorted(map(_join, of_models.values()), key=_first_offset))


def _first_offset(batch: LabelBatch) -> int:
    return int(batch.offsets[0])


def _join(parts: Sequence[LabelBatch]) -> LabelBatch:
    first = parts[0]
    if len(parts) == 1:
        return first
    truths = stack([part.ground_truth for part in parts], [*map(len, parts)])
    whole = LabelBatch(
        model=first.model,
        offsets=np.concatenate([part.offsets for part in parts]),
        timestamps=np.concatenate([part.timestamps for part in parts]),
        prediction_ids=[name for part in parts for name in part.prediction_ids],
        ground_truth=[] if truths is None else truths,
    )
    if (np.diff(whole.offsets) >= 0).all():
        return whole
    return whole.take(np.argsort(whole.offsets, kind="stable"), first.model)


def _no_id(where: str, value: object) -> BadMessageError:
    return BadMessageError(
        Reason.MISSING_FIELD,
        f"`{where}` is {'missing' if value is None else 'empty'}; "
        "send the `prediction_id` that the prediction was sent with.",
    )


def _no_truth(where: str) -> BadMessageError:
    return BadMessageError(
        Reason.MISSING_FIELD,
        f"`{where}` is missing or null; send the label under `ground_truth`, "
        "and no row for a prediction whose truth is not known.",
    )
