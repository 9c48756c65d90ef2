"""Rows of a data file as events in the order of their time, for backtest and replay alike.

Both commands take the same options and make the same events of the same rows, so what is
judged offline and what is judged from Kafka can be compared report by report.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np
import pyarrow as pa

from stream_monitor.alerts.times import rfc3339
from stream_monitor.cli.bundle import bundled
from stream_monitor.cli.output import DURATION, Output
from stream_monitor.cli.roles import ROLE_OPTIONS, RoleOptions
from stream_monitor.config.duration import SECOND
from stream_monitor.errors import BadMessageError, DataError
from stream_monitor.events.batch import EventBatch, IntArray
from stream_monitor.events.timestamps import MAX_MS, to_ms
from stream_monitor.reference.data import Roles, assign_roles, join_labels, plain, read, to_batches
from stream_monitor.reference.formats import EVENT_FEATURES


class Time(click.ParamType):
    """An RFC 3339 time or ``now`` as an option's value; milliseconds in Python."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        if value == "now":
            return time.time_ns() // 1_000_000
        try:
            return to_ms(value, "TIME")
        except BadMessageError:
            self.fail(f"{value!r} is no time; write 2024-01-31T12:00:00Z or now", param, ctx)


until_option = click.option(
    "--until", "until_ms", type=Time(), metavar="TIME", help="Up to here [default: now]."
)


def check_span(since_ms: int, until_ms: int) -> None:
    """Raise UsageError for a time from ``--since`` to ``--until`` that has no length."""
    if since_ms >= until_ms:
        raise click.UsageError(
            f"--since {rfc3339(since_ms)} is not before --until {rfc3339(until_ms)}."
        )


@dataclass(frozen=True)
class Rows:
    """Rows whose times ascend; ``roles.timestamp`` names int64 milliseconds where it is set."""

    table: pa.Table
    roles: Roles
    start_ms: int
    interval_ms: int
    first_ms: int
    last_ms: int

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def moved(self, by_ms: int) -> Rows:
        """The same rows later by so many milliseconds; only of a file without timestamps."""
        return replace(
            self,
            start_ms=self.start_ms + by_ms,
            first_ms=self.first_ms + by_ms,
            last_ms=self.last_ms + by_ms,
        )

    def batches(self, model: str) -> Iterator[EventBatch]:
        """The rows as events of a model."""
        return to_batches(
            self.table, self.roles, model, start_ms=self.start_ms, interval_ms=self.interval_ms
        )


@dataclass(frozen=True)
class RowOptions(RoleOptions):
    """What the options of ``row_options`` say: the roles of columns, and when rows happened."""

    labels: Path | None = None
    start_ms: int | None = None
    interval_ms: int | None = None
    limit: int | None = None

    def read(
        self,
        data: Path,
        model: str,
        output: Output,
        *,
        default_start: Callable[[int], int],
        known: Mapping[str, str] | None = None,
    ) -> Rows:
        """The rows of a file with their labels, roles and times.

        Without timestamps row i is at start + i x interval; ``default_start`` gives the start
        for the time from the first row to the last, in ms, where no option does. ``known``
        are columns of roles that no option names, taken if the file has them.
        """
        if self.interval_ms == 0:
            raise click.UsageError("--interval is 0ms; rows need some time between them.")
        with output.progress(f"reading {data.name}") as progress:
            table = _of_model(read(data, limit=self.limit, advance=progress.advance), data, model)
            given, table = self._with_labels(table, known or {})
        roles = given.assign(table)
        if roles.timestamp is not None:
            if self.interval_ms is not None:
                output.warn(f"--interval is not used: the times are in column {roles.timestamp}")
            return _timed(table, roles, self.start_ms, output)
        interval = SECOND if self.interval_ms is None else self.interval_ms
        span = (table.num_rows - 1) * interval
        start = default_start(span) if self.start_ms is None else self.start_ms
        _check_end(start + span)
        return Rows(table, roles, start, interval, start, start + span)

    def _with_labels(
        self, table: pa.Table, known: Mapping[str, str]
    ) -> tuple[RowOptions, pa.Table]:
        named = {self.prediction, self.score, self.label, self.id_, self.timestamp}
        taken = {*named, *self.features, *self.ignore}
        free = {
            role: name
            for role, name in known.items()
            if getattr(self, role) is None and name in table.column_names and name not in taken
        }
        given = replace(self, prediction=free.get("prediction", self.prediction))
        given = replace(given, score=free.get("score", self.score))
        if self.labels is None:
            return given, table
        labels = read(self.labels)
        id_ = self.id_ or assign_roles(table, ignore=self.ignore).id
        if id_ is None:
            raise click.UsageError("--labels needs --id: the column that both files share.")
        if id_ not in labels.column_names:
            raise DataError(f"{self.labels} has no column {id_!r} to find the labels by.")
        label = self.label or assign_roles(labels, id=id_).label or _only_other(labels, id_)
        if label is None:
            others = ", ".join(name for name in labels.column_names if name != id_)
            raise click.UsageError(f"--labels needs --label: one of {others}.")
        if label not in labels.column_names:
            raise DataError(f"{self.labels} has no column {label!r} to take the labels from.")
        return replace(given, id_=id_, label=label), join_labels(table, labels, id_, label)


_OPTIONS = (
    click.option(
        "--labels",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The ground truth in a file of its own, found by --id.",
    ),
    *ROLE_OPTIONS,
    click.option(
        "--start",
        "start_ms",
        type=Time(),
        metavar="TIME",
        help="The first row's time, RFC 3339 or now; a file's own times are shifted to it.",
    ),
    click.option(
        "--interval",
        "interval_ms",
        type=DURATION,
        help="Between two rows of a file without timestamps [default: 1s].",
    ),
    click.option("--limit", type=click.IntRange(1), metavar="N", help="Only the first N rows."),
)

#: The options of rows, as the one argument ``rows`` (RowOptions).
row_options = bundled("rows", RowOptions, _OPTIONS)


def labelled_rows(rows: Rows) -> int | None:
    """How many rows have a label; None where there is no column of labels."""
    if rows.roles.label is None:
        return None
    return len(rows) - int(rows.table[rows.roles.label].null_count)


def _timed(table: pa.Table, roles: Roles, start_ms: int | None, output: Output) -> Rows:
    """Rows in the order of their times, which become int64 ms and begin at ``start_ms``."""
    assert roles.timestamp is not None
    bare = Roles(features=(), timestamp=roles.timestamp)
    parts = to_batches(table.select([roles.timestamp]), bare, "", start_ms=0, interval_ms=0)
    times: IntArray = np.concatenate([batch.timestamps for batch in parts])
    place = table.column_names.index(roles.timestamp)
    if (np.diff(times) < 0).any():
        output.warn("the rows are not in the order of their times; they are taken in that order")
        order = np.argsort(times, kind="stable")
        times, table = times[order], table.take(pa.array(order))
    if start_ms is not None:
        times = times + (start_ms - times[0])
    _check_end(int(times[-1]))
    table = table.set_column(place, roles.timestamp, pa.array(times))
    return Rows(table, roles, int(times[0]), 0, int(times[0]), int(times[-1]))


def _check_end(last_ms: int) -> None:
    if last_ms > MAX_MS:
        raise click.UsageError(
            "the last row would be later than the year 5138; set an earlier --start "
            "or a shorter --interval."
        )


def _of_model(table: pa.Table, data: Path, model: str) -> pa.Table:
    """Of recorded events those of the model; a table of plain rows as it is."""
    if EVENT_FEATURES.encode() not in (table.schema.metadata or {}):
        return table
    name = next((name for name in ("event.model", "model") if name in table.column_names), None)
    if name is None:
        return table
    models = plain(table[name]).cast(pa.string()).to_pylist()
    of_model = [row for row, named in enumerate(models) if named == model]
    if not of_model:
        there = ", ".join(sorted({str(named) for named in models if named is not None})[:5])
        raise DataError(f"{data} has no event of the model {model}; there are {there or 'none'}.")
    return table if len(of_model) == table.num_rows else table.take(pa.array(of_model))


def _only_other(table: pa.Table, name: str) -> str | None:
    others = [other for other in table.column_names if other != name]
    return others[0] if len(others) == 1 else None
