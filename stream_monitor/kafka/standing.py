"""The newest window of a model as the tables of a worker know it, report or none."""

from __future__ import annotations

from stream_monitor.metrics.snapshot import Standing
from stream_monitor.pipeline.model_state import ModelState


def standing(model: ModelState, before: Standing | None = None) -> Standing | None:
    """Of the newest window judged; ``None`` before the first one.

    ``before``, if it is of the same window, spares adding up rows. Which columns have drifted is
    not kept, and the status only while labels can still change the window.
    """
    judged = [
        (lane.last_end_ms, hash_)
        for hash_, lane in model.lanes.items()
        if lane.last_end_ms is not None
    ]
    if not judged:
        return None
    end, hash_ = max(judged)
    record = model.records.get((end, hash_))
    status = "" if record is None else record.status.value
    if before is not None and (before.window_end_ms, before.reference_hash) == (end, hash_):
        return before._replace(status=status)
    lane = model.lanes[hash_]
    return Standing(end, hash_, status, lane.ledger.rows(lane.spec.window_start(end), end))
