"""What readers tell the joiners of the events and labels they have read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stream_monitor.events.columns import OK, text
from stream_monitor.joining.messages import LabelPart, PredictionPart
from stream_monitor.reference.model import NO_REFERENCE, Reference
from stream_monitor.statistics.hashing import stable_hash64
from stream_monitor.summaries.outcomes import (
    answers,
    as_number,
    as_text,
    is_boolean,
    predictions_of,
)
from stream_monitor.summaries.slices import Slicing, cuts_of

if TYPE_CHECKING:
    from stream_monitor.events.batch import EventBatch
    from stream_monitor.events.labels import LabelBatch


def prediction_part(
    batch: EventBatch, reference: Reference | None, slicing: Slicing
) -> PredictionPart | None:
    """The events of a batch that have an id; ``None`` if none has."""
    if batch.prediction_ids is None:
        return None
    texts, codes = text(batch.prediction_ids, len(batch))
    named = None if codes is None else np.flatnonzero(codes == OK)
    if named is not None and len(named) < len(batch):
        if not len(named):
            return None
        batch = batch.take(named)
        texts = [texts[row] for row in named.tolist()]
    n = len(batch)
    return PredictionPart(
        batch.model,
        NO_REFERENCE if reference is None else reference.hash,
        batch.offsets,
        stable_hash64([name or "" for name in texts]),
        batch.timestamps,
        predictions_of(batch, reference),
        answers(batch.ground_truth, n, reference),
        cuts_of(batch, slicing),
    )


def label_part(batch: LabelBatch, reference: Reference | None) -> LabelPart:
    """The labels of a batch; ``reference`` is the model's current one."""
    n = len(batch)
    return LabelPart(
        batch.model,
        batch.offsets,
        stable_hash64(batch.prediction_ids),
        batch.timestamps,
        as_text(batch.ground_truth, n, boolean=is_boolean(reference)),
        as_number(batch.ground_truth, n),
    )
