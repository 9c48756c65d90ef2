"""``stream-monitor reference``: what predictions are compared with, built, shown, published."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

import click

from stream_monitor.cli.broker import ask
from stream_monitor.cli.files import write_whole
from stream_monitor.cli.history import history
from stream_monitor.cli.output import (
    Output,
    bootstrap_servers_option,
    config_option,
    json_option,
    load_settings,
    target_option,
)
from stream_monitor.cli.promote import promote
from stream_monitor.cli.reference_told import reference_document, show_reference
from stream_monitor.cli.roles import (
    RoleOptions,
    found_roles,
    kind_option,
    role_options,
    told_roles,
)
from stream_monitor.cli.seasons import (
    seasons,
    times_for,
    warn_of_another_season,
    warn_of_thin_strata,
)
from stream_monitor.errors import DataError
from stream_monitor.reference.build import build as build_reference
from stream_monitor.reference.codec import decode, encode
from stream_monitor.reference.dependence import NEEDED, Dependence
from stream_monitor.reference.model import Kind, Reference

#: No reference in a file is larger; it would not fit into a Kafka message anyway.
MAX_FILE_BYTES = 64 << 20


@click.group()
def reference() -> None:
    """Build, show and publish the references that models are judged by."""


reference.add_command(promote)
reference.add_command(history)
reference.add_command(seasons)


@reference.command("build")
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--model", required=True, metavar="NAME", help="The model, as its events name it.")
@target_option("Where to write it [default: NAME.reference].")
@role_options
@kind_option
@click.option("--positive", metavar="LABEL", help="The positive class of a binary model.")
@click.option(
    "--dependence",
    type=click.Choice([str(how) for how in Dependence]),
    default=str(Dependence.AUTO),
    show_default=True,
    help="How numeric features are watched for moving together: by the products of all pairs, or "
    "by their principal components; auto: pairs of up to 10 features, pca for more.",
)
@click.option("--sample-size", type=click.IntRange(1), default=5000, show_default=True)
@click.option("--max-categories", type=click.IntRange(1), default=1000, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@config_option
@json_option
def build(
    data: Path,
    model: str,
    target: Path | None,
    named: RoleOptions,
    kinds: tuple[tuple[str, Kind], ...],
    positive: str | None,
    dependence: str,
    sample_size: int,
    max_categories: int,
    seed: int,
    config_path: Path | None,
    as_json: bool,
) -> None:
    """Build a reference from the rows of DATA (.csv, .parquet or .jsonl).

    Columns that no option names are recognised by their names (prediction, score, label,
    id, timestamp and the like), and all others are features. The table shows what was guessed.
    Where the configuration gives the model a season (season: {by: hour}), the rows are also
    counted by its strata, at their own times.
    """
    output = Output(as_json)
    table, roles = named.rows_of(data, output)
    season = load_settings(config_path).for_model(model).season
    times = times_for(season, table, roles, data.name)
    monitored = [*roles.features, *filter(None, (roles.prediction, roles.score))]
    with output.progress("columns", len(monitored)) as progress:
        made = build_reference(
            model,
            table,
            roles,
            created_ms=time.time_ns() // 1_000_000,
            source=data.name,
            sample_size=sample_size,
            max_categories=max_categories,
            seed=seed,
            kinds=dict(kinds),
            positive=positive,
            dependence=Dependence(dependence),
            times=times,
            season=season,
            progress=lambda done, total: progress.advance(),
        )
    packed = encode(made)
    target = target or Path(f"{model.replace(os.sep, '_')}.reference")
    write_whole(target, packed)
    show_reference(output, made)
    if made.derived is None and dependence != Dependence.NONE:
        output.line(f"to watch dependence {NEEDED}")
    warn_of_thin_strata(output, made)
    output.line(told_roles(roles))
    output.line(f"{target}: {len(packed):,} bytes")
    output.emit_json(
        reference_document(made)
        | {
            "file": str(target),
            "bytes": len(packed),
            "roles": found_roles(roles),
            "guessed": roles.guessed,
        }
    )


@reference.command()
@click.argument("file", type=click.Path(path_type=Path))
@config_option
@json_option
def show(file: Path, config_path: Path | None, as_json: bool) -> None:
    """Show what is in the reference FILE, and whether its season is the configuration's."""
    output = Output(as_json)
    found = load(file)
    settings = load_settings(config_path)
    show_reference(output, found)
    warn_of_another_season(output, found, settings)
    output.emit_json(reference_document(found))


@reference.command()
@click.argument("file", type=click.Path(path_type=Path))
@config_option
@bootstrap_servers_option
@json_option
def publish(
    file: Path, config_path: Path | None, bootstrap_servers: str | None, as_json: bool
) -> None:
    """Make the reference FILE its model's current one, on the topic references.

    Running workers take it up without a restart: events that they read from then on are
    judged by it. The topic is created if it is missing.
    """
    from stream_monitor.kafka.admin import Outcome, create_topics
    from stream_monitor.kafka.references import publish as publish_reference
    from stream_monitor.kafka.references import published

    output = Output(as_json)
    given = load(file)
    settings = load_settings(config_path, {"kafka.bootstrap_servers": bootstrap_servers})
    kafka = settings.kafka
    topic = kafka.topic("references")

    async def work(topics: Mapping[str, int]) -> tuple[list[str], Reference, int]:
        outcomes = {} if topic in topics else await create_topics(settings)
        created = [name for name, outcome in outcomes.items() if outcome is Outcome.CREATED]
        there = await published(kafka, given.model)
        found = given.instead_of(there[-1].reference) if there else given
        return created, found, await publish_reference(found, kafka)

    created, found, offset = ask(kafka, work)
    warn_of_another_season(output, found, settings)
    if created:
        output.line(f"created the topics {', '.join(created)}")
    output.line(f"{found.model}: reference {found.hash}", style="bold")
    output.line(f"on the topic {topic} of {kafka.bootstrap_servers}, offset {offset:,}")
    if found.replaces is not None:
        output.line(f"replaces {found.replaces}")
    output.line("Running workers take it up without a restart.")
    output.emit_json(
        {
            "model": found.model,
            "hash": found.hash,
            "replaces": found.replaces,
            "bootstrap_servers": kafka.bootstrap_servers,
            "topic": topic,
            "offset": offset,
            "created": created,
        }
    )


def load(file: Path) -> Reference:
    """The reference of a file; a DataError names the file and what is wrong with it."""
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise DataError(f"{file} is too large for a reference.")
        return decode(file.read_bytes())
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DataError(f"{file} cannot be read: {reason}.") from error
    except DataError as error:
        raise DataError(f"{file}: {error}") from error
