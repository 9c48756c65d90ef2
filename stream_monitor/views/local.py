"""The view in memory: what is published, and after a restart what the worker's tables hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from stream_monitor.metrics.snapshot import OpenAlert, ReferenceView, Snapshot, WorkerState
from stream_monitor.pipeline.effects import Publish
from stream_monitor.views.protocol import ModelCard, Report, Source, Told
from stream_monitor.views.restored import restored
from stream_monitor.views.said import Said, alert_said, said_of, standing_said
from stream_monitor.views.shelf import Bounds, Shelf, ordered, waiting_card

#: Windows, and alerts, of all models together: some 100 MB, and some 20.
MAX_WINDOWS = MAX_ALERTS = 20_000
#: Models; the longest unheard goes first.
MAX_MODELS = 10_000
#: A model that the worker does not own for so long is forgotten. A rebalance is shorter.
LEAVES_MS = 60_000


class LocalView:
    """Answers from memory: for the models of this worker, or of all if it hears of ``everybody``.

    It is fed with what is published (:meth:`hear`) and with the worker's snapshots
    (:meth:`present`). After a restart it knows of each model its newest window's end, status and
    rows, and which alerts are open; not which columns have drifted, no report, no history, and no
    alert that is over. ``bounds`` hold for each model, ``max_windows``, ``max_alerts`` and
    ``max_models`` for all of them.
    """

    def __init__(
        self,
        bounds: Bounds,
        now_ms: Callable[[], int],
        *,
        everybody: bool = False,
        max_windows: int = MAX_WINDOWS,
        max_alerts: int = MAX_ALERTS,
        max_models: int = MAX_MODELS,
    ) -> None:
        self._bounds = bounds
        self._now_ms = now_ms
        self._everybody = everybody
        self._max_windows = max_windows
        self._max_alerts = max_alerts
        self._max_models = max_models
        self._windows = self._alerts = 0
        #: What the bounds on all models together have taken; counts only grow.
        self.lost = dict.fromkeys(("windows", "alerts", "models"), 0)
        self._shelves: dict[str, Shelf] = {}
        self._seen: dict[str, int] = {}  # when a model was last this worker's
        self._owned: frozenset[str] = frozenset()
        self._references: Mapping[str, ReferenceView] = {}

    def hear(self, publish: Publish) -> Said:
        """A report, a revision or an alert was published; what is to be kept of it."""
        said = said_of(publish, self._now_ms())
        self._seen.pop(said.model, None)
        self._seen[said.model] = said.said_ms  # the longest unheard stands first
        self.put(said)
        if len(self._shelves) > self._max_models:
            kept = [model for model in self._seen if model in self._shelves]
            others = (model for model in kept if model not in self._owned)
            self._forget(next(others, kept[0]))
            self.lost["models"] += 1
        return said

    def put(self, said: Said) -> bool:
        """Keep a document, unless there is something newer."""
        shelf = self._shelves.get(said.model)
        if shelf is None:
            shelf = self._shelves[said.model] = Shelf(said.model, self._bounds)
        windows, alerts = shelf.windows, shelf.alerts_kept
        kept = shelf.put(said)
        self._windows += shelf.windows - windows
        self._alerts += shelf.alerts_kept - alerts
        if self._windows > self._max_windows:
            fullest = max(self._shelves.values(), key=lambda each: each.windows)
            gone = fullest.forget_oldest()
            self._windows -= gone
            self.lost["windows"] += gone
        if self._alerts > self._max_alerts:
            fullest = max(self._shelves.values(), key=lambda each: each.alerts_kept)
            fullest.forget_last_alert()
            self._alerts -= 1
            self.lost["alerts"] += 1
        return kept

    def _forget(self, model: str) -> None:
        del self._seen[model]
        shelf = self._shelves.pop(model, None)
        if shelf is not None:  # of a model of this worker it can have gone for want of room
            self._windows -= shelf.windows
            self._alerts -= shelf.alerts_kept

    def present(self, snapshot: Snapshot) -> frozenset[str]:
        """What the worker owns now; the models that it did not own the last time.

        What is older than what was heard does not count.
        """
        now_ms = self._now_ms()
        self._references = snapshot.references
        if snapshot.state is not WorkerState.RUNNING:
            self._owned = frozenset()  # what it owns is being decided
            return self._owned
        owned = frozenset(snapshot.standings)
        new, self._owned = owned - self._owned, owned
        open_alerts: dict[str, dict[str, OpenAlert]] = {model: {} for model in owned}
        for alert in snapshot.open_alerts:
            if alert.episode:
                open_alerts.setdefault(alert.model, {})[alert.episode] = alert
        for model in owned:
            self._seen[model] = now_ms
            if model in new:
                self.put(standing_said(model, snapshot.standings[model], now_ms))
            self._settle(model, open_alerts[model], snapshot.as_of_ms, now_ms)
        for model, at_ms in list(self._seen.items()):
            if now_ms - at_ms > LEAVES_MS and not self._everybody:
                self._forget(model)
        return new

    def _settle(
        self, model: str, there: Mapping[str, OpenAlert], as_of_ms: int, now_ms: int
    ) -> None:
        """Make the open alerts of a model those of the worker's state."""
        shelf = self._shelves.get(model)
        known = {} if shelf is None else shelf.open_alerts()
        for id_ in there.keys() - known.keys():
            self.put(alert_said(model, restored(there[id_]), now_ms, published=False))
        for id_ in known.keys() - there.keys():
            if shelf is not None and known[id_].said_ms < as_of_ms:
                self._alerts -= shelf.forget_alert(id_, known[id_].number)

    # -- for the writer

    @property
    def owned(self) -> frozenset[str]:
        """The models of this worker, as of the last :meth:`present`."""
        return self._owned

    @property
    def known(self) -> frozenset[str]:
        """Every model of which there is something."""
        return frozenset(self._shelves)

    def everything(self, model: str) -> Iterator[Said]:
        """All that is kept of a model."""
        shelf = self._shelves.get(model)
        return iter(()) if shelf is None else shelf.everything()

    def open_alerts(self, model: str) -> frozenset[str]:
        """The ids of a model's open alerts."""
        shelf = self._shelves.get(model)
        return frozenset() if shelf is None else frozenset(shelf.open_alerts())

    # -- the view

    @property
    def told(self) -> Told:
        """From this worker."""
        return Told(Source.WORKER)

    async def models(self) -> list[ModelCard]:
        """Every model it has heard of, and those that have a reference and no window yet."""
        return self.with_waiting([shelf.card() for shelf in self._shelves.values()])

    async def latest(self, model: str) -> Report | None:
        """The newest report, with what its newest revision has changed."""
        shelf = self._shelves.get(model)
        return None if shelf is None else shelf.latest()

    async def history(self, model: str, since_ms: int, until_ms: int, limit: int) -> list[Report]:
        """Reports by window end in [since, until], the newest revision of each, newest first."""
        shelf = self._shelves.get(model)
        return [] if shelf is None else shelf.history(since_ms, until_ms, limit)

    async def alerts(self, model: str | None) -> list[Report]:
        """The last event of each alert that is open or ended in the kept time, newest first."""
        shelves = [shelf for name, shelf in self._shelves.items() if model in (None, name)]
        return ordered(alert for shelf in shelves for alert in shelf.alerts())

    def with_waiting(self, cards: list[ModelCard]) -> list[ModelCard]:
        """By name, with a card for each model that has a reference and nothing else."""
        named = {card.model: card for card in cards}
        for model, reference in self._references.items():
            card = named.get(model, waiting_card(model))
            if not card.reference_hash:
                named[model] = replace(card, reference_hash=reference.hash)
        return [named[model] for model in sorted(named)]
