"""What is kept of one model, within bounds, and what is answered from it.

The rules are those of ``scripts``, which Redis runs; a law in the tests holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from stream_monitor.metrics.newest import newest
from stream_monitor.views.protocol import ModelCard, Report
from stream_monitor.views.said import Head, Part, Said, unpacked


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is kept of a model.

    ``history`` windows, the newest; ``alerts`` alerts, those that are over going first; and an
    alert that is over until ``kept_ms`` of event time before the newest window's end.
    """

    history: int
    kept_ms: int
    alerts: int = 1_000


@dataclass(slots=True)
class _Window:
    time_ms: int
    parts: dict[Part, Said]

    @property
    def order(self) -> tuple[int, int, str]:
        """By which windows are sorted.

        Two references can have judged the same one: the newer of them sees more and more rows.
        """
        report = self.parts[Part.REPORT]
        return (self.time_ms, Head.decode(report.head).rows, report.id)


class Shelf:
    """One model. What comes in any order leaves the same, as long as nothing is dropped."""

    def __init__(self, model: str, bounds: Bounds) -> None:
        self.updated_ms = 0
        self._model = model
        self._bounds = bounds
        self._windows: dict[str, _Window] = {}
        self._alerts: dict[str, Said] = {}
        self._standing: Said | None = None
        self._top: _Window | None = None  # the newest that can be shown
        self._top_is_known = True

    def put(self, said: Said) -> bool:
        """Keep it, unless something newer is kept or there is no room for one so old."""
        match said.part:
            case Part.ALERT:
                kept = self._put_alert(said)
            case Part.STANDING:
                kept = self._standing is None or self._standing.number < said.number
                self._standing = said if kept else self._standing
            case _:
                kept = self._put_window(said)
        if kept:
            self.updated_ms = max(self.updated_ms, said.said_ms)
        return kept

    def card(self) -> ModelCard:
        """The model at a glance; status ``waiting`` where no window is known."""
        open_alerts = len(self.open_alerts())
        top = self._newest()
        standing = self._standing
        return card_of(
            self._model,
            None if top is None else (top.time_ms, _heads(top.parts.values())),
            None if standing is None else (standing.number, Head.decode(standing.head)),
            open_alerts,
            self.updated_ms,
        )

    def latest(self) -> Report | None:
        """The newest report with what its newest revision has changed."""
        top = self._newest()
        return None if top is None else _report(top)

    def history(self, since_ms: int, until_ms: int, limit: int) -> list[Report]:
        """Reports by window end, both times included, newest first."""
        found = [w for w in self._visible() if since_ms <= w.time_ms <= until_ms]
        found.sort(key=lambda window: window.order, reverse=True)
        return [_report(window) for window in found[: max(0, limit)]]

    def alerts(self) -> list[Report]:
        """The last event of each alert that is open or ended in the kept time."""
        since = self._kept_since()
        return [
            unpacked(said.body)
            for said in self._alerts.values()
            if said.ended_ms is None or since is None or said.ended_ms >= since
        ]

    def open_alerts(self) -> dict[str, Said]:
        """The alerts that are open, by id."""
        return {id_: said for id_, said in self._alerts.items() if said.ended_ms is None}

    def forget_alert(self, id_: str, number: int) -> bool:
        """An open alert that its owner does not know, if nothing newer has come of it."""
        said = self._alerts.get(id_)
        if said is None or said.number != number or said.ended_ms is not None:
            return False
        del self._alerts[id_]
        return True

    def forget_last_alert(self) -> None:
        """Give up the alert that has been over for the longest, else the one longest open."""
        over = [a for a in self._alerts.values() if a.ended_ms is not None]
        del self._alerts[min(over or self._alerts.values(), key=_leaves).id]

    def forget_oldest(self) -> bool:
        """Give up the oldest window, but never the last one; false if there is no other."""
        if len(self._windows) < 2:
            return False
        del self._windows[self._oldest()]
        self._top_is_known = False
        return True

    def everything(self) -> Iterator[Said]:
        """All that is kept, in an order in which it can be put again."""
        for window in list(self._windows.values()):
            yield from window.parts.values()
        yield from list(self._alerts.values())
        if self._standing is not None:
            yield self._standing

    @property
    def windows(self) -> int:
        """How many windows are kept."""
        return len(self._windows)

    @property
    def alerts_kept(self) -> int:
        """How many alerts are kept, open or over."""
        return len(self._alerts)

    def _put_window(self, said: Said) -> bool:
        window = self._windows.get(said.id)
        before = None if window is None else window.parts.get(said.part)
        if before is not None and before.number >= said.number:
            return False
        if window is None:
            window = self._windows[said.id] = _Window(said.time_ms, {})
        window.time_ms, window.parts[said.part] = said.time_ms, said
        self._top_is_known = False
        while len(self._windows) > self._bounds.history:
            del self._windows[self._oldest()]
        return said.id in self._windows

    def _oldest(self) -> str:
        return min(self._windows, key=lambda id_: (self._windows[id_].time_ms, id_))

    def _put_alert(self, said: Said) -> bool:
        before = self._alerts.get(said.id)
        if before is not None and before.number >= said.number:
            return False
        self._alerts[said.id] = said
        since = self._kept_since()
        if since is not None:
            self._alerts = {
                id_: alert
                for id_, alert in self._alerts.items()
                if alert.ended_ms is None or alert.ended_ms >= since
            }
        while len(self._alerts) > self._bounds.alerts:
            self.forget_last_alert()
        return said.id in self._alerts

    def _kept_since(self) -> int | None:
        newest_ms = max((window.time_ms for window in self._windows.values()), default=None)
        return None if newest_ms is None else newest_ms - self._bounds.kept_ms

    def _newest(self) -> _Window | None:
        # Everybody asks for it, of every model; it changes when a window comes.
        if not self._top_is_known:
            self._top = max(self._visible(), key=lambda window: window.order, default=None)
            self._top_is_known = True
        return self._top

    def _visible(self) -> Iterator[_Window]:
        """A revision whose report has not come cannot be shown."""
        return (window for window in self._windows.values() if Part.REPORT in window.parts)


def card_of(
    model: str,
    top: tuple[int, Sequence[Head]] | None,
    standing: tuple[int, Head] | None,
    open_alerts: int,
    updated_ms: int,
) -> ModelCard:
    """A card from the newest report (its end, its head and its revision's), or the standing.

    The later window of the two counts.
    """
    if top is not None and (standing is None or standing[0] <= top[0]):
        end, heads = top
        head = Head(heads[0].reference_hash, heads[-1].status, heads[-1].rows, heads[0].drifted)
    elif standing is not None:
        end, head = standing
    else:
        return replace(waiting_card(model), open_alerts=open_alerts, updated_ms=updated_ms)
    return ModelCard(
        model,
        head.reference_hash,
        end,
        head.status,
        head.rows,
        head.drifted,
        open_alerts,
        updated_ms,
    )


def waiting_card(model: str) -> ModelCard:
    """The card of a model of which nothing is known yet."""
    return ModelCard(model, "", None, "waiting", 0, (), 0, 0)


def ordered(alerts: Iterable[Report]) -> list[Report]:
    """Alerts, the newest first."""
    return sorted(alerts, key=lambda a: (-a["started_at"], a["alert_id"], a["model"]))


def merged(report: Report, revision: Report | None) -> Report:
    """A report with what its newest revision has changed."""
    return report if revision is None else newest(report, revision) or report


def _report(window: _Window) -> Report:
    revision = window.parts.get(Part.REVISION)
    body = None if revision is None else unpacked(revision.body)
    return merged(unpacked(window.parts[Part.REPORT].body), body)


def _heads(saids: Iterable[Said]) -> list[Head]:
    """The report's first, then its revision's."""
    return [Head.decode(said.head) for said in sorted(saids, key=lambda said: said.part)]


def _leaves(said: Said) -> tuple[int, str]:
    """By which the first to go is found: when it ended, or began if it is open."""
    return (said.time_ms if said.ended_ms is None else said.ended_ms, said.id)
