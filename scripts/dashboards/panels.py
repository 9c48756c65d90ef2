"""The kinds of panels, with the settings that make them read at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import bargauge, common, prometheus, stat, table, timeseries
from grafana_foundation_sdk.builders.dashboard import DashboardLink, ThresholdsConfig
from grafana_foundation_sdk.models import common as options
from grafana_foundation_sdk.models import dashboard
from grafana_foundation_sdk.models.common import DataSourceRef
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from scripts.dashboards.limits import Limit
from stream_monitor.metrics.caps import Caps

Panel = timeseries.Panel | stat.Panel | bargauge.Panel | table.Panel

DATASOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
GREEN, ORANGE, RED, BLUE, GREY = "green", "orange", "red", "blue", "text"
OF_SEVERITY = {"warning": ORANGE, "critical": RED}
#: What a line is called that a value must not cross.
LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Query:
    """A PromQL expression and what its series are called: text with ``{{label}}``."""

    expr: str
    legend: str


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


def graph(
    title: str,
    description: str,
    unit: str,
    *queries: Query,
    limits: Sequence[Limit] = (),
    span: int = 12,
    height: int = 8,
    least: float | None = 0,
    most: float | None = None,
    columns: bool = False,
    none: str = "",
    table_of: str = "",
    link: DashboardLink | None = None,
) -> timeseries.Panel:
    """Figures over time, from ``least`` to ``most``; limits are dashed lines.

    A query called "limit…" is drawn as a limit too. ``columns`` are for what happens now and
    then, ``none`` is said where nothing did. ``table_of`` lists the series beside the graph by
    this calculation, for more than a few.
    """
    legend = common.VizLegendOptions().show_legend(True)
    if table_of:
        legend = (
            legend.display_mode(options.LegendDisplayMode.TABLE)
            .placement(options.LegendPlacement.RIGHT)
            .calcs([table_of])
            .sort_by({"lastNotNull": "Last *", "max": "Max"}[table_of])
            .sort_desc(True)
        )
    else:
        legend = (
            legend.display_mode(options.LegendDisplayMode.LIST)
            .placement(options.LegendPlacement.BOTTOM)
            .calcs([])
        )
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .unit(unit)
        .span(span)
        .height(height)
        .legend(legend)
        .tooltip(
            common.VizTooltipOptions()
            .mode(options.TooltipDisplayMode.MULTI)
            .sort(options.SortOrder.DESCENDING)
        )
        .line_width(2)
        .fill_opacity(80 if columns else 0)
        .draw_style(options.GraphDrawStyle.BARS if columns else options.GraphDrawStyle.LINE)
        .show_points(options.VisibilityMode.NEVER)
        .thresholds(_thresholds(()))
    )
    if least is not None:
        panel = panel.min(least)
    if most is not None:
        panel = panel.max(most)
    if none:
        panel = panel.no_value(none)
    drawn = [Query(each.query, limit_name(each)) for each in limits]
    for query in _lettered([*queries, *drawn]):
        panel = panel.with_target(query)
    for color, pattern in ((RED, f"{LIMIT}.*critical.*"), (ORANGE, f"{LIMIT}(?!.*critical).*")):
        if any(q.legend.startswith(LIMIT) for q in [*queries, *drawn]):
            panel = panel.override_by_regexp(f"^{pattern}$", _dashed(color))
    return panel if link is None else panel.data_links([link])


def number(
    title: str,
    description: str,
    unit: str,
    query: Query,
    *,
    steps: Sequence[Step] = (),
    base: str = GREEN,
    span: int = 4,
    height: int = 4,
    none: str = "",
    decimals: int | None = None,
    mappings: Sequence[dashboard.ValueMapping] = (),
    link: DashboardLink | None = None,
) -> stat.Panel:
    """One figure as it stands, large, in the colour of the step it is in.

    ``none`` is said where there is no value, ``mappings`` words in place of some values.
    """
    panel = (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .unit(unit)
        .span(span)
        .height(height)
        .thresholds(_thresholds(steps, base))
        .color_mode(options.BigValueColorMode.VALUE)
        .graph_mode(options.BigValueGraphMode.NONE)
        .text_mode(options.BigValueTextMode.VALUE)
        .reduce_options(_last())
        .with_target(_target(query, "A").instant())
    )
    if none:
        panel = panel.no_value(none)
    if decimals is not None:
        panel = panel.decimals(decimals)
    if mappings:
        panel = panel.mappings(list(mappings))
    return panel if link is None else panel.data_links([link])


def bars(
    title: str,
    description: str,
    unit: str,
    query: Query,
    *,
    steps: Sequence[Step] = (),
    base: str = GREEN,
    span: int = 8,
    height: int = 8,
    most: float | None = None,
    none: str = "",
    mappings: Sequence[dashboard.ValueMapping] = (),
    link: DashboardLink | None = None,
) -> bargauge.Panel:
    """One figure of each series as it stands, as bars beside each other."""
    panel = (
        bargauge.Panel()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .unit(unit)
        .min(0)
        .span(span)
        .height(height)
        .thresholds(_thresholds(steps, base))
        .orientation(options.VizOrientation.HORIZONTAL)
        .display_mode(options.BarGaugeDisplayMode.BASIC)
        .value_mode(options.BarGaugeValueMode.TEXT)
        .name_placement(options.BarGaugeNamePlacement.LEFT)
        .sizing(options.BarGaugeSizing.MANUAL)
        .min_viz_height(16)
        .max_viz_height(28)
        .text(common.VizTextDisplayOptions().title_size(13).value_size(14))
        .legend(common.VizLegendOptions().show_legend(True))
        .reduce_options(_last())
        .with_target(_target(query, "A").instant())
    )
    if most is not None:
        panel = panel.max(most)
    if none:
        panel = panel.no_value(none)
    if mappings:
        panel = panel.mappings(list(mappings))
    return panel if link is None else panel.data_links([link])


def rows(
    title: str,
    description: str,
    expr: str,
    *,
    span: int = 24,
    height: int = 8,
    none: str,
    link_on: str = "",
    link: DashboardLink | None = None,
) -> table.Panel:
    """A table with a row for each series that is there now and a column for each label."""
    panel = (
        table.Panel()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .unit("none")
        .span(span)
        .height(height)
        .no_value(none)
        .filterable(True)
        .with_target(_target(Query(expr, ""), "A").instant().format(PromQueryFormat.TABLE))
        .override_by_regexp("^(Time|Value)$", [_property("custom.hidden", True)])
        .override_by_name(
            "severity",
            [
                _property("mappings", [_colored("warning", ORANGE), _colored("critical", RED)]),
                _property("custom.cellOptions", {"type": "color-text"}),
            ],
        )
    )
    if link is not None:
        built = link.build()
        links = [{"title": built.title, "url": built.url}]
        panel = panel.override_by_name(link_on, [_property("links", links)])
    return panel


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


def _colored(text: str, color: str) -> dashboard.ValueMap:
    return dashboard.ValueMap(options={text: dashboard.ValueMappingResult(color=color)})


def _property(id_: str, value: object) -> dashboard.DynamicConfigValue:
    return dashboard.DynamicConfigValue(id_val=id_, value=value)


def _dashed(color: str) -> list[dashboard.DynamicConfigValue]:
    return [
        _property("color", {"mode": "fixed", "fixedColor": color}),
        _property("custom.lineStyle", {"fill": "dash", "dash": [8, 8]}),
        _property("custom.lineWidth", 1),
    ]


def _thresholds(steps: Sequence[Step], base: str = GREEN) -> ThresholdsConfig:
    given = [dashboard.Threshold(None, base)]
    given += [dashboard.Threshold(step.value, step.color) for step in steps]
    return ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps(given)


def _last() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().values(False).calcs(["lastNotNull"]).fields("")


def _lettered(queries: Sequence[Query]) -> list[prometheus.Dataquery]:
    return [
        _target(query, letter).range()
        for query, letter in zip(queries, "ABCDEFGHIJ"[: len(queries)], strict=True)
    ]


def _target(query: Query, letter: str) -> prometheus.Dataquery:
    return (
        prometheus.Dataquery()
        .ref_id(letter)
        .datasource(DATASOURCE)
        .expr(query.expr)
        .legend_format(query.legend)
    )
