"""Figures and times as a page shows them."""

from __future__ import annotations

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

    >>> number(0.61234), number(0.1287, "missing"), number(20.136, "p99"), number(None)
    ('0.612', '12.9 %', '20.1 ms', '–')
    """
    if value is None:
        return "–"
    if name in _PERCENT or name in CHECKS:
        return f"{100 * value:.3g} %"
    if name == "mean" or quantile(name) is not None:
        return f"{value:.3g} ms" if value < 1e3 else f"{value:,.0f} ms"
    return f"{value:,.0f}" if 1e3 <= abs(value) < 1e12 else f"{value:.3g}"


def interval(lower: float | None, upper: float | None, name: str = "") -> str:
    """An interval, a dash for none."""
    if lower is None and upper is None:
        return "–"
    return f"{number(lower, name)} … {number(upper, name)}"


def moment(ms: int) -> str:
    """A time in UTC to the minute (to the second where it has one).

    >>> moment(1_767_225_600_000), moment(1_767_225_601_500)
    ('2026-01-01 00:00', '2026-01-01 00:00:01')
    """
    told = rfc3339(ms - ms % 1000).replace("T", " ").removesuffix("Z")
    return told.removesuffix(":00")


def count(n: int, what: str) -> str:
    """So many of something.

    >>> count(1, "window"), count(2_000, "window")
    ('1 window', '2,000 windows')
    """
    return f"{n:,} {what}" + ("" if n == 1 else "s")


def column_name(column: str) -> str:
    """A column as the head of a line: without an article, and no longer than a line.

    >>> column_name("feature:income"), column_name("score")
    ('income', 'score')
    """
    return cut(name_of(column).removeprefix("the "))


def cut(name: str) -> str:
    """A name as it is if it is no longer than 40 characters, else its beginning."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


_LONGEST = 40
