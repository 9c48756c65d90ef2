"""A view in this process's memory, fed with what is published; no IO."""

from __future__ import annotations

from bisect import insort
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

import msgspec

from stream_monitor.alerts.rule import OPEN
from stream_monitor.metrics.newest import newest
from stream_monitor.pipeline.effects import Publish, Stream
from stream_monitor.views.protocol import ModelCard, Report

#: Windows kept of a model, and bytes of the reports of all; the longest unheard go first.
MAX_WINDOWS, MAX_BYTES = 300, 64 * 2**20
#: Alerts kept, those that are over going first.
MAX_ALERTS = 5_000
#: A model of whom there is a reference and no window yet.
WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class _Kept:
    """A report as JSON, which takes a tenth of the room of its objects, and its model's card."""

    report_id: str
    revision: int
    reference_hash: str
    status: str
    rows: int
    drifted: tuple[str, ...]
    body: bytes

    @classmethod
    def of(cls, report: Report) -> _Kept:
        return cls(
            report["report_id"],
            report["revision"],
            report["reference_hash"],
            report["status"],
            report["rows"],
            tuple(report["drifted"]),
            msgspec.json.encode(report),
        )

    @property
    def document(self) -> Report:
        return cast("Report", msgspec.json.decode(self.body))


@dataclass(slots=True)
class _Model:
    """Reports of one model by the end of their window, and when the last one came."""

    reports: dict[int, _Kept] = field(default_factory=dict)
    ends: list[int] = field(default_factory=list)  # ascending
    updated_ms: int = 0


class FollowedView:
    """Keeps the newest windows and alerts of every model it hears of.

    A revision takes the place of what it revises and leaves the rest of the report as it was
    (``metrics.newest``). What comes twice changes nothing. ``references`` tells which models
    there are besides, and the hash of each one's reference; ``now_ms`` is the clock.
    """

    def __init__(
        self, references: Callable[[], Mapping[str, str]], now_ms: Callable[[], int]
    ) -> None:
        self._references = references
        self._now_ms = now_ms
        self._models: dict[str, _Model] = {}
        self._alerts: OrderedDict[str, Report] = OrderedDict()  # by id, the last heard last
        self._order: OrderedDict[tuple[str, int], None] = OrderedDict()
        self._bytes = 0

    def hear(self, publish: Publish) -> None:
        """A report or an alert that was published."""
        if publish.stream is Stream.ALERTS:
            self._hear_alert(publish.document)
        else:
            self._hear_report(publish.model, publish.document)

    async def models(self) -> list[ModelCard]:
        references = self._references()
        open_alerts: dict[str, int] = {}
        for alert in self._alerts.values():
            if alert["status"] in OPEN:
                open_alerts[alert["model"]] = open_alerts.get(alert["model"], 0) + 1
        return [
            self._card(name, references.get(name), open_alerts.get(name, 0))
            for name in sorted(references.keys() | self._models.keys())
        ]

    async def latest(self, model: str) -> Report | None:
        kept = self._models.get(model)
        return kept.reports[kept.ends[-1]].document if kept is not None else None

    async def history(self, model: str, since_ms: int, until_ms: int, limit: int) -> list[Report]:
        kept = self._models.get(model, _Model())
        ends = [end for end in kept.ends if since_ms <= end <= until_ms]
        return [kept.reports[end].document for end in list(reversed(ends))[:limit]]

    async def alerts(self, model: str | None) -> list[Report]:
        found = [a for a in self._alerts.values() if model in (None, a["model"])]
        return sorted(found, key=lambda a: (-a["started_at"], a["alert_id"]))

    def _card(self, name: str, reference: str | None, open_alerts: int) -> ModelCard:
        kept = self._models.get(name)
        if kept is None:
            assert reference is not None
            return ModelCard(name, reference, None, WAITING, 0, (), open_alerts, 0)
        end = kept.ends[-1]
        last = kept.reports[end]
        return ModelCard(
            name,
            last.reference_hash,
            end,
            last.status,
            last.rows,
            last.drifted,
            open_alerts,
            kept.updated_ms,
        )

    def _hear_report(self, model: str, document: Report) -> None:
        end = document["window"]["end_ms"]
        kept = self._models.get(model)
        before = kept.reports.get(end) if kept is not None else None
        if before is not None and _is_known(document, before):
            return
        report = newest(before.document if before is not None else None, document)
        if report is None:  # a revision of a window that is not kept
            return
        keep = _Kept.of(report)
        if len(keep.body) > MAX_BYTES:
            return
        if kept is None:
            kept = self._models[model] = _Model()
        if before is None:
            insort(kept.ends, end)
        else:
            self._bytes -= len(before.body)
        self._bytes += len(keep.body)
        kept.reports[end] = keep
        kept.updated_ms = self._now_ms()
        self._order[model, end] = None
        self._order.move_to_end((model, end))
        if len(kept.ends) > MAX_WINDOWS:
            self._forget(model, kept.ends[0])
        while self._bytes > MAX_BYTES:
            self._forget(*next(iter(self._order)))

    def _forget(self, model: str, end: int) -> None:
        kept = self._models[model]
        kept.ends.remove(end)
        self._bytes -= len(kept.reports.pop(end).body)
        del self._order[model, end]
        if not kept.ends:
            del self._models[model]

    def _hear_alert(self, event: Report) -> None:
        id_ = event["alert_id"]
        before = self._alerts.get(id_)
        if before is not None and event["sequence"] < before["sequence"]:
            return
        self._alerts[id_] = event
        self._alerts.move_to_end(id_)
        if len(self._alerts) > MAX_ALERTS:
            over = (i for i, a in self._alerts.items() if a["status"] not in OPEN)
            del self._alerts[next(over, next(iter(self._alerts)))]


def _is_known(said: Report, kept: _Kept) -> bool:
    """The same report in no newer revision, as a restart repeats it."""
    return bool(said["report_id"] == kept.report_id and said["revision"] <= kept.revision)
