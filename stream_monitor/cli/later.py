"""Labels that come later than their events, for backtest and replay alike.

Both commands draw the same delays for the same rows, so that what labels change offline and
what they change on Kafka can be compared report by report.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import click
import numpy as np

from stream_monitor.cli.output import DURATION, Output
from stream_monitor.cli.rows import Rows
from stream_monitor.config.settings import Settings
from stream_monitor.events.batch import EventBatch, IntArray, RawColumn
from stream_monitor.events.labels import LabelBatch
from stream_monitor.events.timestamps import MAX_MS
from stream_monitor.reference.data import Roles
from stream_monitor.scenarios.delays import LabelDelay


@dataclass(frozen=True)
class Later:
    """Labels in the order of their times, and how many never come.

    Rows without a label are in neither.
    """

    labels: LabelBatch
    never: int

    def at_most(self, latest_ms: int) -> Later:
        """The same with the times cut to the latest that readers would take."""
        return self._at(np.minimum(self.labels.timestamps, latest_ms))

    def moved(self, by_ms: int) -> Later:
        """The same, all times later by so many milliseconds."""
        return self._at(self.labels.timestamps + by_ms)

    def _at(self, times: IntArray) -> Later:
        return replace(self, labels=replace(self.labels, timestamps=times))


def later_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options of labels that come later, as the argument ``delay`` (LabelDelay or None)."""

    @functools.wraps(command)
    def bundled(**arguments: Any) -> None:
        median, never, seed = (
            arguments.pop(name) for name in ("label_later", "label_never", "label_seed")
        )
        if median is None:
            for name, value in (("--label-never", never), ("--label-seed", seed)):
                if value is not None:
                    raise click.UsageError(
                        f"{name} needs --label-later: how long after their events labels come."
                    )
            command(delay=None, **arguments)
            return
        command(delay=LabelDelay(median, never or 0.0, seed or 0), **arguments)

    options = (
        click.option(
            "--label-later",
            type=DURATION,
            help="Labels come on their own, half of them later than this after their events.",
        ),
        click.option(
            "--label-never",
            type=click.FloatRange(0, 1),
            metavar="SHARE",
            help="The share of labels that never come [default: 0].",
        ),
        click.option(
            "--label-seed",
            type=click.IntRange(0),
            metavar="N",
            help="Another number draws other delays [default: 0].",
        ),
    )
    for option in reversed(options):
        bundled = option(bundled)
    return bundled


def check_joined(settings: Settings) -> None:
    """Refuse settings by which labels on their own are not read."""
    if not settings.labels.join:
        raise click.UsageError(
            "--label-later, and labels.join is false in the configuration: labels that come on "
            "their own are not read; set labels.join: true."
        )


def unlabelled(rows: Rows, model: str) -> Iterator[EventBatch]:
    """The rows as events of a model without ground truth, each with an id.

    Those without an id of their own are called MODEL-N by the number of their row, from 1.
    """
    for batch in rows.batches(model):
        yield replace(batch, prediction_ids=_ids(batch, model), ground_truth=None)


def labels_of(rows: Rows, model: str, delay: LabelDelay, output: Output) -> Later:
    """The labels of the rows as messages of their own, by the ids of :func:`unlabelled`."""
    roles = rows.roles
    if roles.label is None:
        raise click.UsageError(
            "--label-later needs the labels: name their column by --label, or their file by "
            "--labels."
        )
    bare = Roles(features=(), label=roles.label, id=roles.id, timestamp=roles.timestamp)
    parts = [*replace(rows, roles=bare).batches(model)]
    ids = [id_ for part in parts for id_ in _ids(part, model)]
    truths = [truth for part in parts for truth in _listed(part.ground_truth, len(part))]
    if (repeated := len(ids) - len(set(ids))) > 0:
        output.warn(
            f"{repeated:,} rows have the {roles.id} of a row before them; a label is the "
            "first one's alone"
        )
    drawn = delay.times(np.concatenate([part.timestamps for part in parts]))
    there = np.array([truth is not None for truth in truths], dtype=np.bool_)
    comes = np.flatnonzero(there & drawn.comes)
    if len(comes) and int(drawn.at[comes].max()) > MAX_MS:
        raise click.UsageError(
            "the last label would be later than the year 5138; set a shorter --label-later."
        )
    numbers = np.arange(len(ids), dtype=np.int64)
    whole = LabelBatch(model, numbers, drawn.at, ids, truths)
    in_time: IntArray = comes[np.argsort(drawn.at[comes], kind="stable")]
    return Later(whole.take(in_time, model), int(np.count_nonzero(there)) - len(comes))


def latest_label_ms(rows: Rows, speed: float, now_ms: int) -> int:
    """The latest time that a label may have, so as not to lie in the future when it is sent.

    Rows and labels are sent from ``now_ms`` on at a speed: at 0 all of them now; at more than
    1 event time overtakes the clock once, and a label of that time comes last. A label may
    always be as late as the last event, which is checked by itself.
    """
    if not speed:
        return max(rows.last_ms, now_ms)
    if speed <= 1:
        return MAX_MS
    overtakes = now_ms + (now_ms - rows.first_ms) / (speed - 1)
    return max(rows.last_ms, min(int(overtakes), MAX_MS))


def _ids(batch: EventBatch, model: str) -> list[str]:
    numbers = (batch.offsets + 1).tolist()
    given = _listed(batch.prediction_ids, len(batch))
    return [
        f"{model}-{number}" if id_ is None or id_ == "" else str(id_)
        for number, id_ in zip(numbers, given, strict=True)
    ]


def _listed(column: RawColumn | None, rows: int) -> list[Any]:
    if column is None:
        return [None] * rows
    return column.tolist() if isinstance(column, np.ndarray) else list(column)
