"""Samples to metric families, with labels that every Prometheus parser takes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client.core import Metric
from prometheus_client.utils import floatToGoString

from stream_monitor.metrics.histogram import Histogram
from stream_monitor.metrics.names import ALL, Kind, Spec

_UNITS = ("seconds", "ratio")
_UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def label_text(text: str) -> str:
    r"""The text with control characters and lone surrogates as ``\xNN`` and ``\uNNNN``.

    A surrogate cannot be encoded at all (one such model name would break every scrape), and
    parsers differ on control characters.
    """
    if not _UNFIT.search(text):
        return text
    return _UNFIT.sub(lambda match: _escape(ord(match[0])), text)


class Families:
    """The families of one scrape. The first sample of equal labels counts; NaN is left out."""

    def __init__(self) -> None:
        self._families = {spec.name: _family(spec) for spec in ALL}
        self._seen: set[tuple[str, ...]] = set()

    def add(self, spec: Spec, value: float, *labels: str) -> None:
        """One sample; ``labels`` in the order of ``spec.labels``."""
        if not math.isnan(value):
            self._add(spec, spec.name, value, labels)

    def add_histogram(self, spec: Spec, histogram: Histogram) -> None:
        """The buckets (each with all below it), count and sum of a histogram without labels."""
        family = self._families[spec.name]
        bounds = [*map(floatToGoString, histogram.bounds), "+Inf"]
        for bound, count in zip(bounds, accumulate(histogram.counts), strict=True):
            family.add_sample(f"{spec.name}_bucket", {"le": bound}, float(count))
        self._add(spec, f"{spec.name}_count", histogram.count, ())
        self._add(spec, f"{spec.name}_sum", histogram.seconds, ())

    def filled(self) -> Iterator[Metric]:
        """The families that have samples."""
        return (family for family in self._families.values() if family.samples)

    @staticmethod
    def described() -> list[Metric]:
        """All families, without samples."""
        return [_family(spec) for spec in ALL]

    def _add(self, spec: Spec, name: str, value: float, labels: tuple[str, ...]) -> None:
        texts = labels
        if _UNFIT.search("".join(labels)):
            texts = tuple(label_text(label) for label in labels)
        if (name, *texts) in self._seen:
            return
        self._seen.add((name, *texts))
        pairs = dict(zip(spec.labels, texts, strict=True))  # ValueError: a label too many or few
        self._families[spec.name].add_sample(name, pairs, float(value))


def _family(spec: Spec) -> Metric:
    """An empty family; its name is without the suffix that samples of its kind carry."""
    suffix = {Kind.COUNTER: "_total", Kind.INFO: "_info"}.get(spec.kind, "")
    name = spec.name.removesuffix(suffix)
    unit = name.rpartition("_")[2]
    return Metric(name, spec.help, spec.kind.value, unit if unit in _UNITS else "")


def _escape(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
