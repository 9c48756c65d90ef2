"""The committed dashboards, taken apart into panels and queries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from scripts.dashboards.write import FOLDER
from tests.alerting.files import alerts, rules, series
from tests.alerting.promql import SCRAPED, Query

#: What the exporter shows of its own process, by default of prometheus_client.
PROCESS = ("process_resident_memory_bytes", "process_cpu_seconds_total")
#: Grafana's own variables, as they are for a scrape every minute.
RATE_INTERVAL, RANGE = "4m", "2h"


@dataclass(frozen=True, slots=True)
class Target:
    """A query of a panel."""

    board: str
    panel: dict[str, Any]
    expr: str
    legend: str

    def __str__(self) -> str:
        return f"{self.board}/{self.panel['title']}/{self.legend}"

    def of(self, job: str, model: str = ".+") -> str:
        """The query with its variables filled in."""
        filled = self.expr.replace("$__rate_interval", RATE_INTERVAL).replace("$__range", RANGE)
        return filled.replace("$job", job).replace("$model", model)


@cache
def boards() -> dict[str, Any]:
    """Every dashboard by the name of its file."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in FOLDER.glob("*.json")}


def panels() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every panel that shows something, with its dashboard's name."""
    for name, board in sorted(boards().items()):
        for panel in board["panels"]:
            if panel["type"] == "row":
                assert panel["panels"] == [], "a folded row hides its panels from the tests"
            else:
                yield name, panel


def targets() -> list[Target]:
    """Every query of every panel."""
    return [
        Target(name, panel, target["expr"], target["legendFormat"])
        for name, panel in panels()
        for target in panel["targets"]
    ]


@cache
def known() -> dict[str, frozenset[str]]:
    """The labels of every series that a dashboard may ask for."""
    fired: frozenset[str] = frozenset()
    for rule in alerts():
        fired |= Query(series()).labels(rule["expr"]) | frozenset(rule["labels"])
    process = dict.fromkeys(PROCESS, SCRAPED)
    return {**series(), **process, "ALERTS": fired | {"alertname", "alertstate"}}


def thresholds() -> set[str]:
    """The series that hold the alerts' limits."""
    return {rule["record"] for rule in rules() if rule.get("record", "").endswith(":threshold")}
