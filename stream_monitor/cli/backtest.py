"""``stream-monitor backtest``: what the monitor would have said of a file, without Kafka."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec
from pydantic import ValidationError

from stream_monitor.cli.backtest_told import say_next, show, some
from stream_monitor.cli.files import check_target, write_whole
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
from stream_monitor.cli.rows import RowOptions, Rows, row_options
from stream_monitor.config import duration
from stream_monitor.config.fields import Leaf, at
from stream_monitor.config.kinds import key_of
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
    for each in (None if output.as_json else target, page):
        if each is not None:
            check_target(each)
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
    period = Gathering(reference.model, None, None, of_model)
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
    show(output, reference, found, of_model, findings, performed, alerts)
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
    say_next(output, reference_path, findings, of_model, target)


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
        first = error.errors(include_url=False)[0]
        key = key_of(str(first["loc"][0])) if first["loc"] else ""
        leaf = at(("defaults", key))
        if isinstance(leaf, Leaf):
            value = duration.render(first["input"])
            raise click.UsageError(f"--{key} {value}: allowed is {leaf.allowed()}.") from error
        what = first["msg"].removeprefix("Value error, ")
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
            f"{data} lacks {some(lacking)} of the reference, judged as missing in every row"
        )
    known = {column.name for column in reference.features}
    extra = [name for name in rows.roles.features if name not in known]
    if extra:
        output.warn(f"not in the reference, so not judged: {some(extra)}")


def _write(output: Output, target: Path, document: bytes) -> None:
    if output.as_json:
        click.echo(document)
    else:
        write_whole(target, document + b"\n")
