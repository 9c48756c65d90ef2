"""``stream-monitor topics``: the topics in Kafka."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from stream_monitor.cli.broker import ask
from stream_monitor.cli.output import (
    Output,
    bootstrap_servers_option,
    config_option,
    json_option,
    load_settings,
)
from stream_monitor.kafka.admin import Outcome, create_topics, topic_specs

#: Of a topic in a dry run: whether it exists was not asked.
PLANNED = "planned"


@click.group()
def topics() -> None:
    """Create the topics in Kafka, or see which there would be."""


@topics.command()
@config_option
@bootstrap_servers_option
@click.option("--partitions", type=int, metavar="N", help="Of each topic [default: of the config].")
@click.option("--replication", type=int, metavar="N", help="Copies [default: of the config].")
@click.option("--dry-run", is_flag=True, help="Only show what there would be; Kafka is not asked.")
@json_option
def create(
    config_path: Path | None,
    bootstrap_servers: str | None,
    partitions: int | None,
    replication: int | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Create the topics that are missing; those that exist are left as they are.

    The topic references always has one partition: every worker reads it whole.
    """
    output = Output(as_json)
    overrides = {
        "kafka.bootstrap_servers": bootstrap_servers,
        "kafka.partitions": partitions,
        "kafka.replication": replication,
    }
    settings = load_settings(config_path, overrides)
    kafka, specs = settings.kafka, topic_specs(settings)

    async def work(there: Mapping[str, int]) -> tuple[dict[str, Outcome], Mapping[str, int]]:
        return await create_topics(settings), there

    outcomes, there = ({}, {}) if dry_run else ask(kafka, work)
    rows = [
        {
            "topic": spec.name,
            "partitions": there.get(spec.name, spec.partitions),
            "outcome": str(outcomes.get(spec.name, PLANNED)),
            "why": spec.why,
        }
        for spec in specs
    ]
    output.table(
        ("topic", "partitions", "outcome", "why"),
        [tuple(row.values()) for row in rows],
        title=f"{kafka.bootstrap_servers}, replication {kafka.replication}",
    )
    unlike = [spec for spec in specs if there.get(spec.name, spec.partitions) != spec.partitions]
    if unlike:
        told = ", ".join(f"{spec.name} ({there[spec.name]:,})" for spec in unlike)
        output.warn(
            f"other numbers of partitions than the {kafka.partitions:,} of the configuration: "
            f"{told}; a topic that exists is left as it is"
        )
    output.emit_json(
        {
            "bootstrap_servers": kafka.bootstrap_servers,
            "replication": kafka.replication,
            "topics": rows,
        }
    )
