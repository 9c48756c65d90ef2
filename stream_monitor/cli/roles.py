"""The options that say which column of a data file is what, the same for every command."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from stream_monitor.reference.data import Roles

Command = TypeVar("Command", bound=Callable[..., object])

#: Roles in the order in which they are told.
ROLES = ("prediction", "score", "label", "id", "timestamp", "latency", "version")

_OPTIONS = (
    click.option("--prediction", metavar="COL", help="The predictions."),
    click.option("--score", metavar="COL", help="The score or probability behind a prediction."),
    click.option("--label", metavar="COL", help="The ground truth."),
    click.option("--id", "id_", metavar="COL", help="The identifiers; not monitored."),
    click.option("--timestamp", metavar="COL", help="The times; not monitored."),
    click.option(
        "--feature",
        "features",
        metavar="COL",
        multiple=True,
        help="A feature [default: all the rest].",
    ),
    click.option("--ignore", metavar="COL", multiple=True, help="A column to leave out."),
)


def role_options(command: Command) -> Command:
    """Arguments ``prediction, score, label, id_, timestamp, features, ignore``."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


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
