"""``stream-monitor replay``: the rows of a file onto Kafka, as model servers would send them."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path

import click

from stream_monitor.alerts.times import rfc3339
from stream_monitor.cli.broker import ask, check_topic
from stream_monitor.cli.later import (
    Later,
    labels_of,
    later_options,
    latest_label_ms,
    unlabelled,
)
from stream_monitor.cli.output import (
    Output,
    bootstrap_servers_option,
    config_option,
    json_option,
    load_settings,
)
from stream_monitor.cli.roles import found_roles, told_roles
from stream_monitor.cli.rows import RowOptions, Rows, labelled_rows, row_options
from stream_monitor.config import duration
from stream_monitor.config.settings import Settings
from stream_monitor.kafka.messages import Format
from stream_monitor.kafka.replay import Replayed
from stream_monitor.kafka.replay import replay as send
from stream_monitor.scenarios.delays import LabelDelay


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--model", required=True, metavar="NAME", help="The model of the events.")
@row_options
@later_options
@click.option(
    "--speed",
    type=click.FloatRange(0),
    default=0.0,
    show_default=True,
    metavar="N",
    help="Seconds of event time a second: 1 as it happened, 0 as fast as possible.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice([str(format_) for format_ in Format]),
    default=str(Format.JSON),
    show_default=True,
    help="One event a message, or many in columns.",
)
@config_option
@bootstrap_servers_option
@json_option
def replay(
    data: Path,
    model: str,
    rows: RowOptions,
    delay: LabelDelay | None,
    speed: float,
    format_: str,
    config_path: Path | None,
    bootstrap_servers: str | None,
    as_json: bool,
) -> None:
    """Send the rows of DATA (.csv, .parquet or .jsonl) to the topic predictions, as events.

    Rows go in the order of their times. Without timestamps, and without --start, they are
    the latest times of which none lies in the future: at --speed 0 the last row is now, at
    --speed 1 the first. With the --start of backtest (2024-01-01T00:00:00Z) and its other
    options the workers' verdicts are those of backtest. Events older than what workers have
    judged of the model already come too late: to replay a file twice, use another --model or
    a later --start.

    With --label-later events go without their ground truth, and their labels go to the topic
    labels by the prediction_id: --id, or MODEL-N by the number of the row. A label is sent when
    the events from before its time are; without --start it is the last label that is now. One
    that would lie in the future when it is sent gets the latest time that does not.
    """
    if not math.isfinite(speed):
        raise click.UsageError("--speed is no finite number.")
    output = Output(as_json)
    settings = load_settings(config_path, {"kafka.bootstrap_servers": bootstrap_servers})
    kafka = settings.kafka
    topic = kafka.topic("predictions")
    now_ms = time.time_ns() // 1_000_000
    found = rows.read(
        data,
        model,
        output,
        default_start=lambda span: now_ms - max(0, span - _wall_ms(span, speed)),
    )
    later = None if delay is None else labels_of(found, model, delay, output)
    if later is not None and len(later.labels):
        if found.roles.timestamp is None and rows.start_ms is None:
            span = max(found.last_ms, int(later.labels.timestamps[-1])) - found.first_ms
            start = now_ms - max(0, span - _wall_ms(span, speed))
            by = start - found.first_ms
            found, later = found.moved(by), later.moved(by)
        later = later.at_most(latest_label_ms(found, speed, now_ms))
    _check_future(found, settings, speed, now_ms)
    if later is not None and not settings.labels.join:
        output.warn("labels.join is false in the configuration: such workers read no labels")
    label_topic = kafka.topic("labels")
    needed = [topic] if later is None else [topic, label_topic]

    async def work(topics: Mapping[str, int]) -> Replayed:
        for name in needed:
            check_topic(name, topics, kafka)
        total = len(found) + (0 if later is None else len(later.labels))
        with output.progress(f"sending to {' and '.join(needed)}", total) as progress:
            return await send(
                found.batches(model) if later is None else unlabelled(found, model),
                kafka,
                labels=() if later is None else (later.labels,),
                format=Format(format_),
                speed=speed,
                on_progress=progress.advance,
            )

    done = ask(kafka, work)
    labelled = labelled_rows(found)
    output.line(f"{model}: {done.rows:,} events on {topic}", style="bold")
    output.line(told_roles(found.roles))
    if later is not None:
        output.line(f"{done.labels:,} labels on {label_topic}, {later.never:,} never sent")
    elif labelled is not None:
        output.line(f"{labelled:,} of them with a label")
    output.line(f"times {rfc3339(found.first_ms)} to {rfc3339(found.last_ms)}")
    output.line(
        f"{done.messages:,} messages, {done.bytes:,} bytes in {done.seconds:.1f} s "
        f"({done.rows / max(done.seconds, 1e-9):,.0f} events/s)"
    )
    slide = duration.render(settings.for_model(model).slide_ms)
    output.line(
        f"Next: workers report each {slide} of event time on {kafka.topic('reports')} and "
        f"{kafka.topic('alerts')}, the last windows after "
        f"{duration.render(settings.worker.idle_timeout_ms)} of silence;"
    )
    output.line(
        f"a worker shows the model at http://{settings.worker.host}:{settings.worker.port}/health"
    )
    output.emit_json(
        {
            "model": model,
            "bootstrap_servers": kafka.bootstrap_servers,
            "topic": topic,
            "format": format_,
            "rows": done.rows,
            "labelled": labelled,
            "messages": done.messages,
            "bytes": done.bytes,
            "seconds": done.seconds,
            "first_ms": found.first_ms,
            "last_ms": found.last_ms,
            "roles": found_roles(found.roles),
        }
        | ({} if later is None else {"labels": _labels(later, label_topic, done)})
    )


def _labels(later: Later, topic: str, done: Replayed) -> dict[str, object]:
    times = later.labels.timestamps
    return {
        "topic": topic,
        "sent": done.labels,
        "never_sent": later.never,
        "bytes": done.label_bytes,
        "first_ms": int(times[0]) if len(times) else None,
        "last_ms": int(times[-1]) if len(times) else None,
    }


def _wall_ms(span_ms: int, speed: float) -> int:
    """How long a span of event time takes to send at the least."""
    return int(span_ms / speed) if speed else 0


def _check_future(rows: Rows, settings: Settings, speed: float, now_ms: int) -> None:
    """Refuse what workers would: events later than their sending by more than the tolerance."""
    tolerance = settings.worker.future_tolerance_ms
    sent_ms = now_ms + _wall_ms(rows.last_ms - rows.first_ms, speed)
    ahead = max(rows.first_ms - now_ms, rows.last_ms - sent_ms)
    if ahead > tolerance:
        raise click.UsageError(
            f"some events would be {duration.render(ahead)} later than they are sent, and workers "
            f"refuse more than {duration.render(tolerance)} (worker.future_tolerance): "
            "set an earlier --start, or --start now with --speed 1."
        )
