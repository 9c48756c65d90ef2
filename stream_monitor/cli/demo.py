"""``stream-monitor demo``: the main job end to end, on a broker that lives in this process."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from stream_monitor.alerts.names import rate_of
from stream_monitor.alerts.rule import OPEN, Status
from stream_monitor.cli.files import check_target, write_whole
from stream_monitor.cli.findings import answers
from stream_monitor.cli.output import Output
from stream_monitor.kafka.app import quiet_logs
from stream_monitor.kafka.rehearsal import Rehearsed, embedded, rehearse
from stream_monitor.pipeline.effects import Publish, Stream
from stream_monitor.scenarios.acts import ACTS, Act


@click.command()
@click.option(
    "--scenario",
    type=click.Choice(sorted(ACTS)),
    default="drift",
    show_default=True,
    help="drift and no-drift have a known answer; the others are real data.",
)
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True)
@click.option(
    "--json",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Leave what was found here as JSON.",
)
@click.pass_context
def demo(ctx: click.Context, scenario: str, seed: int, target: Path | None) -> None:
    """Watch a worker find what is wrong with a stream; ends by itself in under a minute.

    A Kafka in this process (librdkafka's mock cluster: good for a demo and nothing else), a
    worker on it, a reference, a stream of events, and the verdicts as they come. Exit code 1
    if what was found is not what was broken.
    """
    if target is not None:
        check_target(target)
    logging.basicConfig(level=logging.WARNING)
    quiet_logs(logging.CRITICAL)
    output = Output()
    begun = time.monotonic()
    act = ACTS[scenario](seed)
    output.line(f"{act.name}: {act.story}", style="bold")
    output.line(
        f"reference {act.reference.hash} of model {act.reference.model}: "
        f"{act.reference.rows:,} rows, {len(act.reference.columns)} columns"
    )
    rehearsed = _rehearse(output, act)
    found = summary(act, rehearsed, seed, time.monotonic() - begun)
    _tell(output, act, found)
    if target is not None:
        write_whole(target, json.dumps(found, indent=2).encode() + b"\n")
        output.line(f"summary: {target}")
    ctx.exit(0 if found["as_expected"] is not False else 1)


def summary(act: Act, rehearsed: Rehearsed, seed: int, seconds: float) -> dict[str, Any]:
    """What was found beside what was broken, for people and machines."""
    alerts = [dict(p.document) for p in rehearsed.documents if p.stream is Stream.ALERTS]
    reports = [p.document for p in rehearsed.documents if p.stream is Stream.REPORTS]
    found = {
        "drifted": _columns(alerts, "drift", ""),
        "missing": _columns(alerts, "quality", "missing"),
    }
    expected = None
    as_expected = None
    if act.truth is not None:
        expected = {"drifted": sorted(act.truth.drifted), "missing": sorted(act.truth.missing)}
        named = {tuple(sorted(expected[key])) == tuple(sorted(set(found[key]))) for key in found}
        # There is one alert for all of a kind; whatever else alarms is a false alarm.
        accounted = bool(expected["drifted"]) + bool(expected["missing"])
        as_expected = named == {True} and len(_started(alerts)) == accounted
    snapshot = rehearsed.snapshot
    return {
        "scenario": act.name,
        "seed": seed,
        "model": act.reference.model,
        "reference_hash": act.reference.hash,
        "events": snapshot.records,
        "rejected": sum(snapshot.rejected.values()),
        "late": sum(snapshot.late.values()),
        "windows": [_window(report) for report in reports if not report["revision"]],
        "revised": [
            _window(report) | {"revision": report["revision"], "labelled": report["labelled"]}
            for report in reports
            if report["revision"]
        ],
        "alerts": alerts,
        "expected": expected,
        "found": found,
        "as_expected": as_expected,
        "seconds": round(seconds, 1),
    }


def _columns(alerts: Sequence[Mapping[str, Any]], family: str, rate: str) -> list[str]:
    """The columns that alerts have named, by the rate that has risen."""
    said = [a for a in alerts if a["family"] == family and a["status"] in OPEN]
    named = [rate_of(each["column"]) for a in said for each in a["columns"]]
    columns = [column.removeprefix("feature:") for of, column in named if of == rate]
    return list(dict.fromkeys(columns))


def _started(alerts: Sequence[Mapping[str, Any]]) -> set[str]:
    """The alerts that have started, each once however often it came again."""
    return {alert["alert_id"] for alert in alerts if alert["status"] == Status.STARTED}


def _window(report: Mapping[str, Any]) -> dict[str, Any]:
    deciding = [
        verdict
        for verdict in answers(report)
        if verdict["family"] == "drift" and "effect" in verdict
    ]
    effects = {verdict["column"]: round(verdict["effect"], 4) for verdict in deciding}
    return {
        "start": report["window"]["start"],
        "end": report["window"]["end"],
        "rows": report["rows"],
        "status": str(report["status"]),
        "drifted": report.get("drifted", []),
        "effects": dict(sorted(effects.items(), key=lambda item: -item[1])),
    }


def _rehearse(output: Output, act: Act) -> Rehearsed:
    async def run(state: str) -> Rehearsed:
        worker = act.settings.worker.model_copy(update={"data_dir": state})
        async with embedded(act.settings.model_copy(update={"worker": worker})) as settings:
            output.line(f"embedded broker on {settings.kafka.bootstrap_servers}; a worker joins it")
            output.line(
                f"publishing {act.rows:,} events; each window is judged when it is complete"
            )
            output.line()
            return await rehearse(
                settings,
                act.reference,
                act.batches(),
                labels=act.labels,
                on_document=lambda document: output.line(*_line(document)),
            )

    with tempfile.TemporaryDirectory(prefix="stream-monitor-demo-") as state:
        return asyncio.run(run(state))


def _line(document: Publish) -> tuple[str, str]:
    """A report or alert as a line, and its style."""
    said = document.document
    if document.stream is Stream.ALERTS:
        return f"  {said['status'].upper()}: {said['summary']}", "yellow"
    window = _window(said)
    if said["revision"]:
        return f"revised  {window['end']}  {_performed(said)}", "cyan"
    if not said["labelled"]:
        promised = _figure(said, "estimated_accuracy")
        if promised is not None:
            half = (promised["upper"] - promised["lower"]) / 2
            return (
                f"window to {window['end']}  {window['rows']:>6,} events  no labels yet; "
                f"the scores promise an accuracy of {promised['statistic']:.3f} ± {half:.3f}",
                "",
            )
    return (
        f"window to {window['end']}  {window['rows']:>6,} events  {window['status']:5}  "
        f"{_top(window['effects'], window['drifted'])}",
        "red" if window["drifted"] else "",
    )


def _performed(report: Mapping[str, Any]) -> str:
    """What the labels say, and how far the estimate was off."""
    accuracy, error = _figure(report, "accuracy"), _figure(report, "estimate_error_accuracy")
    told = f"{report['labelled']:>6,} of {report['rows']:,} labelled"
    if accuracy is not None:
        told += (
            f"  accuracy {accuracy['statistic']:.3f} "
            f"({accuracy['lower']:.3f} … {accuracy['upper']:.3f})"
        )
    if error is not None:
        told += f"  the estimate was off by {error['statistic']:+.3f}"
    return told


def _figure(report: Mapping[str, Any], monitor: str) -> Mapping[str, Any] | None:
    for verdict in report["verdicts"]:
        if verdict["monitor"] == monitor and not verdict["column"]:
            return verdict if "statistic" in verdict and verdict["state"] != "thin" else None
    return None


def _tell(output: Output, act: Act, found: Mapping[str, Any]) -> None:
    output.line()
    alerts = len(_started(found["alerts"]))
    output.line(
        f"{found['events']:,} events, {len(found['windows'])} windows, {alerts} alerts started"
    )
    if act.labels is not None:
        output.line(f"{len(act.labels):,} labels came later, {act.rows - len(act.labels):,} never")
    if found["expected"] is not None:
        for what in ("drifted", "missing"):
            expected = ", ".join(found["expected"][what]) or "nothing"
            named = ", ".join(found["found"][what]) or "nothing"
            output.line(f"{what:8}  broken: {expected:24}  found: {named}")
        if found["as_expected"]:
            output.line("The monitor found just what was broken.", style="green")
        else:
            output.line("The monitor did not find just what was broken.", style="red")
    program = _program()
    output.line(f"Next: {program} demo --scenario late-labels (real people, revised), or your own:")
    output.line(f"  {program} reference build DATA.csv --model NAME")
    output.line(f"  {program} backtest DATA.csv --reference NAME.reference")


def _program() -> str:
    """How this program is called from here: by its name, or where it lies if that is not known."""
    name = "stream-monitor"
    called = Path(sys.argv[0])
    return str(called) if called.name == name and shutil.which(name) is None else name


def _top(effects: Mapping[str, float], drifted: Sequence[str], most: int = 3) -> str:
    """The columns that moved most, with their effect; a star where that is drift."""
    named = list(effects.items())[:most]
    return ", ".join(
        f"{column.removeprefix('feature:')} {effect:.3f}{'*' if column in drifted else ''}"
        for column, effect in named
    )
