"""What the commands tell of a reference: in lines and a table, or as a document."""

from __future__ import annotations

from datetime import UTC, datetime

from stream_monitor.cli.output import Output
from stream_monitor.cli.seasons import strata_document, told_strata
from stream_monitor.reference.derived import Products
from stream_monitor.reference.explain import ALPHA, WINDOW, dependence_of, explain, labels_of
from stream_monitor.reference.model import Reference


def show_reference(output: Output, shown: Reference) -> None:
    """Tell what the reference is of, and its columns."""
    made = datetime.fromtimestamp(shown.created_ms / 1000, UTC)
    output.line(f"{shown.model}: reference {shown.hash}", style="bold")
    classes = f" of {', '.join(shown.classes)}" if shown.classes else ""
    positive = f", positive {shown.positive}" if shown.positive is not None else ""
    output.line(f"{shown.task}{classes}{positive}")
    output.line(f"{shown.rows:,} rows of {shown.source}, {made:%Y-%m-%d %H:%M} UTC")
    if shown.former:
        gone = shown.former[0]
        output.line(f"replaces {gone.hash}, {gone.rows:,} rows of {gone.source}")
    if shown.classes:
        output.line(_told_labels(shown))
    output.line(_told_dependence(shown))
    for line in told_strata(shown):
        output.line(line)
    rows = explain(shown)
    columns = ("column", "role", "kind", "missing", "distinct", "values", "detectable", "note")
    output.table(columns, ([_cell(name, row[name]) for name in columns] for row in rows))
    if any(row["detectable"] is not None for row in rows):
        output.line(
            f"detectable: the smallest KS distance that {WINDOW:,} rows show at level {ALPHA:g}"
        )


def _told_labels(shown: Reference) -> str:
    baseline, calibration = shown.baseline, shown.calibration
    if baseline is None:
        return "no labels: no baseline, and performance is not estimated"
    told = f"{baseline.labelled:,} labelled rows, error rate {baseline.error:.4g}"
    if calibration is None:
        return f"{told}; no usable score, so performance is not estimated"
    return f"{told}; calibration from {calibration.rows:,} scores"


def _told_dependence(shown: Reference) -> str:
    derived = shown.derived
    if derived is None:
        return "dependence: not watched"
    features = len(derived.standard.sources)
    if isinstance(derived, Products):
        return f"dependence: {features:,} features, products of pairs ({len(derived.pairs):,})"
    return f"dependence: {features:,} features, leading components ({len(derived.variances):,})"


def _cell(name: str, value: object) -> object:
    return f"{value:.2%}" if name == "missing" and isinstance(value, float) else value


def reference_document(shown: Reference) -> dict[str, object]:
    """The same as a JSON document."""
    return {
        "model": shown.model,
        "hash": shown.hash,
        "rows": shown.rows,
        "task": shown.task,
        "classes": shown.classes,
        "positive": shown.positive,
        "source": shown.source,
        "created_ms": shown.created_ms,
        "replaces": shown.replaces,
        "labels": labels_of(shown),
        "dependence": dependence_of(shown),
        "season": strata_document(shown),
        "columns": explain(shown),
    }
