"""Lines and queries: what the kinds of panels are put together from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import common, prometheus
from grafana_foundation_sdk.models import dashboard
from grafana_foundation_sdk.models.common import DataSourceRef

from scripts.dashboards.limits import Limit

DATASOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
#: What a line is called that a value must not cross.
LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Query:
    """A PromQL expression and what its series are called: text with ``{{label}}``."""

    expr: str
    legend: str


#: The line at 1, for figures that are multiples of their threshold.
ALARM_AT_1 = Query("vector(1)", f"{LIMIT}: alarm")


def limit_name(limit: Limit) -> str:
    """What the line of a limit is called in a legend."""
    range_ = limit.labels.get("range", "")
    return f"{LIMIT}: {limit.severity}{f' over {range_}' if range_ else ''}"


def field(id_: str, value: object) -> dashboard.DynamicConfigValue:
    return dashboard.DynamicConfigValue(id_val=id_, value=value)


def dashed(color: str) -> list[dashboard.DynamicConfigValue]:
    return [
        field("color", {"mode": "fixed", "fixedColor": color}),
        field("custom.lineStyle", {"fill": "dash", "dash": [8, 8]}),
        field("custom.lineWidth", 1),
    ]


def last() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().values(False).calcs(["lastNotNull"]).fields("")


def lettered(queries: Sequence[Query]) -> list[prometheus.Dataquery]:
    return [
        target(query, letter).range()
        for query, letter in zip(queries, "ABCDEFGHIJ"[: len(queries)], strict=True)
    ]


def target(query: Query, letter: str) -> prometheus.Dataquery:
    return (
        prometheus.Dataquery()
        .ref_id(letter)
        .datasource(DATASOURCE)
        .expr(query.expr)
        .legend_format(query.legend)
    )
