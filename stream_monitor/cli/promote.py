"""``stream-monitor reference promote``: after a true change, what is normal now."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stream_monitor.alerts.times import rfc3339
from stream_monitor.cli.broker import ask, check_topic
from stream_monitor.cli.files import write_whole
from stream_monitor.cli.output import (
    Output,
    bootstrap_servers_option,
    config_option,
    json_option,
    load_settings,
    target_option,
)
from stream_monitor.cli.rows import Time, check_span, until_option
from stream_monitor.config import duration
from stream_monitor.config.duration import DAY
from stream_monitor.errors import DataError
from stream_monitor.joining.recent import Recent, options_of
from stream_monitor.reference.codec import encode
from stream_monitor.reference.compare import Moved, compare
from stream_monitor.reference.model import Reference

if TYPE_CHECKING:
    from stream_monitor.config.season import SeasonSettings
    from stream_monitor.config.settings import Settings

#: With fewer rows than these a reference's own noise is in every comparison.
FEW_ROWS = 1_000


@click.command()
@click.argument("model")
@click.option(
    "--since",
    "since_ms",
    type=Time(),
    required=True,
    metavar="TIME",
    help="The event time from which on all is as it shall be, RFC 3339.",
)
@until_option
@click.option(
    "--rows",
    "limit",
    type=click.IntRange(1, 10_000_000),
    default=100_000,
    show_default=True,
    help="Of more events a uniform sample of so many.",
)
@click.option("--ignore", metavar="COL", multiple=True, help="A feature to leave out.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@target_option("Write the new reference to a file too.")
@click.option("--dry-run", is_flag=True, help="Show what would be, and publish nothing.")
@click.option("--yes", is_flag=True, help="Publish without asking.")
@config_option
@bootstrap_servers_option
@json_option
def promote(
    model: str,
    since_ms: int,
    until_ms: int | None,
    limit: int,
    ignore: tuple[str, ...],
    seed: int,
    target: Path | None,
    dry_run: bool,
    yes: bool,
    config_path: Path | None,
    bootstrap_servers: str | None,
    as_json: bool,
) -> None:
    """Make what MODEL's events are since a time its new reference.

    The events are read from the topic predictions and their labels from the topic labels; columns,
    kinds and the positive class stay those of the current reference. Old and new are shown side
    by side, what moved most first, and the new one is published if you agree. Running workers
    take it up without a restart: alerts of the old reference on drift and quality end, and all
    else goes on.
    """
    output = Output(as_json)
    if as_json and not (yes or dry_run):
        raise click.UsageError("--json cannot ask; add --yes or --dry-run.")
    settings = load_settings(config_path, {"kafka.bootstrap_servers": bootstrap_servers})
    now_ms = time.time_ns() // 1_000_000
    until = now_ms if until_ms is None else until_ms
    check_span(since_ms, until)
    old, recent, rejected = _read(settings, model, (since_ms, until), limit, ignore, output)
    topic = settings.kafka.topic("predictions")
    new = recent.build(
        created_ms=now_ms,
        source=f"{topic}, {rfc3339(since_ms)} to {rfc3339(until)}",
        seed=seed,
        **options_of(old),
    )
    moved = compare(old, new)
    _show(output, old, new, moved, recent)
    _warn(output, old, new, recent, settings.for_model(model).season, rejected)
    packed = encode(new)
    if target is not None:
        write_whole(target, packed)
        output.line(f"{target}: {len(packed):,} bytes")
    offset = None
    if new.hash == old.hash:
        output.line("The new reference is equal to the current one; there is nothing to publish.")
    elif dry_run:
        output.line("Nothing is published (--dry-run).")
    else:
        if not yes:
            click.confirm(f"Publish {new.hash} in place of {old.hash}?", abort=True)
        offset = _publish(settings, old, new)
        output.line(f"on the topic {settings.kafka.topic('references')}, offset {offset:,}")
        output.line("Running workers take it up without a restart.")
    output.emit_json(
        {
            "model": model,
            "hash": new.hash,
            "replaces": old.hash,
            "rows": new.rows,
            "events": recent.seen,
            "rejected": rejected,
            "labelled": 0 if new.baseline is None else new.baseline.labelled,
            "since_ms": since_ms,
            "until_ms": until,
            "first_ms": recent.first_ms,
            "last_ms": recent.last_ms,
            "file": None if target is None else str(target),
            "published": offset is not None,
            "offset": offset,
            "columns": [asdict(column) for column in moved],
        }
    )


def _read(
    settings: Settings,
    model: str,
    span: tuple[int, int],
    limit: int,
    ignore: tuple[str, ...],
    output: Output,
) -> tuple[Reference, Recent, int]:
    """The current reference, the events of the time, and how many records are not readable.

    Raises DataError without a reference, or without an event in the time.
    """
    from stream_monitor.kafka.recent import held, read_recent
    from stream_monitor.kafka.references import published

    kafka = settings.kafka
    predictions, references = kafka.topic("predictions"), kafka.topic("references")

    async def work(topics: Mapping[str, int]) -> tuple[Reference, Recent, int]:
        for name in (predictions, references):
            check_topic(name, topics, kafka)
        there = await published(kafka, model)
        if not there:
            raise DataError(
                f"{model} has no reference on the topic {references} to take the place of; build "
                "one with stream-monitor reference build."
            )
        old = there[-1].reference
        unknown = [name for name in ignore if f"feature:{name}" not in old.by_id]
        if unknown:
            raise DataError(f"The reference of {model} has no feature {unknown[0]!r} to ignore.")
        recent = Recent(old, *span, limit, ignore)
        with output.progress(f"reading {predictions}") as progress:
            rejected = await read_recent(settings, topics, recent, span[0], progress.advance)
        if not recent.seen:
            range_ = await held(settings, topics, model)
            raise DataError(
                f"{predictions} has no event of {model} from {rfc3339(span[0])} to "
                f"{rfc3339(span[1])}; "
                + (
                    "nor does it have any other: does the model's name differ there?"
                    if range_ is None
                    else f"it holds {rfc3339(range_.first_ms)} to {rfc3339(range_.last_ms)}."
                )
            )
        return old, recent, rejected

    return ask(kafka, work)


def _publish(settings: Settings, old: Reference, new: Reference) -> int:
    """The offset it got; DataError if another reference has come meanwhile."""
    from stream_monitor.kafka.references import publish, published

    async def work(topics: Mapping[str, int]) -> int:
        there = await published(settings.kafka, old.model)
        if not there or there[-1].reference.hash != old.hash:
            raise DataError(
                f"The reference of {old.model} was replaced meanwhile; nothing is published. "
                "Look at it with stream-monitor reference history, and begin again."
            )
        return await publish(new, settings.kafka)

    return ask(settings.kafka, work)


def _show(
    output: Output, old: Reference, new: Reference, moved: tuple[Moved, ...], recent: Recent
) -> None:
    output.line(f"{new.model}: reference {new.hash} in place of {old.hash}", style="bold")
    output.line(f"before: {old.rows:,} rows of {old.source}")
    sampled = f", a sample of {recent.seen:,} events" if recent.seen > new.rows else ""
    output.line(f"now:    {new.rows:,} rows of {new.source}{sampled}")
    if new.classes:
        labelled = 0 if new.baseline is None else new.baseline.labelled
        output.line(f"{labelled:,} of them with a label")
    output.table(
        ("column", "kind", "distance", "missing before", "now", "mean before", "now"),
        [
            (
                m.column,
                m.kind,
                m.distance,
                _share(m.missing_before),
                _share(m.missing_now),
                m.mean_before,
                m.mean_now,
            )
            for m in moved
        ],
    )
    output.line("distance: KS of numeric columns, the largest change of a share of the others")


def _warn(
    output: Output,
    old: Reference,
    new: Reference,
    recent: Recent,
    season: SeasonSettings,
    rejected: int,
) -> None:
    if new.rows < FEW_ROWS:
        output.warn(
            f"{new.rows:,} rows are few: every window will be compared with their noise too; "
            f"{FEW_ROWS:,} or more are better (an earlier --since)"
        )
    period = period_of(season)
    first_ms, last_ms = recent.first_ms, recent.last_ms
    if first_ms is not None and last_ms is not None and last_ms - first_ms < 0.95 * period:
        output.warn(
            f"the events span {duration.render(last_ms - first_ms)}, less than a period of "
            f"{duration.render(period)}: other hours of it may look like a change"
        )
    if new.task is not old.task or new.classes != old.classes:
        output.warn(
            f"the model was {old.task} of {', '.join(old.classes) or 'no classes'}, and is now "
            f"{new.task} of {', '.join(new.classes) or 'no classes'}"
        )
    if rejected:
        output.warn(f"{rejected:,} messages could not be read, and have no part in it")
    if old.baseline is not None and new.baseline is None:
        output.warn("no event has a label: there is no baseline, and performance is not estimated")


def period_of(season: SeasonSettings) -> int:
    """The time in ms that a reference should span at the least: a day, or the season's period."""
    if season.period_ms is not None:
        return season.period_ms
    return DAY if season.by in ("none", "hour") else 7 * DAY


def _share(value: float | None) -> str | None:
    return None if value is None else f"{value:.2%}"
