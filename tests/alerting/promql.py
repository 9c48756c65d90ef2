"""Which metrics and labels a query uses, and which labels its answer has."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import promql_parser as promql

from scripts.make_metrics_doc import known_values
from stream_monitor.metrics.names import ALL, Kind

#: What Prometheus puts on every series that it scrapes.
SCRAPED = frozenset(("job", "instance"))
#: Series that Prometheus makes by itself.
OF_PROMETHEUS = {
    "up": SCRAPED,
    "ALERTS": SCRAPED | {"alertname", "alertstate", "severity", "subsystem", "model"},
}


def exported() -> dict[str, frozenset[str]]:
    """The labels of every series that a worker shows, by name."""
    found = dict(OF_PROMETHEUS)
    for spec in ALL:
        labels = frozenset(spec.labels) | SCRAPED
        found[spec.name] = labels
        if spec.kind is Kind.SUMMARY:
            own = labels - {"quantile"}
            found |= {f"{spec.name}_sum": own, f"{spec.name}_count": own}
        if spec.kind is Kind.HISTOGRAM:
            found |= {f"{spec.name}_{each}": labels for each in ("sum", "count")}
            found[f"{spec.name}_bucket"] = labels | {"le"}
            del found[spec.name]
    return found


@dataclass
class Query:
    """A query read against the series there are; ``problems`` are what is wrong with it."""

    known: Mapping[str, frozenset[str]]
    problems: list[str] = field(default_factory=list)
    metrics: set[str] = field(default_factory=set)

    def labels(self, text: str) -> frozenset[str]:
        """The labels that its answer may have; ValueError where it is no PromQL."""
        return self._of(promql.parse(text))

    def _of(self, expr: Any) -> frozenset[str]:
        match expr:
            case promql.VectorSelector():
                return self._selected(expr)
            case promql.MatrixSelector():
                return self._selected(expr.vector_selector)
            case promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
                return self._of(expr.expr)
            case promql.AggregateExpr():
                return self._aggregated(expr)
            case promql.BinaryExpr():
                return self._combined(expr)
            case promql.Call():
                found = [self._of(arg) for arg in expr.args]
                gone = expr.func.name in ("scalar", "absent", "vector")
                return frozenset() if gone or not found else frozenset.union(*found)
        return frozenset()  # a number or a text

    def _selected(self, selector: Any) -> frozenset[str]:
        name = selector.name
        self.metrics.add(name)
        if name not in self.known:
            self.problems.append(f"there is no series {name}")
            return frozenset()
        for matcher in selector.matchers.matchers:
            if matcher.name not in self.known[name]:
                self.problems.append(f"{name} has no label {matcher.name}")
            values = known_values().get((name, matcher.name))
            if values is not None:
                for value in re.split(r"\|", matcher.value):
                    if value not in values:
                        self.problems.append(f"{matcher.name} of {name} is never {value}")
        return self.known[name]

    def _aggregated(self, expr: Any) -> frozenset[str]:
        before = self._of(expr.expr)
        if expr.modifier is None:
            return before if str(expr.op) in ("topk", "bottomk") else frozenset()
        named = frozenset(expr.modifier.labels)
        for label in sorted(named - before):
            self.problems.append(f"{expr.expr.prettify()} has no label {label}")
        by = expr.modifier.type == promql.AggModifierType.By
        return named & before if by else before - named

    def _combined(self, expr: Any) -> frozenset[str]:
        left, right = self._of(expr.lhs), self._of(expr.rhs)
        matching = expr.modifier.matching if expr.modifier is not None else None
        if matching is not None:
            for label in matching.labels:
                if label not in left or label not in right:
                    self.problems.append(f"not both sides have the label {label}")
        return left or right


def problems_of(text: str, known: Mapping[str, frozenset[str]]) -> list[str]:
    """What is wrong with a query; empty if nothing is."""
    query = Query(known)
    try:
        query.labels(text)
    except ValueError as exc:
        return [str(exc)]
    return query.problems
