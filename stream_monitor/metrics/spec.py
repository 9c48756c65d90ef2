"""What a metric is: its name, kind, labels and help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

PREFIX = "stream_monitor_"


class Kind(StrEnum):
    """The type of a metric as Prometheus has it."""

    COUNTER = "counter"
    GAUGE = "gauge"
    INFO = "info"  # a gauge that is always 1
    SUMMARY = "summary"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Spec:
    """One metric: ``name`` is what a query writes; a summary adds ``_sum`` and ``_count``.

    A histogram adds those and ``_bucket``, which has the label ``le`` too.
    """

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str


def spec(kind: Kind, name: str, labels: str, text: str) -> Spec:
    """A metric of any kind; ``labels`` are separated by blanks."""
    return Spec(PREFIX + name, kind, tuple(labels.split()), text)


def counter(name: str, labels: str, text: str) -> Spec:
    """What only grows."""
    return spec(Kind.COUNTER, name, labels, text)


def gauge(name: str, labels: str, text: str) -> Spec:
    """What goes up and down."""
    return spec(Kind.GAUGE, name, labels, text)


def histogram(name: str, text: str) -> Spec:
    """Times in buckets, of the whole worker."""
    return spec(Kind.HISTOGRAM, name, "", text)


def specs_in(module: Mapping[str, object]) -> tuple[Spec, ...]:
    """The metrics among a module's globals, in their order, with those of tuples in their places.

    A list written by hand would miss one some day.
    """
    found: list[Spec] = []
    for value in module.values():
        members = value if isinstance(value, tuple) else (value,)
        found += [member for member in members if isinstance(member, Spec)]
    return tuple(found)
