"""Colours, lines and queries: what the kinds of panels are put together from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import common, prometheus
from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models import dashboard
from grafana_foundation_sdk.models.common import DataSourceRef

from scripts.dashboards.limits import Limit
from stream_monitor.metrics.caps import Caps

DATASOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
GREEN, ORANGE, RED, BLUE = "green", "orange", "red", "blue"
OF_SEVERITY = {"warning": ORANGE, "critical": RED}
#: What a line is called that a value must not cross.
LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Query:
    """A PromQL expression and what its series are called: text with ``{{label}}``."""

    expr: str
    legend: str


#: The line at 1, for figures that are multiples of their threshold.
ALARM_AT_1 = Query("vector(1)", f"{LIMIT}: alarm")


@dataclass(frozen=True, slots=True)
class Step:
    """From this value on a figure has this colour."""

    value: float
    color: str


def steps_of(*given: Limit) -> tuple[Step, ...]:
    """The colours of an alert's limits."""
    ordered = sorted(given, key=lambda limit: limit.value)
    return tuple(Step(limit.value, OF_SEVERITY[limit.severity]) for limit in ordered)


#: For counts of what should not be there.
ANY_WARNS = (Step(1, ORANGE),)
ANY_IS_BAD = (Step(1, RED),)
#: One column of as many as have series of their own: where a share of columns is not 0 any more.
ONE_COLUMN = Step(1 / Caps().columns, ORANGE)


def limit_name(limit: Limit) -> str:
    """What the line of a limit is called in a legend."""
    range_ = limit.labels.get("range", "")
    return f"{LIMIT}: {limit.severity}{f' over {range_}' if range_ else ''}"


def words(*given: tuple[float, str, str]) -> list[dashboard.ValueMapping]:
    """Words in a colour for some values."""
    return [
        dashboard.ValueMap(
            options={
                f"{value:g}": dashboard.ValueMappingResult(text=text, color=color)
                for value, text, color in given
            }
        )
    ]


def colored(text: str, color: str) -> dashboard.ValueMap:
    return dashboard.ValueMap(options={text: dashboard.ValueMappingResult(color=color)})


def field(id_: str, value: object) -> dashboard.DynamicConfigValue:
    return dashboard.DynamicConfigValue(id_val=id_, value=value)


def dashed(color: str) -> list[dashboard.DynamicConfigValue]:
    return [
        field("color", {"mode": "fixed", "fixedColor": color}),
        field("custom.lineStyle", {"fill": "dash", "dash": [8, 8]}),
        field("custom.lineWidth", 1),
    ]


def thresholds(steps: Sequence[Step], base: str = GREEN) -> ThresholdsConfig:
    given = [dashboard.Threshold(None, base)]
    given += [dashboard.Threshold(step.value, step.color) for step in steps]
    return ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps(given)


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
