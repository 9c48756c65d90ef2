"""The limits of the alerts, read from the file that Prometheus evaluates."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

FILE = Path(__file__).parents[2] / "alerting" / "rules" / "thresholds.yml"
_VECTOR = re.compile(r"vector\(([0-9.]+(?: \* [0-9.]+)*)\)")


@dataclass(frozen=True, slots=True)
class Limit:
    """A line that an alert compares with; ``query`` is how the alert itself reads it."""

    name: str  # of the series, stream_monitor:WHAT:threshold
    labels: Mapping[str, str]
    value: float

    @property
    def severity(self) -> str:
        return self.labels["severity"]

    @property
    def query(self) -> str:
        matchers = ", ".join(f'{name}="{value}"' for name, value in self.labels.items())
        return f"max({self.name}{{{matchers}}})"


def limits(text: str) -> tuple[Limit, ...]:
    """The limits in a file of rules; ValueError for one that is no number."""
    return tuple(
        Limit(rule["record"], rule["labels"], _value(rule["expr"]))
        for group in yaml.safe_load(text)["groups"]
        for rule in group["rules"]
    )


def limit(what: str, severity: str, range_: str = "") -> Limit:
    """The limit ``stream_monitor:WHAT:threshold`` of a severity; ValueError if there is none."""
    wanted = {"severity": severity} | ({"range": range_} if range_ else {})
    for each in limits(FILE.read_text(encoding="utf-8")):
        if each.name == f"stream_monitor:{what}:threshold" and each.labels == wanted:
            return each
    raise ValueError(f"{FILE} has no limit {what} with the labels {wanted}; write it there first.")


def _value(expr: str) -> float:
    found = _VECTOR.fullmatch(expr.strip())
    if found is None:
        raise ValueError(f"The limit {expr} is no vector(NUMBER) or vector(NUMBER * NUMBER).")
    return math.prod(map(float, found[1].split(" * ")))
