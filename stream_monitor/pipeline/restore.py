"""Stage 2's models from what was kept in the table."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from stream_monitor.alerts.history import fold
from stream_monitor.alerts.tracker import AlertTracker
from stream_monitor.errors import ConfigurationError
from stream_monitor.pipeline.items import (
    Judged,
    Kept,
    KeptBlocks,
    KeptEntry,
    KeptRecord,
    KeptRetired,
    KeptSlot,
    KeptTraffic,
    KeptWatching,
    PaneRef,
)
from stream_monitor.pipeline.lane import Lane
from stream_monitor.pipeline.ledger import PaneLedger
from stream_monitor.pipeline.model_state import EvaluatorConfig, ModelState
from stream_monitor.pipeline.state import decode
from stream_monitor.windows.watermark import PartitionProgress

LaneOf = Callable[[str, str], Lane]


def restore(
    config: EvaluatorConfig, items: Iterable[tuple[bytes, bytes]]
) -> tuple[dict[str, ModelState], dict[int, PartitionProgress]]:
    """Models and progress from keys and values in any order.

    Any prefix of what was put is a state to go on from; what a pane's sum has and what the
    pane still has is told apart by how far the sum reaches.

    Raises:
        ConfigurationError: the slots are of blocks of another size, beside which those of this
            one would be counted twice.
    """
    models: dict[str, ModelState] = {}
    progress: dict[int, PartitionProgress] = {}

    def lane_of(name: str, hash_: str) -> Lane:
        model = models.setdefault(name, ModelState())
        return model.lanes.setdefault(hash_, Lane.of(config.spec(name)))

    kept = [decode(key, value) for key, value in items]
    for item in kept:
        match item:
            case KeptBlocks(size=size) if size != config.block_size:
                raise ConfigurationError(
                    f"kafka.block_size is {config.block_size:,}, and what is kept was counted in "
                    f"blocks of {size:,}: set it back, or begin anew with another kafka.group"
                )
            case Kept(progress=there):
                progress[there.partition] = there
            case KeptRetired():
                lane = lane_of(item.model, item.reference_hash)
                lane.ledger.retired, lane.ledger.retired_ms = item.state, item.before_ms
                lane.ledger.first_ms = item.began_ms
                lane.kept_degradation, lane.kept_comparing = item.degradation, item.comparing
            case Judged():
                model = models.setdefault(item.model, ModelState())
                model.alerts, model.base = dict(item.alerts), dict(item.base)
                model.episodes, model.windows = item.episodes, item.windows
                model.left_ms = item.left_ms
                for hash_, end in item.ends.items():
                    lane_of(item.model, hash_).last_end_ms = end
    for item in kept:
        match item:
            case KeptWatching():
                lane = lane_of(item.model, item.reference_hash)
                if item.end_ms == lane.last_end_ms:  # the other one is of a window judged again
                    lane.kept_watching = (item.place, item.watching)
            case KeptSlot(key=key, stored=stored):
                if key.slide_ms == config.spec(key.model).slide_ms:
                    at = (key.partition, key.block)
                    lane_of(key.model, key.reference_hash).restore(key.pane_ms, at, stored)
            case KeptTraffic(pane=pane):
                held = _pane(config, lane_of, pane)
                if held is not None:
                    held.traffic = item.traffic
            case KeptEntry(pane=pane):
                held = _pane(config, lane_of, pane)
                if held is not None:
                    held.entries[item.partition] = item.entry
            case KeptRecord():
                model = models.setdefault(item.model, ModelState())
                model.records[item.record.end_ms, item.reference_hash] = item.record
    for name, model in models.items():
        _judged(config, name, model)
    return models, progress


def _pane(config: EvaluatorConfig, lane_of: LaneOf, pane: PaneRef) -> PaneLedger | None:
    """The pane; ``None`` if it is of another length than now, or in its lane's sum already."""
    if pane.slide_ms != config.spec(pane.model).slide_ms:
        return None
    ledger = lane_of(pane.model, pane.reference_hash).ledger
    if ledger.is_retired(pane.pane_ms):
        return None
    ledger.changed.add(pane.pane_ms)
    return ledger.panes.setdefault(pane.pane_ms, PaneLedger())


def _judged(config: EvaluatorConfig, name: str, model: ModelState) -> None:
    """Fold the alerts of the windows open to revision; find those that labels have changed."""
    spec = config.spec(name)
    for end, hash_ in list(model.records):
        lane = model.lanes.get(hash_)
        if lane is None or lane.last_end_ms is None or end > lane.last_end_ms:
            del model.records[end, hash_]  # its report is said again
    model.records = dict(sorted(model.records.items(), key=lambda item: item[1].number))
    tracker = AlertTracker(name, config.settings(name))
    # Windows of another length are not judged again: their panes are no longer those of a window.
    model.outdated = [key for key, record in model.records.items() if not record.is_of(spec)]
    closed = [model.records.pop(key).past(spec) for key in model.outdated]
    model.base, _ = fold(tracker, model.base, closed)
    past = [record.past(spec) for record in model.records.values()]
    model.performance, _ = fold(tracker, model.base, past)
    for (end, hash_), record in model.records.items():
        start = spec.window_start(end)
        if model.lanes[hash_].ledger.labelled(start, end) != record.labelled:
            model.unrevised.add((end, hash_))
