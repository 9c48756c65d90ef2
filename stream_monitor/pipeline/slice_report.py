"""Slices and versions in a report, as JSON's own types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.figure import Figure
from stream_monitor.detectors.slices import VersionComparison, slice_figures
from stream_monitor.reference.model import Reference
from stream_monitor.summaries.slices import SlicedTraffic
from stream_monitor.summaries.traffic import TrafficSummary


def slices_document(
    traffic: SlicedTraffic, reference: Reference | None, settings: ModelSettings
) -> dict[str, Any]:
    """By dimension: each value with its figures, and how many rows the cap has dropped."""
    return {
        name: {
            "dropped_rows": dimension.dropped,
            "values": {
                value: slice_document(of, reference, settings)
                for value, of in sorted(dimension.kept.items())
            },
        }
        for name, dimension in sorted(traffic.dimensions.items())
    }


def slice_document(
    traffic: TrafficSummary, reference: Reference | None, settings: ModelSettings
) -> dict[str, Any]:
    """Rows, labels and figures of one slice; figures only where there are labels."""
    labelled = traffic.performance.labelled
    figures = slice_figures(traffic, reference, settings) if labelled else {}
    return {
        "rows": traffic.rows,
        "labelled": labelled,
        "figures": {name: _figure(figure) for name, figure in figures.items()},
    }


def comparison_document(found: VersionComparison) -> dict[str, Any]:
    """A version beside the champion: every metric of both, the difference, what is decided."""
    return {
        "version": found.version,
        "champion": found.champion,
        "metrics": [
            {
                name: _figure(value) if isinstance(value, Figure) else value
                for name, value in _fields(comparison).items()
                if value is not None
            }
            for comparison in found.comparisons
        ],
    }


def _fields(comparison: Any) -> Mapping[str, Any]:
    return {name: getattr(comparison, name) for name in type(comparison).__slots__}


def _figure(figure: Figure) -> dict[str, Any]:
    return {name: value for name, value in figure._asdict().items() if value is not None}
