"""The client's Prometheus metrics, on the registry of the server that it runs in.

They are real counters, set from the courier's thread: so they work in one process as in many
(prometheus_client's multiprocess mode), and a call of ``log`` never touches them.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from stream_monitor.client.counts import Statistics
from stream_monitor.client.lane import Lane
from stream_monitor.client.refusals import Refusal
from stream_monitor.client.ring import Full

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Gauge

PREFIX = "stream_monitor_client_"

#: Name without prefix and ``_total``: labels beyond ``model`` and ``kind``, and what it counts.
#: ``kind`` is ``events`` or ``labels``.
COUNTERS: dict[str, tuple[tuple[str, ...], str]] = {
    "logged": ((), "Rows given to log, log_batch or log_label."),
    "sent": ((), "Rows that Kafka has acknowledged."),
    "dropped": (("reason",), "Rows pushed out by newer ones, of a queue full of rows or bytes."),
    "lost": ((), "Rows given to Kafka's client and not acknowledged in time, or left at the end."),
    "refused": (("reason",), "Rows that cannot be sent, by reason."),
    "messages": ((), "Messages that Kafka has acknowledged."),
    "bytes": ((), "Bytes of the values of these messages."),
}
_REASONS: dict[str, type[StrEnum]] = {"refused": Refusal, "dropped": Full}
WAITING = ("waiting", "Rows in the queue or on their way.")
LABELS = ("model", "kind")


@dataclass(frozen=True, slots=True)
class Families:
    """The metrics on one registry, shared by all loggers of it."""

    counters: dict[str, Counter]
    waiting: Gauge


_families: weakref.WeakKeyDictionary[CollectorRegistry, Families] = weakref.WeakKeyDictionary()


def families(registry: CollectorRegistry) -> Families:
    """The metrics on this registry, made when the first logger asks."""
    from prometheus_client import Counter, Gauge  # whoever has a registry has it imported

    found = _families.get(registry)
    if found is None:
        found = Families(
            {
                name: Counter(PREFIX + name, text, (*LABELS, *more), registry=registry)
                for name, (more, text) in COUNTERS.items()
            },
            Gauge(
                PREFIX + WAITING[0],
                WAITING[1],
                LABELS,
                registry=registry,
                multiprocess_mode="livesum",
            ),
        )
        _families[registry] = found
    return found


class Exposition:
    """Brings one logger's counts to its registry; ``model`` is what its rows are labelled with."""

    def __init__(self, model: str, registry: CollectorRegistry, kinds: Sequence[str]) -> None:
        self._model = model
        self._families = families(registry)
        self._told: dict[str, Statistics] = {}
        self._process = os.getpid()
        for kind in kinds:  # their series are there, at 0, before anything happens
            self._tell(kind, Statistics())
            for name, reasons in _REASONS.items():
                for reason in reasons:
                    self._families.counters[name].labels(model, kind, reason.value)

    def __call__(self, lanes: Sequence[Lane[Any]]) -> None:
        for lane in lanes:
            self._tell(lane.kind, lane.statistics())

    def _tell(self, kind: str, now: Statistics) -> None:
        if os.getpid() != self._process:  # a fork: the lanes have begun anew
            self._process = os.getpid()
            self._told.clear()
        before = self._told.get(kind, Statistics())
        counters = self._families.counters
        for name, (more, _) in COUNTERS.items():
            if not more:
                grown = getattr(now, name) - getattr(before, name)
                counters[name].labels(self._model, kind).inc(max(0, grown))
        by_reason: dict[str, tuple[Mapping[Any, int], Mapping[Any, int]]] = {
            "refused": (now.refused, before.refused),
            "dropped": (now.dropped_for, before.dropped_for),
        }
        for name, (new, old) in by_reason.items():
            for reason, count in new.items():
                grown = count - old.get(reason, 0)
                counters[name].labels(self._model, kind, reason.value).inc(max(0, grown))
        self._families.waiting.labels(self._model, kind).set(now.waiting)
        self._told[kind] = now
