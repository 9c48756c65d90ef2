"""``stream-monitor scenario``: rehearse a failure whose answer is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
import yaml
from rich.text import Text

from stream_monitor import data
from stream_monitor.alerts.times import rfc3339
from stream_monitor.cli.output import Output, json_option
from stream_monitor.cli.scenario_files import Named, again, find, seed_option, set_option
from stream_monitor.cli.scenario_run import run
from stream_monitor.config import duration
from stream_monitor.config.render import differences, plain
from stream_monitor.config.settings import ModelSettings, Settings
from stream_monitor.scenarios.check import Checked
from stream_monitor.scenarios.check import check as judge
from stream_monitor.scenarios.draw import alarms, timeline
from stream_monitor.scenarios.prepare import prepare
from stream_monitor.scenarios.spec.base import Generated
from stream_monitor.scenarios.spec.expectations import Found
from stream_monitor.scenarios.spec.scenario import Scenario


@click.group()
def scenario() -> None:
    """Rehearse failures whose answer is known: shipped ones by NAME, your own by their file."""


scenario.add_command(run)


@scenario.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the scenarios that are shipped: how long they last, what must be found, the story."""
    output = Output(as_json)
    found = [find(name) for name in data.scenarios()]
    rows = [_row(each) for each in found]
    output.table(("scenario", "lasts", "breaks at", "must be found", "story"), rows)
    output.line("Next: stream-monitor scenario show NAME, or scenario check NAME")
    output.emit_json([_document(each) for each in found])


@scenario.command()
@click.argument("name")
@click.option("--settings", "only_settings", is_flag=True, help="Only what a worker has to be set.")
@set_option
@json_option
def show(name: str, only_settings: bool, overrides: tuple[str, ...], as_json: bool) -> None:
    """Draw the timeline of NAME (or of a file): what breaks when, what must be found by when."""
    output = Output(as_json)
    found = find(name, overrides)
    made = found.scenario
    if only_settings:
        output.line(settings_yaml(made.model, made.settings).rstrip("\n"))
        output.emit_json({"models": {made.model: plain(made.settings)}})
        return
    output.line(f"{found.name}: {made.story}", style="bold")
    output.line(_about(made))
    output.line()
    for line in timeline(made):
        output.line(line)
    output.line()
    for key, said in alarms(made).items():
        output.line(f"{key}: {said}")
    output.line(f"Next: stream-monitor scenario check {again(name, overrides)}")
    output.emit_json(_document(found))


@scenario.command()
@click.argument("name")
@seed_option
@set_option
@json_option
@click.pass_context
def check(
    ctx: click.Context, name: str, seed: int, overrides: tuple[str, ...], as_json: bool
) -> None:
    """Judge NAME (or a file) without Kafka, and compare what is found with what it states.

    Exit code 1 if anything differs.
    """
    output = Output(as_json)
    found = find(name, overrides)
    prepared = prepare(found.scenario, seed, tables=found.tables())
    labels = prepared.stream.labels(found.scenario.model)
    total = len(prepared.stream) + (0 if labels is None else len(labels))
    with output.progress(f"judging {found.name}", total) as progress:
        checked = judge(found.scenario, prepared, progress=progress.advance)
    output.line(f"{found.name}: {found.scenario.story}", style="bold")
    output.line(f"seed {seed}: {len(prepared.stream):,} events, {checked.windows:,} windows")
    _tell(output, checked)
    output.emit_json(
        {
            "scenario": found.name,
            "seed": seed,
            "events": len(prepared.stream),
            "windows": checked.windows,
            "holds": checked.holds,
            "outcomes": checked.outcomes,
            "alerts": checked.alerts,
        }
    )
    ctx.exit(0 if checked.holds else 1)


def settings_yaml(model: str, settings: ModelSettings) -> str:
    """The part of a configuration that makes workers judge a model by these settings."""
    nested: dict[str, Any] = {}
    for one in differences(Settings(models={model: settings})):
        here = nested
        *above, last = one.path.removeprefix(f"models.{model}.").split(".")
        for key in above:
            here = here.setdefault(key, {})
        here[last] = one.value
    told: str = yaml.safe_dump({"models": {model: nested}}, sort_keys=False, allow_unicode=True)
    return told


def _row(found: Named) -> tuple[Text, str, str, str, str]:
    made = found.scenario
    due = [
        f"{one.family if isinstance(one, Found) else one.figure} by {duration.render(one.by_ms)}"
        for one in made.expect.due
    ] or ["no alarm"]
    more = f", {len(due) - 1} more" if len(due) > 1 else ""
    return (
        Text(found.name, style="bold"),
        duration.render(made.duration_ms),
        duration.render(made.begins_ms) if made.timeline else "never",
        due[0] + more,
        made.story,
    )


def _tell(output: Output, checked: Checked) -> None:
    differing = [outcome for outcome in checked.outcomes if not outcome.holds]
    rows = [
        (
            Text("yes" if outcome.holds else "NO", style="green" if outcome.holds else "bold red"),
            outcome.what,
            outcome.stated,
            outcome.was,
        )
        for outcome in (differing or checked.outcomes)
    ]
    output.table(
        ("holds", "what", "stated", "was"), rows, title="What differs" if differing else None
    )
    holding = len(checked.outcomes) - len(differing)
    output.line(
        f"{holding} of {len(checked.outcomes)} statements hold",
        style="red" if differing else "green",
    )


def _about(made: Scenario) -> str:
    window = duration.render(made.settings.window_ms)
    slide = duration.render(made.settings.slide_ms)
    base = made.base
    if isinstance(base, Generated):
        what = f"{len(base.features)} features, {base.traffic.rate:,.0f} events an hour"
    else:
        what = f"the rows of {base.file}, one each {duration.render(base.interval_ms)}"
    return (
        f"model {made.model}, {what}, {duration.render(made.duration_ms)}; windows of {window} "
        f"each {slide}; a reference of {made.reference.rows:,} rows"
    )


def _document(found: Named) -> Mapping[str, Any]:
    made = found.scenario
    return {"name": found.name, **plain(made), "start": rfc3339(made.start_ms)}
