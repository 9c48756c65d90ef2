"""What a worker says of labels that come later: of those it reads, joins and is told of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from stream_monitor.joining.pending import Outcome
from stream_monitor.metrics.freezing import freeze_mappings


class HeldView(NamedTuple):
    """What the joiners of this worker hold of one model, all together."""

    predictions: int = 0
    labelled: int = 0  # of them
    waiting: int = 0  # labels without a prediction
    nbytes: int = 0  # of memory

    def __add__(self, other: object) -> HeldView:
        """Both together."""
        if not isinstance(other, HeldView):
            return NotImplemented
        return HeldView(*map(sum, zip(self, other, strict=True)))


class JoinerView(NamedTuple):
    """The joiner of one partition of ``joins``.

    One that ``recovering`` has not yet read what was there when it began, and tells nothing
    until it has. ``log_bytes`` are those of the messages it holds.
    """

    partition: int
    recovering: bool
    log_bytes: int


@dataclass(frozen=True, slots=True)
class LabelsView:
    """Counts of this process since it started, which never fall, and what is held now."""

    # counts
    records: int = 0  # Kafka records read, rejected ones included
    labels: Mapping[str, int] = field(default_factory=dict)  # by model
    rejected: Mapping[str, int] = field(default_factory=dict)  # records by reason
    without_id: Mapping[str, int] = field(default_factory=dict)  # predictions by model
    outcomes: Mapping[tuple[str, Outcome], int] = field(default_factory=dict)  # by model, outcome
    slots: int = 0  # received by stage 2
    too_late: Mapping[str, int] = field(default_factory=dict)  # labels by model
    revisions: Mapping[str, int] = field(default_factory=dict)  # reports by model
    # the present
    joiners: tuple[JoinerView, ...] = ()
    held: Mapping[str, HeldView] = field(default_factory=dict)  # by model

    def __post_init__(self) -> None:
        freeze_mappings(self)

    @property
    def models(self) -> frozenset[str]:
        """Every model that anything here is said of."""
        by_model = (self.labels, self.without_id, self.too_late, self.revisions, self.held)
        names = {name for mapping in by_model for name in mapping}
        return frozenset(names.union(model for model, _ in self.outcomes))

    def outcome(self, model: str, outcome: Outcome) -> int:
        """How often it was so."""
        return self.outcomes.get((model, outcome), 0)

    def join_ratio(self, model: str) -> float | None:
        """Of the predictions held the share that has its label; ``None`` where none is held."""
        held = self.held.get(model)
        if held is None or not held.predictions:
            return None
        return min(1.0, held.labelled / held.predictions)

    def matched_ratio(self, model: str) -> float | None:
        """Of the labels that came the share that met a prediction; ``None`` before the first.

        Repeated and contradicting labels are left out: they are of ids that were counted.
        """
        joined = self.outcome(model, Outcome.JOINED)
        missed = self.outcome(model, Outcome.UNMATCHED) + self.held.get(model, HeldView()).waiting
        return joined / (joined + missed) if joined + missed else None
