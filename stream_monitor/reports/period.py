"""A report on a period: everything that the page and the JSON document say, and nothing drawn."""

from __future__ import annotations

from dataclasses import dataclass

from stream_monitor.reports import figures
from stream_monitor.reports.columns import (
    BadStory,
    ColumnStory,
    Pictured,
    bad_stories,
    column_stories,
    pictured,
)
from stream_monitor.reports.figures import FigureStory
from stream_monitor.reports.history import History
from stream_monitor.reports.overview import Overview, overview
from stream_monitor.reports.recommend import Evidence, Recommendation, recommend


@dataclass(frozen=True)
class Period:
    """Summaries of a history, each list with what to look at first first."""

    history: History
    overview: Overview
    recommendations: list[Recommendation]
    columns: list[ColumnStory]
    pictured: list[Pictured]
    performance: list[FigureStory]
    coverage: list[FigureStory]
    estimates: list[FigureStory]
    errors: list[FigureStory]
    bad: list[BadStory]
    quality: list[FigureStory]
    latency: list[FigureStory]

    @property
    def forecast(self) -> list[FigureStory]:
        """The main figures of the model, in the order in which they are forecast."""
        main = self.performance[: figures.MAIN]
        return [*main, *self.coverage, *self.quality, *self.latency]


def summarise(history: History) -> Period:
    """Everything there is to say of a history; the same history gives the same."""
    stories = column_stories(history)
    drawn = pictured(history, stories)
    told = overview(history)
    performance = figures.performance(history)
    errors = figures.estimate_errors(history)
    coverage = figures.stories(history, ("coverage",))
    quality = figures.stories(history, ("score", "duplicates", "rows"))
    latency = figures.latency(history)
    evidence = Evidence(history, told, performance, errors, [*coverage, *quality, *latency], drawn)
    return Period(
        history=history,
        overview=told,
        recommendations=recommend(evidence),
        columns=stories,
        pictured=drawn,
        performance=performance,
        coverage=coverage,
        estimates=figures.estimates(history),
        errors=errors,
        bad=bad_stories(history),
        quality=quality,
        latency=latency,
    )
