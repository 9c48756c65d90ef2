"""How far event time has come, over all partitions of a source topic.

The rule, for one model: a partition that has carried events of the model holds the
watermark at the largest event time it has shown, unless the model is *idle* there (nothing
came for the idle timeout although the partition is read to its end). A partition that has
not carried any holds everything back until it has been read to its end once: its backlog
may begin with the model's oldest events. When every partition is idle, event time goes on
with the clock, ``idle timeout`` behind it, so that the last windows of a stopped stream are
judged too — but no further than it takes to close them: a replay of old events may be
followed by another. The clock is a value given by the caller.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class ModelProgress:
    """One model in one partition: its largest event time, and whether it has fallen silent."""

    watermark_ms: int
    idle: bool


@dataclass(frozen=True, slots=True)
class PartitionProgress:
    """What a partition's reader says: all offsets below ``position`` are in summaries sent.

    ``caught_up`` is set when nothing was left to read, ``rested`` when that is so and this
    reader is at work for the idle timeout: a model that it has not named is silent here.
    ``partitions`` is the size of the source topic, so that whoever listens knows how many
    there are to hear from.
    """

    partition: int
    partitions: int
    position: int
    caught_up: bool
    models: Mapping[str, ModelProgress] = field(default_factory=dict)
    rested: bool = False

    def merge(self, newer: PartitionProgress) -> PartitionProgress:
        """The two taken together, whatever order they came in.

        A reader that took the partition over begins again at a block's start; what the one
        before has said of further offsets stays true, so event times only grow.
        """
        models = dict(self.models)
        # Behind what was already read nothing is read to its end, whatever that reader says: it may
        # be one that was taken for dead, and its partition another's by now.
        reached = newer.position >= self.position
        for name, there in newer.models.items():
            here = models.get(name)
            newest = there.watermark_ms
            if here is not None:
                newest = max(newest, here.watermark_ms)
            models[name] = ModelProgress(newest, there.idle and reached)
        # A reader that took the partition over knows nothing of models whose last event was
        # before its first offset, and would never call them silent.
        rested = newer.rested and reached
        if rested:
            for name in self.models.keys() - newer.models.keys():
                models[name] = ModelProgress(self.models[name].watermark_ms, True)
        return PartitionProgress(
            partition=self.partition,
            partitions=max(self.partitions, newer.partitions),
            position=max(self.position, newer.position),
            caught_up=newer.caught_up and reached,
            models=models,
            rested=rested,
        )


class Candidate(NamedTuple):
    """How far the partitions that speak have come; ``silent``: others were left out as silent."""

    at_ms: int
    silent: bool


def candidate(
    model: str,
    progress: Mapping[int, PartitionProgress],
    *,
    now_ms: int,
    idle_timeout_ms: int,
    closing_ms: int,
) -> Candidate | None:
    """How far the model's event time has come by what is known now.

    ``None`` while some partition holds everything back. ``closing_ms`` is how far past its
    newest event a silent model's time may run: its slide and its allowed lateness.
    """
    partitions = max((p.partitions for p in progress.values()), default=0)
    holding: list[int] = []
    seen: list[int] = []
    for partition in range(partitions):
        there = progress.get(partition)
        if there is None:
            return None
        mine = there.models.get(model)
        if mine is None:
            if not there.caught_up:
                return None
            continue
        seen.append(mine.watermark_ms)
        if not mine.idle:
            holding.append(mine.watermark_ms)
    if holding:
        return Candidate(min(holding), silent=len(holding) < partitions)
    if not seen:
        return None
    newest = max(seen)
    return Candidate(max(newest, min(now_ms - idle_timeout_ms, newest + closing_ms)), silent=True)


class Moment(NamedTuple):
    """When a watermark may take a step: by the clock, and by what was heard.

    ``words`` is how many words were heard from all partitions, ``again`` the number of the
    newest after which all have spoken again (:class:`~stream_monitor.windows.hearing.Hearing`).
    """

    now_ms: int
    words: int
    again: int


@dataclass(frozen=True, slots=True)
class Watermark:
    """A model's watermark, and one that is waiting for silence to be confirmed.

    When traffic begins again after a pause, one partition is read before the others, and
    those still count as silent; and one whose reader has died goes on counting as silent. So a
    step that leaves silent partitions out is taken only when it has stood for ``settle_ms`` of
    the clock and every partition has spoken again, and no further than the least far candidate
    of that time: enough for the others to say that they are not silent any more.
    """

    at_ms: int | None = None
    waiting_ms: int | None = None
    since_ms: int = 0
    since_word: int = 0

    def step(self, towards: Candidate | None, at: Moment, settle_ms: int) -> Watermark:
        """The watermark after what is known at a moment; it never goes back."""
        if towards is None:
            return Watermark(self.at_ms)
        if not towards.silent or not settle_ms:
            return Watermark(self._reach(towards.at_ms))
        if self.waiting_ms is None:
            ahead = self.at_ms is None or towards.at_ms > self.at_ms
            return Watermark(self.at_ms, towards.at_ms, at.now_ms, at.words) if ahead else self
        least = min(self.waiting_ms, towards.at_ms)
        since_ms = min(self.since_ms, at.now_ms)  # a clock that was set back begins to wait anew
        if at.now_ms - since_ms < settle_ms or at.again < self.since_word:
            return Watermark(self.at_ms, least, since_ms, self.since_word)
        reached = self._reach(least)
        further = towards.at_ms if towards.at_ms > reached else None
        return Watermark(reached, further, at.now_ms, at.words)

    def _reach(self, at_ms: int) -> int:
        return at_ms if self.at_ms is None else max(at_ms, self.at_ms)
