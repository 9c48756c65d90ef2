"""The kinds of panels, with the settings that make them read at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from grafana_foundation_sdk.builders import bargauge, common, stat, table, timeseries
from grafana_foundation_sdk.builders.dashboard import DashboardLink
from grafana_foundation_sdk.models import common as options
from grafana_foundation_sdk.models import dashboard
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from scripts.dashboards.colors import FIGURE, ORANGE, RED, Colors, colored
from scripts.dashboards.limits import Limit
from scripts.dashboards.style import (
    DATASOURCE,
    LIMIT,
    Query,
    dashed,
    field,
    last,
    lettered,
    limit_name,
    target,
)

Panel = timeseries.Panel | stat.Panel | bargauge.Panel | table.Panel
_Panel = TypeVar("_Panel", timeseries.Panel, stat.Panel, bargauge.Panel, table.Panel)
_Drawn = TypeVar("_Drawn", timeseries.Panel, stat.Panel, bargauge.Panel)


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
    listed: bool = False,
    link: DashboardLink | None = None,
) -> timeseries.Panel:
    """Figures over time, from ``least`` to ``most``; limits are dashed lines.

    A query called "limit…" is drawn as a limit too. ``columns`` are for what happens now and
    then, ``none`` is said where nothing did. ``listed`` puts the series beside the graph, the
    largest first, for more than a few.
    """
    legend = common.VizLegendOptions().show_legend(True)
    if listed:
        legend = (
            legend.display_mode(options.LegendDisplayMode.TABLE)
            .placement(options.LegendPlacement.RIGHT)
            .calcs(["lastNotNull"])
            .sort_by("Last *")
            .sort_desc(True)
        )
    else:
        legend = (
            legend.display_mode(options.LegendDisplayMode.LIST)
            .placement(options.LegendPlacement.BOTTOM)
            .calcs([])
        )
    panel = (
        _framed(timeseries.Panel(), title, description, unit, span, height)
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
        .thresholds(Colors().thresholds())
    )
    if least is not None:
        panel = panel.min(least)
    if most is not None:
        panel = panel.max(most)
    drawn = [Query(each.query, limit_name(each)) for each in limits]
    for query in lettered([*queries, *drawn]):
        panel = panel.with_target(query)
    for color, pattern in ((RED, f"{LIMIT}.*critical.*"), (ORANGE, f"{LIMIT}(?!.*critical).*")):
        if any(q.legend.startswith(LIMIT) for q in [*queries, *drawn]):
            panel = panel.override_by_regexp(f"^{pattern}$", dashed(color))
    return _worded(panel, none, (), link)


def number(
    title: str,
    description: str,
    unit: str,
    query: Query,
    *,
    colors: Colors = FIGURE,
    span: int = 4,
    height: int = 4,
    none: str = "",
    decimals: int | None = None,
    link: DashboardLink | None = None,
) -> stat.Panel:
    """One figure as it stands, large; ``none`` is said where there is no value."""
    panel = (
        _framed(stat.Panel(), title, description, unit, span, height)
        .thresholds(colors.thresholds())
        .color_mode(options.BigValueColorMode.VALUE)
        .graph_mode(options.BigValueGraphMode.NONE)
        .text_mode(options.BigValueTextMode.VALUE)
        .reduce_options(last())
        .with_target(target(query, "A").instant())
    )
    if decimals is not None:
        panel = panel.decimals(decimals)
    return _worded(panel, none, colors.words, link)


def bars(
    title: str,
    description: str,
    unit: str,
    query: Query,
    *,
    colors: Colors = FIGURE,
    span: int = 8,
    height: int = 8,
    most: float | None = None,
    none: str = "",
    link: DashboardLink | None = None,
) -> bargauge.Panel:
    """One figure of each series as it stands, as bars beside each other."""
    panel = (
        _framed(bargauge.Panel(), title, description, unit, span, height)
        .min(0)
        .thresholds(colors.thresholds())
        .orientation(options.VizOrientation.HORIZONTAL)
        .display_mode(options.BarGaugeDisplayMode.BASIC)
        .value_mode(options.BarGaugeValueMode.TEXT)
        .name_placement(options.BarGaugeNamePlacement.LEFT)
        .sizing(options.BarGaugeSizing.MANUAL)
        .min_viz_height(16)
        .max_viz_height(28)
        # Grafana leaves the room that the longest name would take at 12.
        .text(common.VizTextDisplayOptions().title_size(11).value_size(14))
        .legend(common.VizLegendOptions().show_legend(True))
        .reduce_options(last())
        .with_target(target(query, "A").instant())
    )
    if most is not None:
        panel = panel.max(most)
    return _worded(panel, none, colors.words, link)


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
        _framed(table.Panel(), title, description, "none", span, height)
        .no_value(none)
        .filterable(True)
        .with_target(target(Query(expr, ""), "A").instant().format(PromQueryFormat.TABLE))
        .override_by_regexp("^(Time|Value)$", [field("custom.hidden", True)])
        # Grafana would say ``none`` in every cell of a label that a row does not have.
        .override_by_field_type("string", [field("noValue", "-")])
        .override_by_name(
            "severity",
            [
                field("mappings", [colored("warning", ORANGE), colored("critical", RED)]),
                field("custom.cellOptions", {"type": "color-text"}),
            ],
        )
    )
    if link is not None:
        built = link.build()
        links = [{"title": built.title, "url": built.url}]
        panel = panel.override_by_name(link_on, [field("links", links)])
    return panel


def _framed(
    panel: _Panel, title: str, description: str, unit: str, span: int, height: int
) -> _Panel:
    """What every panel has: its words, its source and its size."""
    return (
        panel.title(title)
        .description(description)
        .datasource(DATASOURCE)
        .unit(unit)
        .span(span)
        .height(height)
    )


def _worded(
    panel: _Drawn,
    none: str,
    mappings: Sequence[dashboard.ValueMapping],
    link: DashboardLink | None,
) -> _Drawn:
    """Words in the place of values or of none, and where the figures lead."""
    if none:
        panel = panel.no_value(none)
    if mappings:
        panel = panel.mappings(list(mappings))
    return panel if link is None else panel.data_links([link])
