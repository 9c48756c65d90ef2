"""Data files: reading them, saying what each column is, and turning rows into events."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds_of

from stream_monitor.errors import BadMessageError, DataError
from stream_monitor.events.batch import EventBatch, IntArray, RawColumn
from stream_monitor.events.timestamps import plain_ms, to_ms
from stream_monitor.reference.formats import EVENT_FEATURES, READERS

#: For each role the names it is recognised by, whatever their case, best first.
GUESSES: dict[str, tuple[str, ...]] = {
    "prediction": ("prediction", "y_pred", "pred", "predicted"),
    "score": ("score", "predicted_probability", "y_pred_proba", "probability"),
    "label": ("label", "target", "ground_truth", "y_true"),
    "id": ("prediction_id", "id", "identifier"),
    "timestamp": ("timestamp", "time", "ts"),
    "latency": ("latency_ms",),
    "version": ("model_version",),
}


@dataclass(frozen=True)
class Roles:
    """Which column of a table is what; ``guessed`` names the roles found by a column's name."""

    features: tuple[str, ...]
    prediction: str | None = None
    score: str | None = None
    label: str | None = None
    id: str | None = None
    timestamp: str | None = None
    latency: str | None = None
    version: str | None = None
    guessed: tuple[str, ...] = ()

    def column(self, role: str) -> str | None:
        """The column of a role named in ``GUESSES``."""
        found = getattr(self, role)
        return found if isinstance(found, str) else None


def read(
    path: Path | str,
    *,
    limit: int | None = None,
    advance: Callable[[int], None] = lambda rows: None,
) -> pa.Table:
    """The rows of a ``.csv``, ``.parquet`` or ``.jsonl`` file, or the first ``limit`` of them.

    ``advance`` is told of rows as they are read, where that takes time (JSON lines).

    Raises :class:`DataError`, in a sentence, for a file that is not there, has another
    ending, has no rows, or has a line that cannot be read.
    """
    path = Path(path)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(READERS)
        raise DataError(f"{path} has an unknown ending; data files end in one of {known}.")
    if not path.is_file():
        raise DataError(f"{path} is not a file." if path.exists() else f"{path} does not exist.")
    if path.stat().st_size == 0:
        raise DataError(f"{path} is empty.")
    table = reader(path, limit, advance)
    if not table.num_rows:
        raise DataError(f"{path} has no rows.")
    names = table.column_names
    twice = sorted({name for name in names if names.count(name) > 1}) if _repeats(names) else []
    if twice:
        raise DataError(f"{path} has more than one column called {_listed(twice)}.")
    return table


def assign_roles(
    table: pa.Table,
    *,
    prediction: str | None = None,
    score: str | None = None,
    label: str | None = None,
    id: str | None = None,
    timestamp: str | None = None,
    features: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> Roles:
    """The roles given, the missing ones guessed by name, and the rest of the columns as features.

    A column given as a feature or to ignore is never guessed to be something else. In a
    table read from events only the events' own fields are guessed, and only their features
    are features. Raises :class:`DataError` for a column that is not there or has two roles.
    """
    given = {
        "prediction": prediction,
        "score": score,
        "label": label,
        "id": id,
        "timestamp": timestamp,
    }
    roles: dict[str, str] = {role: name for role, name in given.items() if name}
    _check_names(table, [*roles.values(), *features, *ignore])
    claimed = [*roles.values(), *features, *ignore]
    twice = sorted({name for name in claimed if claimed.count(name) > 1}) if claimed else []
    if twice:
        raise DataError(f"The column {_listed(twice)} is given more than one role.")
    of_events = _event_features(table)
    free = [n for n in table.column_names if n not in set(claimed) | set(of_events or ())]
    guessed: list[str] = []
    for role, names in GUESSES.items():
        if role in roles:
            continue
        found = _guess(names, free)
        if found is not None:
            roles[role] = found
            free.remove(found)
            guessed.append(role)
    rest = free if of_events is None else [n for n in of_events if n not in set(claimed)]
    return Roles(features=tuple(features) or tuple(rest), guessed=tuple(guessed), **roles)


def join_labels(table: pa.Table, labels: pa.Table, id: str, label: str) -> pa.Table:
    """The table with a column ``label`` from the row of ``labels`` with an equal ``id``.

    Rows without such a row get no label; of several the last holds. An existing column
    called ``label`` is replaced.
    """
    _check_names(table, [id])
    _check_names(labels, [id, label])
    keys, known = plain(table[id]), plain(labels[id])
    if keys.type != known.type:
        keys, known = keys.cast(pa.string()), known.cast(pa.string())
    backwards = pa.array(np.arange(labels.num_rows - 1, -1, -1, dtype=np.int64))
    found = pc.index_in(keys, value_set=known.take(backwards).combine_chunks())
    column = plain(labels[label]).take(backwards).take(found)
    if label in table.column_names:
        return table.set_column(table.column_names.index(label), label, column)
    return table.append_column(label, column)


def to_batches(
    table: pa.Table,
    roles: Roles,
    model: str,
    *,
    start_ms: int,
    interval_ms: float,
    chunk: int = 8192,
) -> Iterator[EventBatch]:
    """The rows in their order as events of ``model``, ``chunk`` rows a batch.

    The offset of an event is its row number. Its time is the timestamp column's (integers
    are milliseconds; text is RFC 3339, in UTC unless it says otherwise), or without such a
    column ``start_ms`` + row × ``interval_ms``, rounded down. Raises :class:`DataError`
    for a row whose time is missing or unreadable.
    """
    for first in range(0, table.num_rows, chunk):
        part = table.slice(first, chunk)
        offsets = np.arange(first, first + part.num_rows, dtype=np.int64)
        if roles.timestamp is None:
            timestamps = start_ms + np.floor(offsets * interval_ms).astype(np.int64)
        else:
            timestamps = _times(part[roles.timestamp], roles.timestamp, first)
        ids = None
        if roles.id is not None:
            ids = plain(part[roles.id]).cast(pa.string()).to_pylist()
        yield EventBatch(
            model=model,
            offsets=offsets,
            timestamps=timestamps,
            features={name: _raw(part[name]) for name in roles.features},
            prediction=_optional(part, roles.prediction),
            score=_optional(part, roles.score),
            latency_ms=_optional(part, roles.latency),
            ground_truth=_optional(part, roles.label),
            prediction_ids=ids,
            model_versions=_optional(part, roles.version),
        )


def times_of(table: pa.Table, name: str) -> IntArray:
    """A column's times as :func:`to_batches` reads them: int64 (rows,), ms since 1970 in UTC."""
    return _times(table[name], name, 0)


def plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column without dictionary encoding, decimals and narrow numbers widened."""
    kind = column.type
    if kinds_of.is_dictionary(kind):
        return plain(column.cast(kind.value_type))
    if kinds_of.is_integer(kind) and kind != pa.int64():
        return column.cast(pa.float64() if kind == pa.uint64() else pa.int64(), safe=False)
    if kinds_of.is_decimal(kind) or (kinds_of.is_floating(kind) and kind != pa.float64()):
        return column.cast(pa.float64())
    return column


def _raw(column: pa.ChunkedArray) -> RawColumn:
    column = plain(column)
    kind = column.type
    if kinds_of.is_timestamp(kind) or kinds_of.is_date(kind):
        column = column.cast(pa.string())
    numeric = kinds_of.is_integer(kind) or kinds_of.is_floating(kind) or kinds_of.is_boolean(kind)
    if numeric and not column.null_count:
        return column.to_numpy()
    return column.to_pylist()


def _optional(table: pa.Table, name: str | None) -> RawColumn | None:
    return None if name is None else _raw(table[name])


def _times(column: pa.ChunkedArray, name: str, first: int) -> IntArray:
    """Event times in milliseconds; ``first`` is the row number of the column's first row."""
    column = plain(column)
    if kinds_of.is_timestamp(column.type) or kinds_of.is_date(column.type):
        column = column.cast(pa.timestamp("ms", getattr(column.type, "tz", None)), safe=False)
        column = column.cast(pa.int64())
    values = column.to_pylist()
    times = plain_ms(values)
    if times is not None:
        return times
    times = np.empty(len(values), dtype=np.int64)
    for i, value in enumerate(values):
        try:
            times[i] = to_ms(value, name)
        except BadMessageError as error:
            raise DataError(f"Row {first + i + 1}: {error.sentence}") from error
    return times


def _event_features(table: pa.Table) -> list[str] | None:
    packed = (table.schema.metadata or {}).get(EVENT_FEATURES.encode())
    return None if packed is None else [str(name) for name in json.loads(packed)]


def _guess(names: Sequence[str], free: Sequence[str]) -> str | None:
    by_name = {name.lower(): name for name in reversed(free)}
    for name in names:
        for candidate in (f"event.{name}", name):
            if candidate in by_name:
                return by_name[candidate]
    return None


def _check_names(table: pa.Table, names: Sequence[str]) -> None:
    for name in names:
        if name not in table.column_names:
            near = get_close_matches(name, table.column_names, n=1)
            hint = f"did you mean {near[0]!r}?" if near else _some(table.column_names)
            raise DataError(f"There is no column {name!r}; {hint}")


def _some(names: Sequence[str]) -> str:
    more = ", …" if len(names) > 12 else ""
    return f"the columns are {', '.join(names[:12])}{more}."


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)


def _repeats(names: Sequence[str]) -> bool:
    return len(set(names)) < len(names)
