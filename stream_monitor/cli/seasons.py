"""``stream-monitor reference seasons``, and what is told of the season of a reference."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from stream_monitor.cli.output import Output, config_option, json_option, load_settings
from stream_monitor.cli.roles import RoleOptions, kind_option, role_options
from stream_monitor.errors import DataError
from stream_monitor.reference.build import build as build_reference
from stream_monitor.reference.data import times_of
from stream_monitor.reference.model import Kind, NumericColumn, Reference
from stream_monitor.reference.seasons import seasons as find_seasons
from stream_monitor.reference.strata import MIN_ROWS

if TYPE_CHECKING:
    import pyarrow as pa

    from stream_monitor.config.season import SeasonSettings
    from stream_monitor.config.settings import Settings
    from stream_monitor.reference.data import Roles
    from stream_monitor.statistics.arrays import IntArray

_SHOWN = 30  # rows of the table
_NAMED = 8  # strata that a line names


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--model", metavar="NAME", help="Whose settings count [default: the defaults].")
@role_options
@kind_option
@config_option
@json_option
def seasons(
    data: Path,
    model: str | None,
    named: RoleOptions,
    kinds: tuple[tuple[str, Kind], ...],
    config_path: Path | None,
    as_json: bool,
) -> None:
    """Look whether what is in DATA comes again each day or week, so that a season is needed.

    Of the configuration count the offset of local time (season.utc_offset_minutes) and the
    smallest change that matters (drift.min_effect). A trend, one odd day and rows that come in
    clusters are no season: what counts is that it comes again.
    """
    output = Output(as_json)
    table, roles = named.rows_of(data, output)
    if roles.timestamp is None:
        raise DataError(f"{data.name} has no times: name their column (--time-column COL).")
    settings = load_settings(config_path)
    own = settings.for_model(model) if model else settings.defaults
    made = build_reference(
        model or "model", table, roles, created_ms=0, source=data.name, kinds=dict(kinds)
    )
    with output.progress("columns by hour and weekday") as progress:
        found = find_seasons(
            made.columns,
            {column.id: table[column.name] for column in made.columns},
            times_of(table, roles.timestamp),
            utc_offset_minutes=own.season.utc_offset_minutes,
            advance=progress.advance,
        )
    least = own.drift.min_effect
    if found.found:
        columns = ("column", "by", "farthest", "distance", "p-value", "season")
        shown = found.found[:_SHOWN]
        output.table(
            columns,
            ((f.column, f.by, f.stratum, f.distance, f.p_value, f.matters(least)) for f in shown),
        )
        if len(found.found) > len(shown):
            output.line(f"and {len(found.found) - len(shown):,} more rows of smaller distance")
    output.line(found.told(least))
    output.emit_json(
        {
            "days": found.days,
            "min_effect": least,
            "needed": found.needed(least),
            "told": found.told(least),
            "found": found.found,
        }
    )


def times_for(
    season: SeasonSettings, table: pa.Table, roles: Roles, source: str
) -> IntArray | None:
    """The rows' times, if the season needs them; DataError without a column of times."""
    if season.by == "none":
        return None
    if roles.timestamp is None:
        raise DataError(
            f"The configured season is by {season.by}, and {source} has no times: name their "
            "column (--time-column COL), or set season: {by: none}."
        )
    return times_of(table, roles.timestamp)


def told_strata(shown: Reference) -> list[str]:
    """The season of a reference in lines; none without one."""
    strata = shown.strata
    if strata is None:
        return []
    rows = f"{min(strata.rows):,} to {max(strata.rows):,} rows"
    told = [f"season {_told(strata.season)}: {len(strata.names)} strata of {rows}"]
    if strata.dropped:
        told.append(
            f"without a reference of their own (under {MIN_ROWS} rows; not judged by evidence): "
            + _named(strata.dropped)
        )
    return told


def warn_of_thin_strata(output: Output, made: Reference) -> None:
    """Say it where a numeric sample has few values in a stratum: little is seen there."""
    if made.strata is None:
        return
    numeric = [column for column in made.columns if isinstance(column, NumericColumn)]
    least = [
        (int(counts.sum()), column.name, stratum, column.grid.total)
        for column in numeric
        for stratum, counts in made.strata.counts_of(column.id, made.strata.names).items()
        if column.grid.total < round(column.rows * (1 - column.missing))
    ]
    n, name, stratum, total = min(least, default=(MIN_ROWS, "", "", 0))
    if n < MIN_ROWS:
        more = -(-total * MIN_ROWS // max(n, 1) // 1000) * 1000
        output.warn(
            f"of the {total:,} values that are kept of {name} only {n:,} are in {stratum}, and "
            f"small changes there stay unseen: --sample-size {more} gives about {MIN_ROWS}"
        )


def warn_of_another_season(output: Output, shown: Reference, settings: Settings) -> None:
    """Say it where the configuration's season of the model is not the reference's."""
    season = settings.for_model(shown.model).season
    built = None if shown.strata is None else shown.strata.season
    wanted = None if season.by == "none" else season
    if _key(built) != _key(wanted):
        output.warn(
            f"the configured season of {shown.model} is {_told(wanted)}, but the reference was "
            f"built with {_told(built)}: build it again, or change the season"
        )


def strata_document(shown: Reference) -> dict[str, object] | None:
    """The season of a reference, of plain JSON values."""
    strata = shown.strata
    if strata is None:
        return None
    return {
        "by": strata.season.by,
        "utc_offset_minutes": strata.season.utc_offset_minutes,
        "contexts": strata.season.contexts,
        "strata": dict(zip(strata.names, strata.rows, strict=True)),
        "dropped": strata.dropped,
    }


def _key(season: SeasonSettings | None) -> object:
    return season and (season.by, season.utc_offset_minutes, season.contexts)


def _told(season: SeasonSettings | None) -> str:
    if season is None:
        return "none"
    hours, minutes = divmod(abs(season.utc_offset_minutes), 60)
    sign = "-" if season.utc_offset_minutes < 0 else "+"
    contexts = f" ({'; '.join(season.contexts)})" if season.contexts else ""
    return f"by {season.by}{contexts}, UTC{sign}{hours:02}:{minutes:02}"


def _named(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
