"""How well the model did over a file: each figure in the last window and in the worst one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stream_monitor.detectors.verdict import Family, State

#: What is said beside a model's figures, of its labels and estimates.
_BESIDE = ("coverage", "delay_", "labelled_shift", "estimate", "degradation_", "residual_")
_ESTIMATE = "estimated_"


@dataclass(slots=True)
class FigureFindings:
    """One figure: its verdict in the last window that had it, and in the worst one."""

    name: str
    last: Mapping[str, Any]
    worst: Mapping[str, Any]
    worst_window: Mapping[str, Any]
    estimated: float | None = None

    @property
    def interval(self) -> str | None:
        """The 95 % interval of the last window's figure."""
        lower, upper = self.last.get("lower"), self.last.get("upper")
        return None if lower is None or upper is None else f"{lower:.4g} … {upper:.4g}"


class Performed:
    """Takes reports in order of their windows; keeps a few figures."""

    def __init__(self) -> None:
        self._figures: dict[str, FigureFindings] = {}

    def add(self, report: Mapping[str, Any]) -> None:
        """Take one report document in."""
        of_model = {
            verdict["monitor"]: verdict
            for verdict in report["verdicts"]
            if verdict["family"] == Family.PERFORMANCE
            and not verdict["column"]
            and verdict["state"] != State.THIN
            and verdict.get("statistic") is not None
        }
        for name, verdict in of_model.items():
            if name.startswith(_BESIDE):
                continue
            found = self._figures.get(name)
            if found is None:
                window = report["window"]
                found = self._figures[name] = FigureFindings(name, verdict, verdict, window)
            elif _badness(name, verdict) > _badness(name, found.worst):
                found.worst, found.worst_window = verdict, report["window"]
            found.last = verdict
            found.estimated = of_model.get(_ESTIMATE + name, {}).get("statistic")

    def rows(self) -> list[tuple[object, ...]]:
        """A line for each figure: last window, its interval, the estimate, the worst window."""
        return [
            (
                found.name,
                found.last["statistic"],
                found.interval,
                found.estimated,
                found.worst["statistic"],
                found.worst_window["end"],
            )
            for found in self._figures.values()
        ]


def _badness(name: str, verdict: Mapping[str, Any]) -> float:
    value = float(verdict["statistic"])
    if name == "bias":
        return abs(value)
    return -value if verdict["below"] else value
