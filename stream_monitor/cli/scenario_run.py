"""``stream-monitor scenario run``: a scenario onto Kafka, for workers to find what is wrong."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Mapping
from pathlib import Path

import click

from stream_monitor.alerts.times import rfc3339
from stream_monitor.cli.broker import ask
from stream_monitor.cli.output import (
    Output,
    bootstrap_servers_option,
    config_option,
    json_option,
    load_settings,
)
from stream_monitor.cli.scenario_files import again, find, seed_option, set_option
from stream_monitor.scenarios.draw import wanted
from stream_monitor.scenarios.prepare import prepare
from stream_monitor.scenarios.start import start_of

#: Workers read the reference from another topic; events of the first moment shall be judged by it.
TAKE_UP_S = 2.0


@click.command()
@click.argument("name")
@click.option(
    "--speed",
    type=click.FloatRange(0),
    default=0.0,
    show_default=True,
    metavar="N",
    help="Seconds of event time a second: 1 as it would happen, 0 as fast as possible.",
)
@seed_option
@set_option
@config_option
@bootstrap_servers_option
@json_option
def run(
    name: str,
    speed: float,
    seed: int,
    overrides: tuple[str, ...],
    config_path: Path | None,
    bootstrap_servers: str | None,
    as_json: bool,
) -> None:
    """Publish NAME (or a file): its reference, its events, and late labels on their own.

    Event times are the latest of which none lies in the future, at the same hour of the day as in
    the scenario where its slides are shorter than a day. Workers judge by their own configuration:
    scenario show NAME --settings prints what it has to say. Events older than what workers have
    judged of the model come too late; to run a scenario again at once, --set model=ANOTHER.
    """
    if not math.isfinite(speed):
        raise click.UsageError("--speed is no finite number.")
    from stream_monitor.kafka.admin import create_topics
    from stream_monitor.kafka.references import publish, published
    from stream_monitor.kafka.replay import Replayed, replay

    output = Output(as_json)
    settings = load_settings(config_path, {"kafka.bootstrap_servers": bootstrap_servers})
    kafka = settings.kafka
    found = find(name, overrides)
    made, tables = found.scenario, found.tables()
    now_ms = time.time_ns() // 1_000_000
    drawn = prepare(made, seed, tables=tables)
    start_ms = start_of(made, drawn, speed, now_ms)
    prepared = prepare(made, seed, start_ms=start_ms, tables=tables)
    labels = prepared.stream.labels(made.model)
    total = len(prepared.stream) + (0 if labels is None else len(labels))
    topics_needed = [kafka.topic("references"), kafka.topic("predictions"), kafka.topic("labels")]
    if settings.for_model(made.model) != made.settings:
        output.warn(
            f"the configuration judges {made.model} by other settings than the scenario was made "
            f"for; stream-monitor scenario show {again(name, overrides)} --settings prints those"
        )

    sent = 0

    async def work(topics: Mapping[str, int]) -> Replayed:
        if not set(topics_needed) <= set(topics):
            await create_topics(settings)
        there = await published(kafka, made.model)
        reference = prepared.reference
        await publish(reference.instead_of(there[-1].reference) if there else reference, kafka)
        await asyncio.sleep(TAKE_UP_S)
        with output.progress(f"sending {found.name}", total) as progress:

            def advance(rows: int) -> None:
                nonlocal sent
                sent += rows
                progress.advance(rows)

            return await replay(
                prepared.stream.batches(made.model),
                kafka,
                labels=() if labels is None else (labels,),
                speed=speed,
                on_progress=advance,
            )

    try:
        done = ask(kafka, work)
    except KeyboardInterrupt:
        if sent:
            output.warn(
                f"{sent:,} of {total:,} events and labels had been sent; to run it again at once, "
                "give it another model: --set model=ANOTHER"
            )
        raise
    output.line(f"{found.name}: {made.story}", style="bold")
    output.line(f"reference {prepared.reference.hash} of {made.model} on {topics_needed[0]}")
    output.line(
        f"{done.rows:,} events on {topics_needed[1]}, {done.labels:,} labels on "
        f"{topics_needed[2]}, in {done.seconds:.1f} s"
    )
    end_ms = start_ms + made.duration_ms
    output.line(f"times {rfc3339(start_ms)} to {rfc3339(end_ms)}")
    rows = [(rfc3339(start_ms + one.by_ms), wanted(one)) for one in made.expect.due]
    output.table(("by", "must be found"), rows or [(rfc3339(end_ms), "no alarm")])
    output.emit_json(
        {
            "scenario": found.name,
            "seed": seed,
            "model": made.model,
            "bootstrap_servers": kafka.bootstrap_servers,
            "reference_hash": prepared.reference.hash,
            "events": done.rows,
            "labels": done.labels,
            "seconds": done.seconds,
            "first_ms": start_ms,
            "last_ms": end_ms,
        }
    )
