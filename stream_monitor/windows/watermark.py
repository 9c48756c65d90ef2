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


@dataclass(frozen=True, slots=True)
class ModelProgress:
    """One model in one partition: its largest event time, and whether it has fallen silent."""

    watermark_ms: int
    idle: bool


@dataclass(frozen=True, slots=True)
class PartitionProgress:
    """What a partition's reader says: all offsets below ``position`` are in summaries sent.

    ``caught_up`` is set when nothing was left to read. ``partitions`` is the size of the
    source topic, so that whoever listens knows how many there are to hear from.
    """

    partition: int
    partitions: int
    position: int
    caught_up: bool
    models: Mapping[str, ModelProgress] = field(default_factory=dict)

    def merge(self, newer: PartitionProgress) -> PartitionProgress:
        """The two taken together, whatever order they came in.

        A reader that took the partition over begins again at a block's start; what the one
        before has said of further offsets stays true, so event times only grow.
        """
        models = dict(self.models)
        for name, there in newer.models.items():
            here = models.get(name)
            if here is None or there.watermark_ms >= here.watermark_ms:
                models[name] = there
            else:
                models[name] = ModelProgress(here.watermark_ms, there.idle)
        return PartitionProgress(
            partition=self.partition,
            partitions=max(self.partitions, newer.partitions),
            position=max(self.position, newer.position),
            # Behind what was already read is not caught up, whatever an older reader said.
            caught_up=newer.caught_up and newer.position >= self.position,
            models=models,
        )


def model_watermark(
    model: str,
    progress: Mapping[int, PartitionProgress],
    *,
    now_ms: int,
    idle_timeout_ms: int,
    closing_ms: int,
    previous_ms: int | None = None,
) -> int | None:
    """The model's watermark in ms, ``None`` while some partition has not been heard of.

    Never lower than ``previous_ms``. ``closing_ms`` is how far past its newest event a
    silent model's time may run: its slide and its allowed lateness.
    """
    partitions = max((p.partitions for p in progress.values()), default=0)
    if not partitions:
        return previous_ms
    holding: list[int] = []
    seen: list[int] = []
    for partition in range(partitions):
        there = progress.get(partition)
        if there is None:
            return previous_ms
        mine = there.models.get(model)
        if mine is None:
            if not there.caught_up:
                return previous_ms
            continue
        seen.append(mine.watermark_ms)
        if not mine.idle:
            holding.append(mine.watermark_ms)
    if not seen:
        return previous_ms
    if holding:
        watermark = min(holding)
    else:
        newest = max(seen)
        watermark = max(newest, min(now_ms - idle_timeout_ms, newest + closing_ms))
    return watermark if previous_ms is None else max(watermark, previous_ms)
