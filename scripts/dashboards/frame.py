"""What all dashboards have in common: variables, links to each other, the order of panels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from scripts.dashboards.panels import Panel
from scripts.dashboards.promql import JOB
from scripts.dashboards.style import DATASOURCE
from stream_monitor.metrics import names

TAG = "stream-monitor"
#: Every model, however many they are; a list of hundreds would not fit into a query.
_ALL = ".+"


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under a heading; they fill lines of 24 columns from left to right."""

    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard that answers one question.

    ``many`` models can be looked at together, or only one at a time.
    """

    name: str  # of the file, and the end of the uid
    title: str
    question: str
    rows: Sequence[Row]
    many: bool = True

    @property
    def uid(self) -> str:
        return uid_of(self.name)


def uid_of(name: str) -> str:
    """The uid of a dashboard, which never changes: people keep links to it."""
    return f"stream-monitor-{name}"


def to_model(name: str, title: str, value: str) -> builders.DashboardLink:
    """A link to the dashboard ``name`` of one model, of the same time and job."""
    return builders.DashboardLink(title).url(
        f"/d/{uid_of(name)}?${{__url_time_range}}&${{datasource:queryparam}}"
        f"&${{job:queryparam}}&var-model=${{{value}}}"
    )


#: Where a figure's series, or a table's row, leads.
SERIES_MODEL = "__field.labels.model"
ROW_MODEL = "__data.fields.model"


def build(board: Board, all_boards: Sequence[tuple[str, str]]) -> dashboard.Dashboard:
    """The dashboard, with links to the others; ``all_boards`` are name and title of each."""
    built = (
        builders.Dashboard(board.title)
        .uid(board.uid)
        .description(board.question)
        .tags([TAG])
        .timezone("browser")
        .time("now-6h", "now")
        .refresh("1m")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .readonly()
        .variables([_datasource(), _job(), _model(board.many)])
        .links([_link(name, title) for name, title in all_boards if name != board.name])
    )
    number = 0
    for row in board.rows:
        number += 1
        built = built.with_row(builders.Row(row.title).id(number))
        for panel in row.panels:
            number += 1
            built = built.with_panel(panel.id(number))
    return built.build()


def _link(name: str, title: str) -> builders.DashboardLink:
    return (
        builders.DashboardLink(title.partition(": ")[2])
        .type(DashboardLinkType.LINK)
        .url(f"/d/{uid_of(name)}")
        .icon("dashboard")
        .keep_time(True)
        .include_vars(True)
    )


def _datasource() -> builders.DatasourceVariable:
    return (
        builders.DatasourceVariable("datasource")
        .label("Data source")
        .description("The Prometheus that scrapes the workers.")
        .type("prometheus")
    )


def _job() -> builders.QueryVariable:
    return (
        builders.QueryVariable("job")
        .label("Job")
        .description("What Prometheus calls a group of workers.")
        .query(f"label_values({names.BUILD.name}, job)")
        .datasource(DATASOURCE)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        # All is each of these by name: other jobs have series called up and process_… too.
        .multi(True)
        .include_all(True)
        .current(VariableOption(text="All", value="$__all"))
    )


def _model(many: bool) -> builders.QueryVariable:
    variable = (
        builders.QueryVariable("model")
        .label("Model")
        .description("Models that the workers have seen events of.")
        .query(f"label_values({names.EVENTS.name}{{{JOB}}}, model)")
        .datasource(DATASOURCE)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
    )
    if not many:
        return variable.multi(False).include_all(False)
    return (
        variable.multi(True)
        .include_all(True)
        .all_value(_ALL)
        .current(VariableOption(text="All", value="$__all"))
    )
