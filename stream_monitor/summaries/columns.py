"""Every column of a reference, summarised from one batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_monitor.events.columns import numeric
from stream_monitor.reference.model import NumericColumn, Role, column_id
from stream_monitor.summaries.column import ColumnSummary
from stream_monitor.summaries.score import score_column

if TYPE_CHECKING:
    from stream_monitor.events.batch import EventBatch, RawColumn
    from stream_monitor.reference.model import Reference, ReferenceColumn


def summarise_columns(batch: EventBatch, reference: Reference | None) -> dict[str, ColumnSummary]:
    """The summaries of all columns by id; one the batch does not have is missing in every row.

    A derived column is missing in the rows that have no usable value of one of its features.
    """
    if reference is None:
        return {}
    rows, derived = len(batch), reference.derived
    sources = () if derived is None else derived.standard.sources
    # The features of derived columns are made numbers once, for both uses.
    known = {name: numeric(batch.features.get(name), rows) for name in sources}
    summaries = {
        column.id: ColumnSummary.of_numbers(known[column.name], rows, column)
        if column.role is Role.FEATURE
        and column.name in known
        and isinstance(column, NumericColumn)
        else ColumnSummary.of(_raw(batch, column), rows, column)
        for column in reference.columns
        if column.role is not Role.DEPENDENCE
    }
    if derived is not None:
        made = derived.of([known[name].values for name in sources])
        for name, values in zip(derived.inputs, made, strict=True):
            column = reference.by_id[column_id(Role.DEPENDENCE, name)]
            summaries[column.id] = ColumnSummary.of_derived(values, column)
    return summaries


def _raw(batch: EventBatch, column: ReferenceColumn) -> RawColumn | None:
    if column.role is Role.FEATURE:
        return batch.features.get(column.name)
    if column.role is Role.PREDICTION:
        return batch.prediction
    return score_column(batch)
