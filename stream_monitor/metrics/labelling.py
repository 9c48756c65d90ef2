"""Labels that come later as samples."""

from __future__ import annotations

from stream_monitor.metrics import names
from stream_monitor.metrics.families import Families
from stream_monitor.metrics.label_view import LabelsView


def add_labels(out: Families, labels: LabelsView) -> None:
    """What is not of a single model, and the joiners of this worker."""
    out.add(names.LABEL_RECORDS, labels.records)
    for reason in dict.fromkeys((*names.REASONS, *sorted(labels.rejected))):
        out.add(names.LABEL_REJECTED, labels.rejected.get(reason, 0), reason)
    out.add(names.LABEL_SLOTS, labels.slots)
    for joiner in labels.joiners:
        out.add(names.JOINER_RECOVERING, joiner.recovering, str(joiner.partition))
        out.add(names.JOINER_BYTES, joiner.log_bytes, str(joiner.partition))


def add_labels_of(out: Families, model: str, labels: LabelsView) -> None:
    """A model's counts, from 0 on, and what the joiners of this worker hold of it."""
    for spec, counts in (
        (names.LABELS, labels.labels),
        (names.WITHOUT_ID, labels.without_id),
        (names.TOO_LATE, labels.too_late),
        (names.REVISED, labels.revisions),
    ):
        out.add(spec, counts.get(model, 0), model)
    for outcome in names.OUTCOMES:
        out.add(names.OUTCOME, labels.outcome(model, outcome), model, outcome)
    held = labels.held.get(model)
    if held is not None:
        out.add(names.HELD, held.predictions, model)
        out.add(names.HELD_LABELLED, held.labelled, model)
        out.add(names.WAITING, held.waiting, model)
        out.add(names.HELD_BYTES, held.nbytes, model)
    for spec, ratio in (
        (names.LABEL_JOIN, labels.join_ratio(model)),
        (names.LABELS_MATCHED, labels.matched_ratio(model)),
    ):
        if ratio is not None:
            out.add(spec, ratio, model)
