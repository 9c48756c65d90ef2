"""The rules, their tests and the runbooks, as they lie in the repository."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.alerting.promql import Query, exported

ROOT = Path(__file__).parents[2]
ALERTING = ROOT / "alerting"
RULES = sorted((ALERTING / "rules").glob("*.yml"))
TESTS = sorted((ALERTING / "tests").glob("*.yml"))
RUNBOOKS = ROOT / "docs" / "runbooks"

Rule = dict[str, Any]


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule of every file."""
    return tuple(
        rule
        for path in RULES
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
    )


def alerts() -> tuple[Rule, ...]:
    """The alerting ones."""
    return tuple(rule for rule in rules() if "alert" in rule)


def names() -> list[str]:
    """The alerts by name, each once."""
    return sorted({rule["alert"] for rule in alerts()})


@cache
def series() -> dict[str, frozenset[str]]:
    """The labels of every series a query may ask for: what is scraped and what is recorded."""
    known = exported()
    recorded = [rule for rule in rules() if "record" in rule]
    # Later passes know what earlier ones have recorded, whatever the order of the files.
    for _ in range(3):
        for rule in recorded:
            labels = Query(known).labels(rule["expr"]) | frozenset(rule.get("labels", {}))
            known[rule["record"]] = known.get(rule["record"], frozenset()) | labels
    return known


@cache
def histories() -> tuple[dict[str, Any], ...]:
    """The cases that promtool plays through."""
    return tuple(
        case for path in TESTS for case in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]
    )
