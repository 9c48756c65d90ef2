"""Figures and times as a page shows them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from stream_monitor.alerts.names import FIGURE, name_of
from stream_monitor.alerts.times import rfc3339

#: Figures that are shares of something, within [0, 1].
_PERCENT = frozenset({"coverage", "duplicates", "share"})
_NAMES = {
    "p50": "median latency",
    "p90": "90 % quantile of the latency",
    "p99": "99 % quantile of the latency",
    "mean": "mean latency",
    "score": "quality score",
    "duplicates": "duplicate share",
    "rows": "events of the window",
    "coverage": "labelled share",
    "labelled_shift": "shift of the labelled part",
    "mae": "mean absolute error",
    "rmse": "root mean squared error",
    "bias": "mean error (bias)",
    "brier": "Brier score",
    "ece": "calibration error",
}
#: What a check counts, as the head of a line.
CHECKS = {
    "missing": "missing",
    "non_finite": "NaN or infinite",
    "wrong_type": "wrong type",
    "out_of_range": "out of range",
    "unseen": "unseen category",
}


def check(name: str) -> str:
    """What a check of a column counts."""
    return CHECKS.get(name, name.replace("_", " "))


def quantile(name: str) -> float | None:
    """The percentage of a latency's quantile; ``None`` for another figure.

    >>> quantile("p99.9"), quantile("precision")
    (99.9, None)
    """
    try:
        return float(name[1:]) if name.startswith("p") else None
    except ValueError:
        return None


def figure_name(name: str) -> str:
    """A figure as a title.

    >>> figure_name("estimated_roc_auc"), figure_name("p99")
    ('estimated ROC AUC', '99 % quantile of the latency')
    """
    for prefix in ("estimated_", "estimate_error_"):
        if name.startswith(prefix):
            return f"{prefix.replace('_', ' ')}{figure_name(name.removeprefix(prefix))}"
    if name not in _NAMES and quantile(name) is not None:
        return f"{name[1:]} % quantile of the latency"
    return _NAMES.get(name) or FIGURE.get(name) or name.replace("_", " ")


def number(value: float | None, name: str = "") -> str:
    """A value of a figure with its unit; a dash for none.

    Three digits, and three places behind the point below 2: what stands in a column is aligned.

    >>> number(0.9), number(0.1287, "missing"), number(20.136, "p99"), number(None)
    ('0.900', '12.9 %', '20.1 ms', '–')
    >>> number(-0.00177), number(0.00055), number(12_345.6), number(0.0)
    ('−0.002', '0.0006', '12,346', '0')
    """
    if value is None:
        return "–"
    if _is_share(name):
        return f"{_share(100 * value)} %"
    return f"{_digits(value)}{_unit(name)}"


def limit(value: float | None, name: str = "") -> str:
    """A number that somebody has chosen, as short as it was written.

    >>> limit(0.8), limit(0.01, "duplicates"), limit(250.0, "p99")
    ('0.8', '1 %', '250 ms')
    """
    if value is None:
        return "–"
    told = 100 * value if _is_share(name) else value
    text = f"{told:,.0f}" if 1e3 <= abs(told) < 1e12 else f"{told:.3g}"
    return f"{text.replace('-', _MINUS)}{_unit(name)}"


def marks(values: Sequence[float], name: str = "") -> list[str]:
    """The marks of an axis, all with as many places as the finest of them needs.

    >>> marks([0.58, 0.6, 0.62]), marks([0.0, 0.005, 0.01], "missing"), marks([2_000.0, 4_000.0])
    (['0.58', '0.60', '0.62'], ['0.0 %', '0.5 %', '1.0 %'], ['2,000', '4,000'])
    """
    told = [100 * value if _is_share(name) else value for value in values]
    greatest = max(map(abs, told), default=0.0)
    if not 1e-6 < greatest < 1e12:
        return [limit(value, name) for value in values]
    places = next(p for p in range(13) if p == 12 or all(_has(each, p) for each in told))
    return [f"{each:,.{places}f}{_unit(name)}".replace("-", _MINUS) for each in told]


def interval(lower: float | None, upper: float | None, name: str = "") -> str:
    """An interval, a dash for none.

    >>> interval(0.61, 0.645), interval(0.121, 0.136, "missing"), interval(None, None)
    ('0.610 to 0.645', '12.1 to 13.6 %', '–')
    """
    if lower is None and upper is None:
        return "–"
    return f"{number(lower, name).removesuffix(_unit(name))} to {number(upper, name)}"


def chance(p_value: float) -> str:
    """A p-value.

    >>> chance(0.0312), chance(9.6e-14)
    ('p = 0.031', 'p < 0.001')
    """
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"


def moment(ms: int) -> str:
    """A time in UTC to the minute (to the second where it has one).

    >>> moment(1_767_225_600_000), moment(1_767_225_601_500)
    ('2026-01-01 00:00', '2026-01-01 00:00:01')
    """
    told = rfc3339(ms - ms % 1000).replace("T", " ").removesuffix("Z")
    return told.removesuffix(":00")


def lasted(ms: int) -> str:
    """A length of time by its two largest units.

    >>> lasted(3_600_000), lasted(93_784_000), lasted(90_000)
    ('1 h', '1 d 2 h', '1 min 30 s')
    """
    left = max(0, ms) // 1000
    told: list[str] = []
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        if left >= size and len(told) < 2:
            told.append(f"{left // size} {unit}")
        left %= size
    return " ".join(told) or "0 s"


def count(n: int, what: str) -> str:
    """So many of something.

    >>> count(1, "window"), count(2_000, "window")
    ('1 window', '2,000 windows')
    """
    return f"{n:,} {what}" + ("" if n == 1 else "s")


def capital(text: str) -> str:
    """A title as the beginning of a sentence.

    >>> capital("drift of SEX"), capital("")
    ('Drift of SEX', '')
    """
    return text[:1].upper() + text[1:]


def column_name(column: str) -> str:
    """A column as the head of a line: without an article, and no longer than a line.

    >>> column_name("feature:income"), column_name("score")
    ('income', 'score')
    """
    return cut(name_of(column).removeprefix("the "))


def cut(name: str) -> str:
    """A name as it is if it is no longer than 40 characters, else its beginning."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def _is_share(name: str) -> bool:
    return name in _PERCENT or name in CHECKS


def _unit(name: str) -> str:
    if _is_share(name):
        return " %"
    return " ms" if name == "mean" or quantile(name) is not None else ""


def _digits(value: float) -> str:
    size = abs(value)
    if size < 1e-12:  # what is left of a sum that is 0
        return "0"
    if 1e3 <= size < 1e12:
        told = f"{value:,.0f}"
    elif 2 <= size < 1e3:
        told = f"{value:.{max(0, 2 - math.floor(math.log10(size)))}f}"
    elif 1e-3 <= size < 2:
        told = f"{value:.3f}"
    else:
        told = f"{value:.1g}" if size < 1 else f"{value:.3g}"
    return told.replace("-", _MINUS)


def _share(percent: float) -> str:
    """One place, and two digits of what is less than that."""
    if percent in (0.0, 100.0):
        return f"{percent:.0f}"
    told = f"{percent:.1f}" if abs(percent) >= 1 else f"{percent:.2g}"
    return told.replace("-", _MINUS)


def _has(value: float, places: int) -> bool:
    return abs(round(value, places) - value) <= 1e-9 * max(1.0, abs(value)) * 10.0**-places


_MINUS = "−"
_LONGEST = 40
