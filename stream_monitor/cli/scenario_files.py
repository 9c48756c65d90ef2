"""Finding scenarios, shipped ones by name and others by path, and making them."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click
import pyarrow as pa

from stream_monitor import data
from stream_monitor.config.fields import nearest
from stream_monitor.errors import ConfigurationError, DataError
from stream_monitor.reference.data import read
from stream_monitor.scenarios.prepare import Tables
from stream_monitor.scenarios.spec.base import FromFile
from stream_monitor.scenarios.spec.load import load
from stream_monitor.scenarios.spec.scenario import Scenario

Command = TypeVar("Command", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Named:
    """A scenario, what it is called, and the folder that its files' names count from."""

    name: str
    scenario: Scenario
    folder: Path

    def tables(self) -> Tables | None:
        """The rows of the files of its base, if that has any; DataError if they cannot be read."""
        base = self.scenario.base
        if not isinstance(base, FromFile):
            return None
        return Tables(self._rows("file", base.file), self._rows("reference", base.reference))

    def _rows(self, key: str, file: str) -> pa.Table:
        try:
            return read(self.folder / file)
        except DataError as error:
            raise DataError(f"{self.name}, base.{key}: {error}") from error


def find(name: str, overrides: tuple[str, ...] = ()) -> Named:
    """The scenario of a shipped name or of a file; a clear error where there is none."""
    shipped = data.scenarios()
    path = shipped.get(name, Path(name))
    if name not in shipped and path.is_dir():
        raise DataError(
            f"{name} is a folder; give a scenario's file, or the name of a shipped one."
        )
    if name not in shipped and not path.is_file():
        like = nearest(name, shipped)
        hint = f"do you mean {like}?" if like else "stream-monitor scenario list has their names."
        raise DataError(f"There is no scenario {name}, and no file of that path; {hint}")
    others = {other: _text(file) for other, file in shipped.items() if other != name}
    return Named(
        path.stem,
        load(_text(path), name if name in shipped else str(path), overrides, others),
        path.parent,
    )


def again(name: str, overrides: tuple[str, ...]) -> str:
    """The same scenario for another command, as a shell takes it."""
    return shlex.join([name, *(word for each in overrides for word in ("--set", each))])


def set_option(command: Command) -> Command:
    """``--set``, as the argument ``overrides``."""
    return click.option(
        "--set",
        "overrides",
        multiple=True,
        metavar="PATH=VALUE",
        help="Another value, by its path (base.traffic.rate=600) or by the name of an injection "
        "(drift.factor=0.9). Repeatable.",
    )(command)


def seed_option(command: Command) -> Command:
    """``--seed``, as an argument of that name."""
    return click.option(
        "--seed",
        type=click.IntRange(0),
        default=0,
        show_default=True,
        help="Another number draws another stream of the same kind.",
    )(command)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DataError(f"{path} cannot be read: {reason}.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not UTF-8 text") from error
