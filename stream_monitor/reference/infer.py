"""How a column is measured, decided from its values by stated rules.

- Arrow booleans are boolean, and text is categorical.
- Whole numbers (of an integer or a float type) are codes, and so categorical, if they are
  only 0 and 1, or if there are at most 20 distinct ones and at most one for 20 rows with a
  value. Ages, counts and years of a long span stay numeric.
- All other numbers are numeric.

Everything else (dates, lists, a column without a value) is refused with a sentence, and so
is text that is mostly numbers: one stray word must not turn a measure into a thousand codes.
"""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pyarrow.types as kinds_of

from stream_monitor.errors import DataError
from stream_monitor.reference.data import plain
from stream_monitor.reference.model import Kind
from stream_monitor.statistics.arrays import FloatArray

MAX_CODES = 20
ROWS_PER_CODE = 20
_FIRST_LOOK = 4096


def infer_kind(column: pa.ChunkedArray, name: str) -> Kind:
    """The kind of a column by the rules above; :class:`DataError` if it has none."""
    column = plain(column)
    kind = column.type
    if column.null_count == len(column):
        raise DataError(f"The column {name!r} has no value: leave it out (--ignore {name}).")
    if kinds_of.is_boolean(kind):
        return Kind.BOOLEAN
    if is_text(kind):
        _refuse_mostly_numbers(column, name)
        return Kind.CATEGORICAL
    if kinds_of.is_integer(kind) or kinds_of.is_floating(kind):
        values = finite(column)
        if not len(values):
            raise DataError(
                f"The column {name!r} has no finite value: leave it out (--ignore {name})."
            )
        return Kind.CATEGORICAL if are_codes(values) else Kind.NUMERIC
    raise DataError(
        f"The column {name!r} holds {kind}, which cannot be monitored: "
        f"convert it to numbers or text, or leave it out (--ignore {name})."
    )


def are_codes(values: FloatArray) -> bool:
    """Whether finite values (at least one) are few whole numbers, as the rules above say."""
    if len(np.unique(values[:_FIRST_LOOK])) > MAX_CODES or (values != np.floor(values)).any():
        return False
    distinct = np.unique(values)
    if set(distinct.tolist()) <= {0.0, 1.0}:
        return True
    return len(distinct) <= min(MAX_CODES, len(values) / ROWS_PER_CODE)


def finite(column: pa.ChunkedArray) -> FloatArray:
    """The finite values of a column of numbers, in row order."""
    values = column.drop_null().cast(pa.float64(), safe=False).to_numpy().astype(np.float64)
    kept: FloatArray = values[np.isfinite(values)] + 0.0  # -0.0 and 0.0 are one value
    return kept


def is_text(kind: pa.DataType) -> bool:
    """Whether an Arrow type holds text."""
    return (
        kinds_of.is_string(kind) or kinds_of.is_large_string(kind) or kinds_of.is_string_view(kind)
    )


def number(text: str) -> float:
    """The finite number a text spells, or NaN."""
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def _refuse_mostly_numbers(column: pa.ChunkedArray, name: str) -> None:
    texts = column.drop_null().to_pylist()
    numbers: set[str] = set()
    numeric = 0
    stray = None
    for text in texts:
        if text in numbers:
            numeric += 1
        elif math.isnan(number(text)):
            stray = text if stray is None else stray
        else:
            numbers.add(text)
            numeric += 1
    if stray is not None and numeric * 2 > len(texts) and len(numbers) > MAX_CODES:
        raise DataError(
            f"The column {name!r} is text, though {numeric:,} of its {len(texts):,} values are "
            f"numbers and others are not ({stray!r}): clean it, or say what it is "
            f"(--kind {name}=numeric or --kind {name}=categorical)."
        )
