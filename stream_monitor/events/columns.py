"""Raw columns to numbers or categories, with a code for every row that is neither."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from stream_monitor.events.batch import RawColumn

#: What a row's value is to its column: usable, or one of the quality facts.
OK, MISSING, NAN, INFINITE, WRONG_TYPE = 0, 1, 2, 3, 4

FloatArray = NDArray[np.float64]
CodeArray = NDArray[np.uint8]


class NumericValues(NamedTuple):
    """``values`` float64 (n,), NaN wherever the code is not OK; ``codes`` None: all are OK."""

    values: FloatArray
    codes: CodeArray | None


class TextValues(NamedTuple):
    """``texts`` (n,), None wherever the code is not OK; ``codes`` None: all are OK.

    ``texts`` may be the raw column itself: read it, don't change it.
    """

    texts: list[str | None]
    codes: CodeArray | None


def numeric(raw: RawColumn | None, n: int) -> NumericValues:
    """A column as numbers.

    Integers and floats are numbers, an integer beyond 2^53 as the nearest float and one
    beyond a float's range as INFINITE. Booleans and strings, numeric ones too, are
    WRONG_TYPE. A column that is None is MISSING in all ``n`` rows.
    """
    if raw is None:
        return NumericValues(np.full(n, np.nan), np.full(n, MISSING, dtype=np.uint8))
    if isinstance(raw, np.ndarray):
        if raw.dtype.kind == "b":
            return NumericValues(np.full(n, np.nan), np.full(n, WRONG_TYPE, dtype=np.uint8))
        if raw.dtype.kind in "iuf":
            return _finite(raw.astype(np.float64, copy=False), None)
        raw = raw.tolist()
    try:
        # Strict: a number stays a number, anything else is refused; faster than looking at types.
        return _finite(np.array(msgspec.convert(raw, list[float]), dtype=np.float64), None)
    except msgspec.ValidationError:
        kinds = set(map(type, raw))
    codes = _codes(raw, {kind: _numeric_code(kind) for kind in kinds})
    values = np.full(n, np.nan)
    if kinds <= {float, type(None)}:
        values = np.array(raw, dtype=np.float64)  # numpy reads None as NaN
    else:
        good = np.flatnonzero(codes == OK)
        values[good] = [_to_float(raw[i]) for i in good.tolist()]
    return _finite(values, codes)


def text(raw: RawColumn | None, n: int, *, boolean: bool = False) -> TextValues:
    """A column as categories, each in its canonical text.

    A string is its own text, a boolean ``true`` or ``false``; an integer and a float without
    fraction are the integer's digits (1 and 1.0 are one category), any other float is its
    shortest ``repr``. Objects and arrays are WRONG_TYPE. With ``boolean``, only booleans, 0,
    1 and the strings ``true`` and ``false`` in any case are OK. A column that is None is
    MISSING in all ``n`` rows.
    """
    if raw is None:
        return TextValues([None] * n, np.full(n, MISSING, dtype=np.uint8))
    if isinstance(raw, np.ndarray):
        if raw.dtype.kind not in "biuf":
            return text(raw.tolist(), n, boolean=boolean)
        # a text costs more than a look at a number: make each one once
        distinct, place = np.unique(raw, return_inverse=True)
        few = text(distinct.tolist(), len(distinct), boolean=boolean)
        texts = [few.texts[i] for i in place.tolist()]
        return TextValues(texts, None if few.codes is None else few.codes[place])
    kinds = set(map(type, raw))
    if kinds == {str} and not boolean:
        return TextValues(cast("list[str | None]", raw), None)
    if kinds == {str, type(None)} and not boolean:
        codes = np.fromiter([value is None for value in raw], dtype=np.uint8, count=n)
        return TextValues(cast("list[str | None]", raw), codes * np.uint8(MISSING))
    of_kind = {kind: _text_maker(kind, boolean) for kind in kinds}
    made = [of_kind[type(value)](value) for value in raw]
    texts = [item if isinstance(item, str) else None for item in made]
    codes = np.array([item if isinstance(item, int) else OK for item in made], dtype=np.uint8)
    return TextValues(texts, codes if codes.any() else None)


def _codes(raw: RawColumn, code_of: dict[type, int]) -> CodeArray:
    return np.array([code_of[kind] for kind in map(type, raw)], dtype=np.uint8)


def _numeric_code(kind: type) -> int:
    if kind is type(None):
        return MISSING
    return OK if issubclass(kind, int | float) and kind is not bool else WRONG_TYPE


def _to_float(value: object) -> float:
    try:
        return float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:
        return math.inf


def _finite(values: FloatArray, codes: CodeArray | None) -> NumericValues:
    """Turn NaN and ±inf among the rows that are OK so far into their codes."""
    finite = np.isfinite(values)
    if finite.all():
        return NumericValues(values, codes if codes is not None and codes.any() else None)
    codes = np.zeros(len(values), dtype=np.uint8) if codes is None else codes
    odd = ~finite & (codes == OK)
    codes[odd] = np.where(np.isnan(values[odd]), NAN, INFINITE)
    return NumericValues(np.where(finite, values, np.nan), codes)


def _text_maker(kind: type, boolean: bool) -> Callable[[object], str | int]:
    """How values of a type become a text, or the code of why not."""
    if kind is type(None):
        return lambda _: MISSING
    if issubclass(kind, bool | np.bool_):
        return lambda value: "true" if value else "false"
    if issubclass(kind, str):
        return _boolean_text if boolean else str
    if issubclass(kind, int):
        return _boolean_number if boolean else str
    if issubclass(kind, float):
        return _boolean_number if boolean else _float_text
    return lambda _: WRONG_TYPE


def _float_text(value: object) -> str | int:
    if not isinstance(value, float):
        return WRONG_TYPE
    if math.isnan(value):
        return NAN
    if math.isinf(value):
        return INFINITE
    return str(int(value)) if value.is_integer() else repr(float(value))


def _boolean_text(value: object) -> str | int:
    lower = str(value).lower()
    return lower if lower in ("true", "false") else WRONG_TYPE


def _boolean_number(value: object) -> str | int:
    if value == 0 or value == 1:
        return "true" if value == 1 else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return NAN if math.isnan(value) else INFINITE
    return WRONG_TYPE
