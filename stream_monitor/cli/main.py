"""The command ``stream-monitor``: which subcommands there are, and how a run ends.

A run that fails prints one sentence on stderr, after ``error: ``, and ends with the exit
code of its kind: 1 for anything else, 2 for a wrong configuration or wrong use of the
command line, 3 for data that cannot be used, 4 for a broker that cannot be reached, 130
after Ctrl-C. With ``--json`` among the arguments the error is one JSON object on stderr,
``{"error": {"kind": ..., "message": ..., "exit_code": ...}}``, and stdout stays without it.
A traceback is a bug of ours.

Subcommands are imported when they are run, so that ``--help`` does not wait for numpy,
scipy or faust.
"""

from __future__ import annotations

import difflib
import importlib
import json
import sys
from collections.abc import Sequence
from importlib import metadata

import click

from stream_monitor.errors import StreamMonitorError

INTERRUPTED = 130

#: Name to where the command is (module:attribute) and what ``--help`` says of it.
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": (
        "stream_monitor.cli.demo:demo",
        "Show a drift being found, on this machine and without a broker of your own.",
    ),
    "worker": (
        "stream_monitor.cli.worker:worker",
        "Run a worker: read predictions from Kafka, judge them, publish alerts.",
    ),
    "reference": (
        "stream_monitor.cli.reference:reference",
        "Build, show and publish the references that models are judged by.",
    ),
    "replay": (
        "stream_monitor.cli.replay:replay",
        "Send the rows of a file to Kafka, as events.",
    ),
    "labels": (
        "stream_monitor.cli.labels:labels",
        "Send the truth about predictions to Kafka, once it is known.",
    ),
    "backtest": (
        "stream_monitor.cli.backtest:backtest",
        "Judge a data file window by window, and count what would have been alarms.",
    ),
    "report": (
        "stream_monitor.cli.report:report",
        "Tell what a model's period was like, as one HTML page.",
    ),
    "scenario": (
        "stream_monitor.cli.scenario:scenario",
        "Rehearse a failure whose answer is known, with or without Kafka.",
    ),
    "config": (
        "stream_monitor.cli.config:config",
        "Check and show the configuration.",
    ),
    "topics": (
        "stream_monitor.cli.topics:topics",
        "Create the topics in Kafka.",
    ),
}


class LazyGroup(click.Group):
    """A group whose commands are listed from COMMANDS and imported when one is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}:{attribute} is no click command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            like = difflib.get_close_matches(name, COMMANDS, n=1)
            hint = f"do you mean {like[0]}?" if like else f"there are {', '.join(COMMANDS)}."
            ctx.fail(f"there is no command {name}; {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--version", is_flag=True, help="Show the version.")
@click.pass_context
def cli(ctx: click.Context, version: bool) -> None:
    """Monitor the predictions of models on Kafka: drift, data quality, performance, latency."""
    if version:
        click.echo(f"stream-monitor {_version()}")
        ctx.exit()
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(args: Sequence[str] | None = None) -> None:
    """The console entry: run a command and exit with its code, without a traceback."""
    given = list(sys.argv[1:] if args is None else args)
    sys.exit(run(given))


def run(args: list[str]) -> int:
    """Run a command line (without the program's name); its exit code."""
    as_json = "--json" in args
    try:
        result = cli.main(args, prog_name="stream-monitor", standalone_mode=False)
    except StreamMonitorError as error:
        return _failed(type(error).__name__, str(error), error.exit_code, as_json)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.UsageError as error:
        hint = f"\nTry '{error.ctx.command_path} --help'." if error.ctx is not None else ""
        message = error.format_message() + ("" if as_json else hint)
        return _failed("UsageError", message, error.exit_code, as_json)
    except click.ClickException as error:
        kind = type(error).__name__
        return _failed(kind, error.format_message(), error.exit_code, as_json)
    except (click.Abort, KeyboardInterrupt):
        return _failed("Interrupted", "interrupted", INTERRUPTED, as_json)
    # click hands the code of ctx.exit() back; our commands return nothing else.
    return result if isinstance(result, int) else 0


def _version() -> str:
    try:
        return metadata.version("stream-monitor")
    except metadata.PackageNotFoundError:
        return "of a source tree that is not installed"


def _failed(kind: str, message: str, exit_code: int, as_json: bool) -> int:
    if as_json:
        error = {"kind": kind, "message": message, "exit_code": exit_code}
        click.echo(json.dumps({"error": error}, ensure_ascii=False), err=True)
    else:
        click.secho(f"error: {message}", fg="red", err=True)
    return exit_code
