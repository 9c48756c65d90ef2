"""The figures of the model over the period: performance, its estimates, quality and latency."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from stream_monitor.detectors.performance import LESS_IS_BETTER
from stream_monitor.reports.facts import Point
from stream_monitor.reports.forecast import Forecast
from stream_monitor.reports.history import History
from stream_monitor.reports.series import Dated, figure_series, forecast_of
from stream_monitor.reports.words import quantile

ESTIMATED = "estimated_"
ERROR = "estimate_error_"
#: What is told of labels and not of the model.
_BESIDE = ("coverage", "delay_", "labelled_shift", "estimate", "degradation_", "residual_")
#: Those with a picture, where they are there; of them the first that decide, then this order.
_MAIN = ("accuracy", "roc_auc", "f1", "log_loss", "mae", "rmse", "bias", "r2")
PICTURED = 6
#: Those that are forecast.
MAIN = 4
_SHARES = frozenset(
    [
        "accuracy",
        "precision",
        "recall",
        "f1",
        "specificity",
        "balanced_accuracy",
        "precision_weighted",
        "recall_weighted",
        "f1_weighted",
        "roc_auc",
        "average_precision",
        "brier",
        "ece",
        "coverage",
        "score",
        "duplicates",
    ]
)
_NOT_NEGATIVE = frozenset(("log_loss", "mae", "rmse", "mape", "rows"))
_INFINITE = float("inf")


@dataclass(frozen=True, slots=True)
class FigureStory:
    """One figure: every window's, its newest and its worst, what was estimated, and whither.

    ``estimate`` has the estimates of the same windows and of those without labels. ``limit`` is
    the newest one.
    """

    name: str
    series: tuple[Dated, ...]
    estimate: tuple[Dated, ...]
    forecast: Forecast | None

    @property
    def newest(self) -> Dated:
        return self.series[-1]

    @property
    def worst(self) -> Dated:
        return max(self.series, key=lambda each: _badness(self.name, each.point))

    @property
    def limit(self) -> float | None:
        return self.newest.point.threshold


def performance(history: History) -> list[FigureStory]:
    """Every figure of performance that some window has; those to be drawn first."""
    names = {name for window in history.windows for name in window.figures}
    found = [story(history, name) for name in names if not name.startswith(_BESIDE)]
    return sorted(found, key=lambda each: (_place(each), each.name))


def story(history: History, name: str) -> FigureStory:
    """One figure; its series must not be empty."""
    series = figure_series(history.windows, name)
    limit = series[-1].point.threshold if series else None
    return FigureStory(
        name,
        series,
        figure_series(history.windows, ESTIMATED + name),
        forecast_of(series, limit, bounds_of(name)),
    )


def stories(history: History, names: Iterable[str]) -> list[FigureStory]:
    """Those of some figures that a window has."""
    return [each for name in names if (each := story(history, name)).series]


def estimates(history: History) -> list[FigureStory]:
    """The estimates, of figures in the order of performance."""
    names = {n for w in history.windows for n in w.figures if n.startswith(ESTIMATED)}
    return sorted(stories(history, names), key=lambda each: _order(each.name))


def estimate_errors(history: History) -> list[FigureStory]:
    """How far the estimates were off, of the labelled events."""
    names = {n for w in history.windows for n in w.figures if n.startswith(ERROR)}
    return sorted(stories(history, names), key=lambda each: _order(each.name))


def latency(history: History) -> list[FigureStory]:
    """Quantiles and mean, ascending."""
    names = {n for w in history.windows if w.first for n in w.first.figures if _is_latency(n)}
    return stories(history, sorted(names, key=lambda name: quantile(name) or 100.0))


def bounds_of(name: str) -> tuple[float, float]:
    """What values a figure may have."""
    bare = name.removeprefix(ESTIMATED)
    if bare in _SHARES:
        return 0.0, 1.0
    if bare == "mcc":
        return -1.0, 1.0
    low = 0.0 if bare in _NOT_NEGATIVE or _is_latency(bare) else -_INFINITE
    return low, 1.0 if bare == "r2" else _INFINITE


def _is_latency(name: str) -> bool:
    return name == "mean" or quantile(name) is not None


def _order(name: str) -> tuple[int, str]:
    bare = name.removeprefix(ESTIMATED).removeprefix(ERROR)
    return (_MAIN.index(bare) if bare in _MAIN else len(_MAIN)), bare


def _place(each: FigureStory) -> tuple[bool, int]:
    return each.limit is None, _order(each.name)[0]


def _badness(name: str, point: Point) -> float:
    if name == "bias":
        return abs(point.value)
    worse_up = (
        name in LESS_IS_BETTER
        or _is_latency(name)
        or (point.threshold is not None and not point.below)
    )
    return point.value if worse_up else -point.value
