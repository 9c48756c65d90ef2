"""Parts of a model's traffic beside the whole, and its versions beside the champion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.classification import accuracy, performance
from stream_monitor.detectors.comparison import Comparison, Side, compare
from stream_monitor.detectors.figure import Figure
from stream_monitor.detectors.regression import regression_figures
from stream_monitor.reference.model import Reference, Task
from stream_monitor.summaries.slices import VERSION, SlicedTraffic
from stream_monitor.summaries.traffic import TrafficSummary

_OF_REGRESSION = ("mae", "rmse", "bias")


def slice_figures(
    traffic: TrafficSummary, reference: Reference | None, settings: ModelSettings
) -> Mapping[str, Figure]:
    """The figures of a slice that are worth a line, in a fixed order.

    Classifiers: ``accuracy``, ``precision``, ``recall``, ``f1``; regressions: ``mae``,
    ``rmse``, ``bias``; without classes ``accuracy`` alone.
    """
    found = traffic.performance
    if found.residuals is not None:
        figures = regression_figures(found.residuals)
        return {name: figures[name] for name in _OF_REGRESSION}
    first = {"accuracy": accuracy(found.confusion)}
    if reference is None or not reference.classes:
        return first
    return first | dict(
        performance(found.confusion, reference.classes, positive_of(reference, settings))
    )


@dataclass(frozen=True, slots=True)
class VersionComparison:
    """A version beside the champion, over all of their labels so far."""

    version: str
    champion: str
    comparisons: tuple[Comparison, ...]


def compare_versions(
    cumulative: SlicedTraffic, reference: Reference | None, settings: ModelSettings
) -> tuple[VersionComparison, ...]:
    """Every version with labels beside the champion, in the order of their names.

    The champion is that of the settings, else the version with the most events (of equally
    many the first by name). Nothing without a second version with labels.
    """
    dimension = cumulative.dimensions.get(VERSION)
    if dimension is None:
        return ()
    kept = {v: t for v, t in sorted(dimension.kept.items()) if t.performance.labelled}
    champion = settings.slices.champion
    if champion is None and kept:
        champion = max(kept, key=lambda version: kept[version].rows)
    if champion not in kept:
        return ()
    classes = () if reference is None else reference.classes
    positive = None if reference is None else positive_of(reference, settings)
    of_champion = _side(kept[champion])
    return tuple(
        VersionComparison(
            version,
            champion,
            compare(of_champion, _side(traffic), classes, positive, settings.slices.alpha),
        )
        for version, traffic in kept.items()
        if version != champion
    )


def positive_of(reference: Reference, settings: ModelSettings) -> str | None:
    """The class that precision, recall and F1 are about; ``None``: means over all classes."""
    chosen = settings.performance.positive_label
    if reference.task is Task.BINARY:
        return chosen or reference.positive
    return chosen


def _side(traffic: TrafficSummary) -> Side:
    found = traffic.performance
    confusion = None if found.residuals is not None else found.confusion
    return Side(confusion, found.scored, found.residuals, found.class_loss)
