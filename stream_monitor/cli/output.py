"""What commands say and how they are told: one place for tables, JSON, progress and options.

stdout carries the result only: lines and tables for people, or with ``--json`` exactly one
JSON document. stderr carries progress and warnings. Without a terminal nothing is coloured
and progress is a plain line every few seconds.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

from stream_monitor.config import duration
from stream_monitor.errors import ConfigurationError, StreamMonitorError

if TYPE_CHECKING:
    from stream_monitor.config.settings import Settings

Command = TypeVar("Command", bound=Callable[..., object])

#: Read where ``--config`` is not given and no variable names another file.
DEFAULT_CONFIG = "monitor.yaml"
CONFIG_VARIABLE = "STREAM_MONITOR_CONFIG"

#: A file or a pipe has no width; tables there are not folded to a terminal's.
WIDE = 200
#: Between two plain lines of progress.
PLAIN_EVERY_S = 3.0


class Progress(Protocol):
    """What the body of ``Output.progress`` reports to."""

    def advance(self, by: int = 1) -> None: ...
    def say(self, what: str) -> None: ...


class Output:
    """All that a command writes; make one at its start.

    With ``as_json`` the lines and tables for people are silent, and ``emit_json`` writes;
    without it the other way round, so a command may simply call both.
    """

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json
        self._out = _console(stderr=False)
        self._err = _console(stderr=True)

    def line(self, text: str = "", style: str = "") -> None:
        """One line for people on stdout, as it is (no markup is read in it)."""
        if not self.as_json:
            self._out.print(Text(text, style=style), soft_wrap=True)

    def table(
        self, columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None
    ) -> None:
        """A table for people on stdout; figures (int and float) stand to the right."""
        if self.as_json:
            return
        cells = [list(row) for row in rows]
        table = Table(title=title, title_justify="left", title_style="bold")
        for i, name in enumerate(columns):
            figures = cells and all(isinstance(row[i], int | float | None) for row in cells)
            table.add_column(name, justify="right" if figures else "left", overflow="fold")
        for row in cells:
            table.add_row(*(cell if isinstance(cell, Text) else Text(_cell(cell)) for cell in row))
        self._out.print(table)

    def emit_json(self, value: object) -> None:
        """The one JSON document on stdout (only with ``as_json``); NaN and ±inf are null."""
        if self.as_json:
            click.echo(json.dumps(_json(value), indent=2, ensure_ascii=False, allow_nan=False))

    def warn(self, text: str) -> None:
        """A warning on stderr; the run goes on."""
        self._err.print(Text(f"warning: {text}", style="yellow"), soft_wrap=True)

    def fail(self, sentence: str, error: type[StreamMonitorError] = StreamMonitorError) -> NoReturn:
        """End the command with an error sentence; ``main`` prints it and sets the exit code."""
        raise error(sentence)

    @contextmanager
    def progress(self, what: str, total: int | None = None) -> Iterator[Progress]:
        """Progress on stderr for anything that may take over 2 s; ``total`` None: unknown."""
        if not self._err.is_terminal:
            yield _PlainProgress(self._err, what, total)
            return
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        with Bars(*columns, console=self._err, transient=True) as bars:
            yield _BarProgress(bars, what, total)


class _BarProgress:
    def __init__(self, bars: Bars, what: str, total: int | None) -> None:
        self._bars = bars
        self._task = bars.add_task(what, total=total)

    def advance(self, by: int = 1) -> None:
        self._bars.advance(self._task, by)

    def say(self, what: str) -> None:
        self._bars.update(self._task, description=what)


class _PlainProgress:
    def __init__(self, console: Console, what: str, total: int | None) -> None:
        self._console = console
        self._what = what
        self._total = total
        self._done = 0
        self._said = time.monotonic()

    def advance(self, by: int = 1) -> None:
        self._done += by
        now = time.monotonic()
        if now - self._said >= PLAIN_EVERY_S:
            self._said = now
            share = f" of {self._total:,} ({self._done / self._total:.0%})" if self._total else ""
            self._console.print(Text(f"{self._what}: {self._done:,}{share}"), soft_wrap=True)

    def say(self, what: str) -> None:
        self._what = what


def json_option(command: Command) -> Command:
    """``--json``, as the argument ``as_json``."""
    return click.option(
        "--json", "as_json", is_flag=True, help="One JSON document on stdout instead of text."
    )(command)


def target_option(text: str) -> Callable[[Command], Command]:
    """``--output``, as the argument ``target``; ``text`` is its help."""
    return click.option(
        "-o", "--output", "target", type=click.Path(path_type=Path), metavar="FILE", help=text
    )


def config_option(command: Command) -> Command:
    """``--config``, as the argument ``config_path`` for load_settings."""
    return click.option(
        "--config",
        "config_path",
        type=click.Path(path_type=Path),
        help=f"The configuration [default: ${CONFIG_VARIABLE}, or {DEFAULT_CONFIG} if it exists].",
    )(command)


def bootstrap_servers_option(command: Command) -> Command:
    """``--bootstrap-servers``, as an argument of that name; give it to load_settings."""
    return click.option(
        "--bootstrap-servers",
        metavar="HOST:PORT[,...]",
        help="The brokers, instead of kafka.bootstrap_servers of the configuration.",
    )(command)


class DurationType(click.ParamType):
    """A duration such as 1h30m as an option's value; whole ms in Python."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        try:
            return duration.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


DURATION = DurationType()


def read_config(path: Path | None) -> tuple[str | None, str]:
    """The configuration's text and name: the path given, the variable's, or the default file.

    Without any of them the text is None. Raises ConfigurationError where a file that was
    named cannot be read.
    """
    named = path or Path(os.environ.get(CONFIG_VARIABLE) or "")
    if named == Path():
        named = Path(DEFAULT_CONFIG)
        if not named.exists():
            return None, "the configuration"
    try:
        return named.read_text(encoding="utf-8-sig"), str(named)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigurationError(f"the configuration {named} cannot be read: {reason}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"the configuration {named} is not UTF-8 text") from error


def load_settings(path: Path | None, overrides: Mapping[str, object] | None = None) -> Settings:
    """The settings of the file, the environment and the command line, the later over the former.

    ``overrides`` are what options say, by dotted key (``{"kafka.bootstrap_servers": ...}``);
    an option that is not given (None) overrides nothing. Raises ConfigurationError that
    lists everything wrong.
    """
    from stream_monitor.config.load import load

    text, source = read_config(path)
    return load(text, os.environ, source, from_options(overrides))


def from_options(overrides: Mapping[str, object] | None) -> dict[str, tuple[object, str]]:
    """Overrides as ``config.load`` takes them: each with the option that it came from."""
    return {
        key: (value, f"--{key.rpartition('.')[2].replace('_', '-')}")
        for key, value in (overrides or {}).items()
        if value is not None
    }


def _console(stderr: bool) -> Console:
    console = Console(stderr=stderr, markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = WIDE
    return console


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _json(value: object) -> object:
    """A value as JSON has it: dataclasses as objects, enums by value, numpy as numbers."""
    if isinstance(value, Enum):
        return _json(value.value)
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _json(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _json(item) for key, item in value.items()}
    tolist = getattr(value, "tolist", None)  # numpy's scalars and arrays
    if tolist is not None:
        return _json(tolist())
    if isinstance(value, Iterable):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return [_json(item) for item in items]
    return str(value)
