"""What a run over a file found, column by column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from stream_monitor.alerts.names import rate_of
from stream_monitor.config.monitors import EVIDENCE
from stream_monitor.detectors.verdict import Family, State


@dataclass(slots=True)
class ColumnFindings:
    """One column over all windows (``column`` empty: the model as a whole).

    ``alarms`` counts windows by what alarmed (``drift ks``), so its sum may exceed
    ``in_alarm``. ``largest_effect`` is of the drift monitor that decides, in KS distance or
    change of a share: the largest of the windows in which that alarmed, if it ever did (the
    few rows of a file's first windows move by chance), else of all that were judged.
    """

    column: str
    judged: int = 0
    in_alarm: int = 0
    largest_effect: float | None = None
    largest_effect_window: Mapping[str, Any] | None = None
    first_alarm: str | None = None  # the end of the window
    alarms: Counter[str] = field(default_factory=Counter)


def answers(report: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What a report says of each column: verdicts that decide, and whom the evidence accuses.

    A rate that is accused stands as a verdict of its column: ``missing`` of ``feature:income``.
    """
    for verdict in report["verdicts"]:
        if verdict["monitor"] != EVIDENCE:
            if verdict["decides"]:
                yield verdict
        elif verdict["column"]:
            yield verdict
        for carrier in verdict.get("carriers", ()):
            rate, column = rate_of(carrier["column"])
            if rate:
                yield {**verdict, "monitor": rate, "column": column, "effect": carrier["effect"]}


class Findings:
    """Takes reports in order of their windows; keeps a few figures a column."""

    def __init__(self) -> None:
        self.statuses: Counter[str] = Counter()
        self._columns: dict[str, ColumnFindings] = {}
        self._weights: dict[str, tuple[bool, float]] = {}

    def add(self, report: Mapping[str, Any]) -> None:
        """Take one report document in."""
        self.statuses[report["status"]] += 1
        window = report["window"]
        deciding: dict[str, list[Mapping[str, Any]]] = {}
        for verdict in answers(report):
            deciding.setdefault(verdict["column"], []).append(verdict)
        for column, verdicts in deciding.items():
            found = self._columns.setdefault(column, ColumnFindings(column))
            alarms = [v for v in verdicts if v["state"] == State.ALARM]
            found.judged += bool(alarms) or any(v["state"] == State.OK for v in verdicts)
            found.in_alarm += bool(alarms)
            found.alarms.update(f"{v['family']} {v['monitor']}" for v in alarms)
            if alarms and found.first_alarm is None:
                found.first_alarm = window["end"]
            for verdict in verdicts:
                if verdict["family"] == Family.DRIFT and verdict["state"] != State.THIN:
                    self._weigh(found, verdict, window)

    def _weigh(
        self, found: ColumnFindings, verdict: Mapping[str, Any], window: Mapping[str, Any]
    ) -> None:
        effect = verdict.get("effect")
        if effect is None:
            return
        weight = (verdict["state"] == State.ALARM, effect)
        if found.column not in self._weights or weight > self._weights[found.column]:
            self._weights[found.column] = weight
            found.largest_effect = effect
            found.largest_effect_window = window

    @property
    def windows(self) -> int:
        return sum(self.statuses.values())

    def columns(self) -> list[ColumnFindings]:
        """Most moved first: those with alarms by their largest effect, then the others."""
        return sorted(
            self._columns.values(),
            key=lambda c: (c.in_alarm == 0, -(c.largest_effect or 0.0), -c.in_alarm, c.column),
        )
