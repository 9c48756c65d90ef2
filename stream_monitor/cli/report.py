"""``stream-monitor report``: what a period was like, as one HTML page."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from stream_monitor.alerts.times import rfc3339
from stream_monitor.cli.broker import ask, check_topic
from stream_monitor.cli.files import check_target, write_whole
from stream_monitor.cli.output import (
    Output,
    bootstrap_servers_option,
    config_option,
    json_option,
    load_settings,
    target_option,
)
from stream_monitor.cli.rows import Time, check_span
from stream_monitor.errors import DataError
from stream_monitor.reports.document import document
from stream_monitor.reports.history import Gathering, History
from stream_monitor.reports.overview import overview
from stream_monitor.reports.page import render

if TYPE_CHECKING:
    from stream_monitor.config.settings import Settings
    from stream_monitor.reference.model import Reference


@click.command()
@click.option("--model", metavar="NAME", help="The model [default with --from: that of the file].")
@click.option(
    "--since",
    "since_ms",
    type=Time(),
    metavar="TIME",
    help="The event time from which on windows count, RFC 3339 [default with --from: all].",
)
@click.option(
    "--until",
    "until_ms",
    type=Time(),
    metavar="TIME",
    help="Up to here [default: now; with --from: all].",
)
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What backtest --json has written, instead of Kafka.",
)
@target_option("Write the page here.")
@config_option
@bootstrap_servers_option
@json_option
def report(
    model: str | None,
    since_ms: int | None,
    until_ms: int | None,
    source: Path | None,
    target: Path | None,
    config_path: Path | None,
    bootstrap_servers: str | None,
    as_json: bool,
) -> None:
    """Tell what a model's period was like: one HTML page, or JSON.

    The page has a verdict, the alerts, each column's drift, performance, quality and latency, a
    forecast and what to do. It needs no network and no script, so it can be sent and kept. Reports
    and alerts are read from their topics; what these have forgotten cannot be told any more.
    """
    output = Output(as_json)
    if target is None and not as_json:
        raise click.UsageError("say where the page goes: -o report.html, or --json for stdout.")
    if target is not None:
        check_target(target)
    settings = load_settings(config_path, {"kafka.bootstrap_servers": bootstrap_servers})
    if source is not None:
        history = from_file(source, settings, model, since_ms, until_ms)
    elif model is None or since_ms is None:
        raise click.UsageError("--model and --since are needed (or --from a backtest's file).")
    else:
        until = time.time_ns() // 1_000_000 if until_ms is None else until_ms
        history = _from_kafka(settings, model, since_ms, until, output)
    write_report(output, history, target)
    output.emit_json(document(history) if as_json else None)


def write_report(output: Output, history: History, target: Path | None) -> None:
    """Write the page, and say its verdict."""
    if target is not None:
        page = render(history).encode()
        write_whole(target, page)
        output.line(overview(history).sentence, style="bold")
        output.line(f"{target}: {len(history.windows):,} windows, {len(page):,} bytes")
    if history.unread:
        output.warn(f"{history.unread:,} documents could not be read, and are left out")


class Backtested(msgspec.Struct):
    """The part of a backtest's document that a report is made of; windows stay undecoded."""

    model: str
    windows: list[msgspec.Raw]
    alerts: list[dict[str, object]]


def from_file(
    source: Path,
    settings: Settings,
    model: str | None = None,
    since_ms: int | None = None,
    until_ms: int | None = None,
) -> History:
    """The history of what ``backtest --json`` has written.

    Raises:
        DataError: the file is not such a document, is of another model, or has no window of the
            period.
    """
    try:
        told = msgspec.json.decode(source.read_bytes(), type=Backtested)
        gathering = Gathering(told.model, since_ms, until_ms, settings.for_model(told.model))
        for window in told.windows:
            gathering.report(msgspec.json.decode(window, type=dict[str, Any]))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DataError(f"{source} cannot be read: {reason}.") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DataError(
            f"{source} is not what stream-monitor backtest --json writes: {error}."
        ) from error
    if model is not None and model != told.model:
        raise DataError(f"{source} is of the model {told.model}, not of {model}.")
    if not told.windows:
        raise DataError(f"{source} has no window; the backtest judged nothing.")
    for alert in told.alerts:
        gathering.alert(alert)
    history = gathering.history()
    if history.unread and not history.windows:
        raise DataError(f"{source} was written by another version; run the backtest again.")
    if not history.windows:
        raise DataError(
            f"{source} has {len(told.windows):,} windows and none of them ends in the period; "
            "without --since and --until all of them count."
        )
    return history


def _from_kafka(
    settings: Settings, model: str, since_ms: int, until_ms: int, output: Output
) -> History:
    from stream_monitor.kafka.references import published
    from stream_monitor.kafka.told import read_told

    check_span(since_ms, until_ms)
    kafka = settings.kafka
    topic = kafka.topic("reports")
    gathering = Gathering(model, since_ms, until_ms, settings.for_model(model))

    async def work(topics: Mapping[str, int]) -> Sequence[Reference]:
        check_topic(topic, topics, kafka)
        with output.progress("reading reports") as progress:
            await read_told(settings, topics, model, since_ms, gathering, progress.advance)
        if kafka.topic("references") not in topics:
            return ()
        return [each.reference for each in await published(kafka, model)]

    history = gathering.history(ask(kafka, work))
    if not history.windows:
        raise DataError(
            f"the topic {topic} has no report of {model} for windows that end between "
            f"{rfc3339(since_ms)} and {rfc3339(until_ms)}; take an earlier --since, or see whether "
            "a worker runs and the model's name is right."
        )
    return history
