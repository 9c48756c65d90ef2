"""``stream-monitor labels``: ground truth that became known after the predictions."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click
import numpy as np
import pyarrow as pa

from stream_monitor.alerts.times import rfc3339
from stream_monitor.cli.broker import ask, check_topic
from stream_monitor.cli.output import (
    Output,
    bootstrap_servers_option,
    config_option,
    json_option,
    load_settings,
)
from stream_monitor.config import duration
from stream_monitor.config.settings import Settings
from stream_monitor.errors import DataError
from stream_monitor.events.batch import EventBatch
from stream_monitor.events.labels import LabelBatch
from stream_monitor.kafka.replay import Replayed, send_labels
from stream_monitor.reference.data import Roles, assign_roles, read, to_batches


@click.group()
def labels() -> None:
    """Send the truth about predictions to Kafka, once it is known."""


@labels.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--model", required=True, metavar="NAME", help="The model that predicted.")
@click.option("--id", "id_", required=True, metavar="COLUMN", help="The prediction_id of events.")
@click.option("--label", required=True, metavar="COLUMN", help="The ground truth.")
@click.option(
    "--timestamp",
    metavar="COLUMN",
    help="When the truth became known [default: when it is sent].",
)
@config_option
@bootstrap_servers_option
@json_option
def send(
    file: Path,
    model: str,
    id_: str,
    label: str,
    timestamp: str | None,
    config_path: Path | None,
    bootstrap_servers: str | None,
    as_json: bool,
) -> None:
    """Send the labels of FILE (.csv, .parquet or .jsonl) to the topic labels.

    Workers bring each to the event of its prediction_id, and report the windows again whose
    figures it changes. A row without a label or an id is not sent. A label that was sent before
    changes nothing, so a file may be sent again.
    """
    output = Output(as_json)
    settings = load_settings(config_path, {"kafka.bootstrap_servers": bootstrap_servers})
    kafka = settings.kafka
    topic = kafka.topic("labels")
    with output.progress(f"reading {file.name}") as progress:
        table = read(file, advance=progress.advance)
    found = _Labels.of(table, file, model, id_, label, timestamp)
    if timestamp is not None:
        _check_future(found, settings, timestamp)

    async def work(topics: Mapping[str, int]) -> Replayed:
        check_topic(topic, topics, kafka)
        with output.progress(f"sending to {topic}", found.count) as progress:
            return await send_labels(
                found.batches, kafka, dated=timestamp is not None, on_progress=progress.advance
            )

    done = ask(kafka, work)
    output.line(f"{model}: {done.labels:,} labels on {topic}", style="bold")
    for what, count in (("label", found.without_label), ("id", found.without_id)):
        if count:
            output.line(f"{count:,} rows without {what} were not sent")
    if timestamp is not None:
        output.line(f"times {rfc3339(found.first_ms)} to {rfc3339(found.last_ms)}")
    output.line(
        f"{done.label_bytes:,} bytes in {done.seconds:.1f} s "
        f"({done.labels / max(done.seconds, 1e-9):,.0f} labels/s)"
    )
    output.line(
        f"Next: workers report the windows again that these labels change, on "
        f"{kafka.topic('reports')}, within "
        f"{duration.render(settings.labels.emit_interval_ms + settings.labels.revise_interval_ms)}"
    )
    output.emit_json(
        {
            "model": model,
            "bootstrap_servers": kafka.bootstrap_servers,
            "topic": topic,
            "labels": done.labels,
            "without_label": found.without_label,
            "without_id": found.without_id,
            "bytes": done.label_bytes,
            "seconds": done.seconds,
            "first_ms": found.first_ms if timestamp is not None else None,
            "last_ms": found.last_ms if timestamp is not None else None,
        }
    )


@dataclass
class _Labels:
    """The labels of a file, and the rows that are none; without a column of times they are 0."""

    batches: list[LabelBatch] = field(default_factory=list)
    count: int = 0
    without_label: int = 0
    without_id: int = 0

    @classmethod
    def of(
        cls, table: pa.Table, file: Path, model: str, id_: str, label: str, timestamp: str | None
    ) -> _Labels:
        """All of a table; DataError if a column is missing or there is no label at all."""
        named = {name for name in (id_, label, timestamp) if name is not None}
        rest = [name for name in table.column_names if name not in named]
        # Asked for the roles, it says which column is not there, or has two of them.
        assign_roles(table, id=id_, label=label, timestamp=timestamp, ignore=rest)
        roles = Roles(features=(), id=id_, label=label, timestamp=timestamp)
        found = cls()
        for batch in to_batches(table, roles, model, start_ms=0, interval_ms=0):
            found._add(batch)
        if not found.count:
            raise DataError(
                f"{file} has no row with both {id_!r} and {label!r}, so there is no label to send."
            )
        return found

    @property
    def first_ms(self) -> int:
        return min(int(batch.timestamps.min()) for batch in self.batches)

    @property
    def last_ms(self) -> int:
        return max(int(batch.timestamps.max()) for batch in self.batches)

    def _add(self, batch: EventBatch) -> None:
        ids, truths = _listed(batch.prediction_ids), _listed(batch.ground_truth)
        named = np.array([id_ is not None and id_ != "" for id_ in ids], dtype=np.bool_)
        known = np.array([truth is not None for truth in truths], dtype=np.bool_)
        self.without_label += int(np.count_nonzero(~known))
        self.without_id += int(np.count_nonzero(known & ~named))
        rows = np.flatnonzero(named & known)
        if len(rows):
            whole = LabelBatch(
                batch.model,
                batch.offsets,
                batch.timestamps,
                ["" if id_ is None else str(id_) for id_ in ids],
                truths,
            )
            self.batches.append(whole.take(rows, batch.model))
            self.count += len(rows)


def _listed(column: object) -> list[object]:
    if isinstance(column, np.ndarray):
        return list(column.tolist())
    return list(column) if isinstance(column, list) else []


def _check_future(found: _Labels, settings: Settings, timestamp: str) -> None:
    """Refuse what readers would: labels later than their sending by more than the tolerance."""
    tolerance = settings.worker.future_tolerance_ms
    ahead = found.last_ms - time.time_ns() // 1_000_000
    if ahead > tolerance:
        raise DataError(
            f"the column {timestamp!r} has times up to {duration.render(ahead)} ahead of now, and "
            f"workers refuse more than {duration.render(tolerance)} (worker.future_tolerance): "
            "correct them, or leave --timestamp out and the labels are of now."
        )
