"""``stream-monitor reference history``: which references a model has had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stream_monitor.alerts.times import rfc3339
from stream_monitor.cli.broker import ask, check_topic
from stream_monitor.cli.output import (
    Output,
    bootstrap_servers_option,
    config_option,
    json_option,
    load_settings,
)
from stream_monitor.errors import DataError

if TYPE_CHECKING:
    from stream_monitor.kafka.references import Published


@click.command()
@click.argument("model")
@config_option
@bootstrap_servers_option
@json_option
def history(
    model: str, config_path: Path | None, bootstrap_servers: str | None, as_json: bool
) -> None:
    """List the references that MODEL has had, the current one first.

    The topic keeps the newest for certain. It carries the record of those whose place it took,
    up to 20 of them; only the ones that are on the topic still can be used.
    """
    from stream_monitor.kafka.references import published

    output = Output(as_json)
    settings = load_settings(config_path, {"kafka.bootstrap_servers": bootstrap_servers})
    kafka = settings.kafka
    topic = kafka.topic("references")

    async def work(topics: Mapping[str, int]) -> list[Published]:
        check_topic(topic, topics, kafka)
        return await published(kafka, model)

    rows = listed(ask(kafka, work))
    if not rows:
        raise DataError(
            f"{model} has no reference on the topic {topic}; build one with stream-monitor "
            "reference build, and publish it with stream-monitor reference publish."
        )
    output.line(f"{model}: reference {rows[0]['hash']}", style="bold")
    output.table(
        ("hash", "made", "rows", "source", "replaces", "on the topic"),
        [
            (
                row["hash"],
                rfc3339(_ms(row["created_ms"])),
                row["rows"],
                row["source"],
                row["replaces"],
                row["on_topic"],
            )
            for row in rows
        ],
    )
    output.emit_json({"model": model, "topic": topic, "references": rows})


def listed(there: Sequence[Published]) -> list[dict[str, object]]:
    """One row a reference, the current one first, of plain JSON values.

    Those on the topic, and those that the newest has on record; ``on_topic``: the topic still
    has it. ``published_ms`` is ``None`` for those that it has not.
    """
    if not there:
        return []
    at = {found.reference.hash: found for found in there}
    newest = there[-1].reference
    chain = [(newest.hash, newest.rows, newest.source, newest.created_ms)]
    chain += [(gone.hash, gone.rows, gone.source, gone.created_ms) for gone in newest.former]
    on_record = {hash_ for hash_, *_ in chain}
    for found in reversed(there):  # published by programs that keep no record
        gone = found.reference
        if gone.hash not in on_record:
            on_record.add(gone.hash)
            chain.append((gone.hash, gone.rows, gone.source, gone.created_ms))
    recorded = len(newest.former)
    rows: list[dict[str, object]] = []
    for i, (hash_, count, source, created_ms) in enumerate(chain):
        older = at.get(hash_)
        replaces = chain[i + 1][0] if i < recorded else None
        if replaces is None and older is not None:
            replaces = older.reference.replaces
        rows.append(
            {
                "hash": hash_,
                "created_ms": created_ms,
                "published_ms": None if older is None else older.at_ms,
                "rows": count,
                "source": source,
                "replaces": replaces,
                "on_topic": older is not None,
            }
        )
    return rows


def _ms(value: object) -> int:
    return value if isinstance(value, int) else 0
