"""``stream-monitor config``: is the configuration right, and what is in effect."""

from __future__ import annotations

import os
from pathlib import Path

import click

from stream_monitor.cli.output import (
    Output,
    bootstrap_servers_option,
    config_option,
    from_options,
    json_option,
    load_settings,
    read_config,
)
from stream_monitor.config.load import check as check_text
from stream_monitor.config.problems import Problem, error_of
from stream_monitor.config.render import differences, plain, to_yaml
from stream_monitor.config.settings import Settings
from stream_monitor.errors import ConfigurationError


@click.group()
def config() -> None:
    """Check and show the configuration."""


@config.command()
@config_option
@bootstrap_servers_option
@json_option
@click.pass_context
def check(
    ctx: click.Context, config_path: Path | None, bootstrap_servers: str | None, as_json: bool
) -> None:
    """Check the file and the STREAM_MONITOR_... variables; list all that is wrong.

    Exit code 0 if all is right, with what is not the default; 2 if not. With --json the
    list of problems is the result, on stdout.
    """
    out = Output(as_json)
    text, source = read_config(config_path)
    overrides = from_options({"kafka.bootstrap_servers": bootstrap_servers})
    try:
        found = check_text(text, os.environ, source, overrides)
    except ConfigurationError as error:
        if not as_json:
            raise
        found = (Problem("", str(error)),)
    if isinstance(found, Settings):
        _say_right(out, found, source)
    elif as_json:
        out.emit_json({"ok": False, "source": source, "problems": found})
        ctx.exit(ConfigurationError.exit_code)
    else:
        raise error_of(found, source)


@config.command()
@config_option
@bootstrap_servers_option
@json_option
def show(config_path: Path | None, bootstrap_servers: str | None, as_json: bool) -> None:
    """Show the settings in effect as YAML; what is not the default says so in a comment."""
    out = Output(as_json)
    settings = load_settings(config_path, {"kafka.bootstrap_servers": bootstrap_servers})
    out.emit_json(plain(settings))
    out.line(to_yaml(settings).rstrip("\n"))


def _say_right(out: Output, settings: Settings, source: str) -> None:
    changed = differences(settings)
    out.line(f"OK: {source} can be used.", style="green")
    if changed:
        are = "1 setting is" if len(changed) == 1 else f"{len(changed):,} settings are"
        out.line(f"\n{are} not the default (marked below):", style="bold")
    else:
        out.line("\nEvery setting is the default:", style="bold")
    out.line(to_yaml(settings).rstrip("\n"))
    out.emit_json(
        {"ok": True, "source": source, "settings": plain(settings), "differences": changed}
    )
