"""The options that say which column of a data file is what, the same for every command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from stream_monitor.cli.bundle import bundled
from stream_monitor.cli.output import Output
from stream_monitor.reference.data import Roles, assign_roles, read
from stream_monitor.reference.model import Kind

if TYPE_CHECKING:
    import pyarrow as pa

Command = TypeVar("Command", bound=Callable[..., object])

#: Roles in the order in which they are told.
ROLES = ("prediction", "score", "label", "id", "timestamp", "latency", "version")

ROLE_OPTIONS = (
    click.option("--prediction", metavar="COL", help="The predictions."),
    click.option("--score", metavar="COL", help="The score or probability behind a prediction."),
    click.option("--label", metavar="COL", help="The ground truth."),
    click.option("--id", "id_", metavar="COL", help="The identifiers; not monitored."),
    click.option(
        "--timestamp",
        "--time-column",
        "timestamp",
        metavar="COL",
        help="The times; not monitored.",
    ),
    click.option(
        "--feature",
        "features",
        metavar="COL",
        multiple=True,
        help="A feature [default: all the rest].",
    ),
    click.option("--ignore", metavar="COL", multiple=True, help="A column to leave out."),
)


@dataclass(frozen=True)
class RoleOptions:
    """What the options of roles say; a role that none names is found by its column's name."""

    prediction: str | None = None
    score: str | None = None
    label: str | None = None
    id_: str | None = None
    timestamp: str | None = None
    features: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def assign(self, table: pa.Table) -> Roles:
        """What each column of the table is to the model."""
        return assign_roles(
            table,
            prediction=self.prediction,
            score=self.score,
            label=self.label,
            id=self.id_,
            timestamp=self.timestamp,
            features=self.features,
            ignore=self.ignore,
        )

    def rows_of(self, data: Path, output: Output) -> tuple[pa.Table, Roles]:
        """The rows of a file, with progress, and what their columns are to the model."""
        with output.progress(f"rows of {data.name}") as progress:
            table = read(data, advance=progress.advance)
        return table, self.assign(table)


#: The options of roles, as the one argument ``named`` (RoleOptions).
role_options = bundled("named", RoleOptions, ROLE_OPTIONS)


class ColumnKind(click.ParamType):
    """``COL=KIND`` as an option's value; a pair in Python."""

    name = "col=kind"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Kind]:
        name, equals, kind = str(value).rpartition("=")
        if not equals or kind not in set(Kind):
            self.fail(f"{value!r} is not COL={'|'.join(Kind)}", param, ctx)
        return name, Kind(kind)


def kind_option(command: Command) -> Command:
    """``--kind COL=KIND``, as the argument ``kinds``."""
    return click.option(
        "--kind",
        "kinds",
        type=ColumnKind(),
        metavar=f"COL={'|'.join(Kind)}",
        multiple=True,
        help="How a column is measured, where the guess is wrong.",
    )(command)


def found_roles(roles: Roles) -> dict[str, str]:
    """Role to column, of the roles that have one."""
    return {role: name for role in ROLES if (name := roles.column(role)) is not None}


def told_roles(roles: Roles) -> str:
    """The roles in one line, with what was guessed."""
    told = [
        f"{role} {name}{' (guessed)' if role in roles.guessed else ''}"
        for role, name in found_roles(roles).items()
    ]
    return f"roles: {', '.join(told) or 'none'}; features {len(roles.features):,}"
