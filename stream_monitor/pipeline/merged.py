"""Events, and labels that come on their own, into an engine in the order of their times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from stream_monitor.events.batch import EventBatch, Record
from stream_monitor.events.encode import encode_label
from stream_monitor.events.labels import LabelBatch
from stream_monitor.pipeline.effects import Publish
from stream_monitor.pipeline.engine import LocalEngine


def run_with_labels(
    engine: LocalEngine,
    batches: Iterable[EventBatch],
    labels: LabelBatch,
    *,
    tick_ms: int,
    progress: Callable[[int], None] = lambda rows: None,
) -> Iterator[list[Publish]]:
    """Every report and alert of a file's events and labels, in order, a list each tick.

    The times of the events ascend, and so do those of the labels. Time goes on in ticks of
    ``tick_ms``, whole ones since 1970 (take a model's slide): first come the labels from
    before the tick, then its events. So a window's first report counts the labels from before
    the slide in which it became complete, and its revisions those that came later. The last
    lists are what is left at the end. ``progress`` is told of events and labels done.
    """
    fed = 0

    def give(until: int) -> Iterator[Publish]:
        nonlocal fed
        if fed < until:
            yield from engine.feed_labels(_records(labels, fed, until))
            yield from engine.flush()  # or the joiner would tell of them after the events
            progress(until - fed)
            fed = until

    for batch in batches:
        for tick, part in batch.split(np.floor_divide(batch.timestamps, tick_ms)):
            before = int(np.searchsorted(labels.timestamps, tick * tick_ms, side="left"))
            published = [*give(before), *engine.feed_batch(0, part), *engine.flush()]
            progress(len(part))
            yield published
    yield [*give(len(labels))]
    yield [*engine.finish()]


def _records(labels: LabelBatch, first: int, last: int) -> list[Record]:
    times = labels.timestamps[first:last].tolist()
    truths = labels.ground_truth[first:last]
    if isinstance(truths, np.ndarray):
        truths = truths.tolist()
    named = zip(times, labels.prediction_ids[first:last], truths, strict=True)
    return [
        Record(
            "labels",
            0,
            first + i,
            0,
            encode_label(model=labels.model, prediction_id=id_, ground_truth=truth, timestamp=at),
        )
        for i, (at, id_, truth) in enumerate(named)
    ]
