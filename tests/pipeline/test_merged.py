"""Events and labels by their times: what a first report counts, and that nothing is left out."""

from __future__ import annotations

from typing import Any

import numpy as np

from stream_monitor.events.batch import EventBatch
from stream_monitor.events.labels import LabelBatch
from stream_monitor.pipeline.effects import Stream
from stream_monitor.pipeline.engine import LocalEngine
from stream_monitor.pipeline.merged import run_with_labels
from stream_monitor.reference.registry import References
from tests.pipeline.events import EPOCH_MS, LATENESS_MS, SETTINGS, SLIDE_MS, reference

ROWS = 300
TIMES = EPOCH_MS // SLIDE_MS * SLIDE_MS + 1000 * np.arange(ROWS, dtype=np.int64)


def events(chunk: int) -> list[EventBatch]:
    return [
        EventBatch(
            model="m",
            offsets=np.arange(first, min(first + chunk, ROWS)),
            timestamps=TIMES[first : first + chunk],
            features={"x": np.zeros(len(TIMES[first : first + chunk]))},
            prediction=["1"] * len(TIMES[first : first + chunk]),
            prediction_ids=[f"id-{i}" for i in range(first, min(first + chunk, ROWS))],
        )
        for first in range(0, ROWS, chunk)
    ]


def labels(delay_ms: int) -> LabelBatch:
    ids = [f"id-{i}" for i in range(ROWS)]
    return LabelBatch("m", np.arange(ROWS), TIMES + delay_ms, ids, ["1"] * ROWS)


def reports(delay_ms: int, chunk: int = 64) -> tuple[list[dict[str, Any]], int]:
    done = 0

    def progress(rows: int) -> None:
        nonlocal done
        done += rows

    engine = LocalEngine(SETTINGS, References(reference()), labels=True)
    steps = run_with_labels(
        engine, events(chunk), labels(delay_ms), tick_ms=SLIDE_MS, progress=progress
    )
    found = [
        dict(publish.document)
        for step in steps
        for publish in step
        if publish.stream is Stream.REPORTS
    ]
    return found, done


def test_a_first_report_counts_the_labels_from_before_the_slide_that_completes_it() -> None:
    delay_ms = 50_000
    found, _ = reports(delay_ms)
    first = [report for report in found if report["revision"] == 0]
    within = [r for r in first if r["window"]["end_ms"] + LATENESS_MS < TIMES[-1]]
    assert len(within) > 5
    for report in within:
        start, end = report["window"]["start_ms"], report["window"]["end_ms"]
        completed = (end + LATENESS_MS) // SLIDE_MS * SLIDE_MS
        inside = (start <= TIMES) & (end > TIMES)
        assert report["labelled"] == (inside & (TIMES + delay_ms < completed)).sum()


def test_in_the_end_every_label_counts_and_progress_has_told_of_every_row() -> None:
    found, done = reports(10**8)
    last = {report["report_id"]: report for report in found}
    assert all(report["labelled"] == report["rows"] for report in last.values())
    assert sum(report["revision"] for report in last.values()) >= len(last) - 3
    assert done == 2 * ROWS


def test_how_the_events_are_cut_into_batches_changes_no_report() -> None:
    assert reports(50_000, chunk=7)[0] == reports(50_000, chunk=ROWS)[0]
