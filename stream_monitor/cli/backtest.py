"""``stream-monitor backtest``: what the monitor would have said of a file, without Kafka."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec
from pydantic import ValidationError

from stream_monitor.alerts.rule import OPEN, Status
from stream_monitor.alerts.times import rfc3339
from stream_monitor.cli.files import write_whole
from stream_monitor.cli.findings import Findings
from stream_monitor.cli.later import (
    Later,
    check_joined,
    labels_of,
    later_options,
    unlabelled,
)
from stream_monitor.cli.output import DURATION, Output, config_option, load_settings
from stream_monitor.cli.performed import Performed
from stream_monitor.cli.reference import load
from stream_monitor.cli.report import write_report
from stream_monitor.cli.restated import Restated
from stream_monitor.cli.roles import told_roles
from stream_monitor.cli.rows import RowOptions, Rows, labelled_rows, row_options
from stream_monitor.config import duration
from stream_monitor.config.settings import ModelSettings, Settings
from stream_monitor.errors import DataError
from stream_monitor.pipeline.effects import Publish, Stream
from stream_monitor.pipeline.engine import LocalEngine, run
from stream_monitor.pipeline.merged import run_with_labels
from stream_monitor.reference.model import Reference, Role
from stream_monitor.reference.registry import References
from stream_monitor.reports.history import Gathering
from stream_monitor.scenarios.delays import LabelDelay

#: The first row's time for a file without timestamps: 2024-01-01T00:00:00Z.
START_MS = 1_704_067_200_000


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option(
    "--reference",
    "reference_path",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="The reference to judge by.",
)
@row_options
@later_options
@config_option
@click.option("--window", "window_ms", type=DURATION, help="Instead of the configuration's.")
@click.option("--slide", "slide_ms", type=DURATION, help="Instead of the configuration's.")
@click.option(
    "--json",
    "target",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="OUT",
    help="Write every verdict of every window as one JSON document; - is stdout.",
)
@click.option(
    "--report",
    "page",
    type=click.Path(path_type=Path),
    metavar="OUT",
    help="Write what the period was like as one HTML page.",
)
def backtest(
    data: Path,
    reference_path: Path,
    rows: RowOptions,
    delay: LabelDelay | None,
    config_path: Path | None,
    window_ms: int | None,
    slide_ms: int | None,
    target: Path | None,
    page: Path | None,
) -> None:
    """Judge the rows of DATA (.csv, .parquet or .jsonl) window by window, without Kafka.

    The windows, verdicts and alerts are those that workers give for the same events (see
    replay). Rows are taken in the order of their times; without timestamps the first is at
    --start [default: 2024-01-01T00:00:00Z] and one follows each --interval. That there was
    drift is a finding and no error: the exit code is 0.

    With --label-later labels come on their own, and windows are reported again when theirs
    have come. Told is then the last report of each window: the first one, with what the last
    revision says of it put over it.
    """
    output = Output(as_json=str(target) == "-")
    reference = load(reference_path)
    settings = _settings(load_settings(config_path), reference.model, window_ms, slide_ms)
    known = {
        str(column.role): column.name
        for column in reference.columns
        if column.role in (Role.PREDICTION, Role.SCORE)
    }
    found = rows.read(
        data, reference.model, output, default_start=lambda span: START_MS, known=known
    )
    _compare(reference, found, data, output)
    of_model = settings.for_model(reference.model)
    later = None
    if delay is not None:
        check_joined(settings)
        later = labels_of(found, reference.model, delay, output)
    engine = LocalEngine(settings, References(reference), labels=later is not None)
    open_ms = min(of_model.revision_ms, settings.labels.retention_ms)
    restated = Restated(open_ms if later is not None else 0)
    findings, performed = Findings(), Performed()
    period = Gathering(
        reference.model,
        found.first_ms - of_model.window_ms,
        found.last_ms + of_model.window_ms,
        of_model,
    )
    reports: list[msgspec.Raw] = []
    alerts: list[Mapping[str, Any]] = []

    def keep(final: Iterable[Mapping[str, Any]]) -> None:
        for report in final:
            findings.add(report)
            performed.add(report)
            if page is not None:
                period.report(report)
            if target is not None:
                reports.append(msgspec.Raw(msgspec.json.encode(report)))

    total = len(found) + (0 if later is None else len(later.labels))
    with output.progress("judging rows", total) as progress:
        for published in _steps(engine, found, later, of_model, reference.model, progress.advance):
            for publish in published:
                if publish.stream is Stream.ALERTS:
                    alerts.append(publish.document)
                    period.alert(publish.document)
                else:
                    restated.add(publish.document)
            keep(restated.final())
        keep(restated.rest())
    _show(output, reference, found, of_model, findings, performed, alerts)
    if later is not None:
        output.line(
            f"{len(later.labels):,} labels came on their own, {later.never:,} never: "
            f"{restated.revised:,} windows were reported again"
        )
    if target is not None:
        document: dict[str, Any] = {
            "model": reference.model,
            "reference_hash": reference.hash,
            "rows": len(found),
            "windows": reports,
            "alerts": alerts,
            "summary": {"windows": findings.statuses, "columns": findings.columns()},
        }
        if later is not None:
            document["labels"] = {
                "came": len(later.labels),
                "never_came": later.never,
                "windows_revised": restated.revised,
                "revisions": restated.revisions,
            }
        _write(output, target, msgspec.json.format(msgspec.json.encode(document), indent=1))
    if page is not None:
        write_report(output, period.history([reference]), page)
    _say_next(output, reference_path, findings, of_model, target)


def _steps(
    engine: LocalEngine,
    rows: Rows,
    later: Later | None,
    settings: ModelSettings,
    model: str,
    progress: Callable[[int], None],
) -> Iterator[Sequence[Publish]]:
    """What is published, in parts after which nothing is half said."""
    if later is None:
        for publish in run(engine, rows.batches(model), progress=progress):
            yield (publish,)
        return
    yield from run_with_labels(
        engine,
        unlabelled(rows, model),
        later.labels,
        tick_ms=settings.slide_ms,
        progress=progress,
    )


def _settings(
    settings: Settings, model: str, window_ms: int | None, slide_ms: int | None
) -> Settings:
    """The settings with another window or slide for the model."""
    given = {"window_ms": window_ms, "slide_ms": slide_ms}
    given = {name: value for name, value in given.items() if value is not None}
    if not given:
        return settings
    try:
        changed = ModelSettings.model_validate(settings.for_model(model).model_dump() | given)
    except ValidationError as error:
        what = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise click.UsageError(f"--window and --slide do not do: {what}.") from error
    return settings.model_copy(update={"models": settings.models | {model: changed}})


def _compare(reference: Reference, rows: Rows, data: Path, output: Output) -> None:
    """Say which columns of the reference the data lacks, and refuse data that has none."""
    features = set(rows.roles.features)
    lacking = [column.name for column in reference.features if column.name not in features]
    if reference.features and len(lacking) == len(reference.features):
        raise DataError(
            f"{data} has none of the {len(lacking):,} features of the reference of "
            f"{reference.model}; is it the data of another model?"
        )
    for role in ("prediction", "score"):
        if role in reference.by_id and rows.roles.column(role) is None:
            lacking.append(role)
    if lacking:
        output.warn(
            f"{data} lacks {_some(lacking)} of the reference, judged as missing in every row"
        )
    known = {column.name for column in reference.features}
    extra = [name for name in rows.roles.features if name not in known]
    if extra:
        output.warn(f"not in the reference, so not judged: {_some(extra)}")


def _show(
    output: Output,
    reference: Reference,
    rows: Rows,
    settings: ModelSettings,
    findings: Findings,
    performed: Performed,
    alerts: Sequence[Mapping[str, Any]],
) -> None:
    output.line(f"{reference.model}: against reference {reference.hash}", style="bold")
    output.line(told_roles(rows.roles))
    labelled = labelled_rows(rows)
    told = "" if labelled is None else f", {labelled:,} with a label"
    output.line(f"{len(rows):,} rows{told}, {rfc3339(rows.first_ms)} to {rfc3339(rows.last_ms)}")
    window, slide = duration.render(settings.window_ms), duration.render(settings.slide_ms)
    by_status = ", ".join(f"{n:,} {name}" for name, n in sorted(findings.statuses.items()))
    output.line(f"{findings.windows:,} windows of {window} every {slide}: {by_status}")
    output.table(
        ("column", "in alarm", "judged", "largest effect", "in the window to", "first alarm", "by"),
        [
            (
                column.column or "(the model)",
                column.in_alarm,
                column.judged,
                column.largest_effect,
                (column.largest_effect_window or {}).get("end"),
                column.first_alarm,
                ", ".join(f"{what} {n:,}" for what, n in column.alarms.most_common()) or None,
            )
            for column in findings.columns()
        ],
    )
    if performed.rows():
        output.table(
            ("figure", "last window", "95 %", "estimated", "worst", "in the window to"),
            performed.rows(),
            title="performance, of the labelled events",
        )
    if not alerts:
        output.line("No alert would have been sent.")
        return
    # Late labels may raise an alert again, or withdraw it: what was said last of it holds.
    last = {alert["alert_id"]: alert for alert in alerts}
    largest: dict[str, float] = {}
    for alert in alerts:
        if alert["effect"] is not None:
            id_ = alert["alert_id"]
            largest[id_] = max(alert["effect"], largest.get(id_, 0.0))
    output.table(
        ("started", "recovered", "severity", "column", "by", "effect"),
        [
            (
                rfc3339(alert["started_at"]),
                _ended(alert),
                alert["severity"],
                _about(alert),
                f"{alert['family']} {alert['monitor']}",
                largest.get(id_),
            )
            for id_, alert in last.items()
        ],
        title="alerts that would have been sent",
    )


def _ended(alert: Mapping[str, Any]) -> str:
    if alert["status"] == Status.RECOVERED:
        return rfc3339(alert["recovered_at"])
    return "open" if alert["status"] in OPEN else str(alert["status"])


def _about(alert: Mapping[str, Any]) -> str:
    return alert["column"] or _some([c["column"] for c in alert["columns"]]) or "(the model)"


def _say_next(
    output: Output,
    reference: Path,
    findings: Findings,
    settings: ModelSettings,
    target: Path | None,
) -> None:
    judged = any(column.judged for column in findings.columns())
    if not judged:
        output.line(
            f"No window held min_samples = {settings.min_samples:,} rows, so nothing was judged: "
            "set a longer --window or a shorter --interval."
        )
    elif target is None:
        output.line("Next: every verdict with its figures by --json FILE; or live, by")
        output.line(f"  stream-monitor reference publish {reference}")
    else:
        output.line(f"Every verdict is in {target}. Next, to judge live events:")
        output.line(f"  stream-monitor reference publish {reference}")


def _write(output: Output, target: Path, document: bytes) -> None:
    if output.as_json:
        click.echo(document)
    else:
        write_whole(target, document + b"\n")


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 8:,} more" if len(names) > 8 else ""
    return ", ".join(names[:8]) + more
