"""The detectors of a lane: late labels, panes that leave, and restarts change nothing."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.config.degradation import DegradationSettings
from stream_monitor.config.monitors import PerformanceSettings
from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.degradation.panes import PaneErrors
from stream_monitor.pipeline.degrading import Degrading
from tests.pipeline.folds import assert_only_last_counts_matter
from tests.pipeline.test_restating import World

SLIDE = 60_000
MODEL = ModelSettings(
    slide_ms=SLIDE,
    window_ms=4 * SLIDE,
    min_samples=20,
    performance=PerformanceSettings(
        degradation=DegradationSettings(detectors=("evidence", "cusum"), baseline_error=0.1)
    ),
)
COUNTS = st.lists(
    st.sampled_from([(0, 0), (10, 1), (40, 4), (40, 20), (40, 39)]), min_size=1, max_size=25
)


def of(counts: list[tuple[int, int]]) -> list[PaneErrors]:
    return [PaneErrors(at * SLIDE, n, wrong) for at, (n, wrong) in enumerate(counts)]


def degrading(kept: bytes) -> Degrading:
    return Degrading.of(MODEL, None, kept)


@settings(deadline=None, max_examples=60)
@given(counts=COUNTS, data=st.data())
def test_panes_that_change_leave_or_are_kept_give_what_the_last_counts_give(
    counts: list[tuple[int, int]], data: st.DataObject
) -> None:
    panes = of(counts)
    half = [pane._replace(n=pane.n // 2, errors=pane.errors // 2) for pane in panes]
    assert_only_last_counts_matter(degrading, panes, half, MODEL, data)


def test_errors_that_double_are_found_in_whatever_order_the_labels_come() -> None:
    """A tenth is wrong, from the 500th second on a fifth; what is usual is learned."""
    found = []
    for late_first in (False, True):  # what is usual is then learned anew, from earlier panes
        world = World.of()
        ids = world.predict([s / 10 for s in range(10_000)])
        chances = random.Random(4)
        truths = [
            (id_, "0" if chances.random() < (0.1 if at < 5_000 else 0.2) else "1")
            for at, id_ in enumerate(ids)
        ]
        if late_first:
            truths = truths[5_000:] + truths[:5_000]
        for first in range(0, len(truths), 2_500):
            part = truths[first : first + 2_500]
            for truth in ("0", "1"):
                world.label([id_ for id_, of_ in part if of_ == truth], truth)
            world.revise()
        states = {}
        for report in world.reports():
            for verdict in report["verdicts"]:
                if verdict["monitor"] == "degradation_evidence":
                    states[report["window"]["end_ms"]] = verdict["state"]
        found.append(states)
        fired = [alert for alert in world.alerts() if alert["status"] == "started"]
        assert "degradation_evidence" in {alert["monitor"] for alert in fired}
    assert found[0] == found[1]
    ordered = [state for _, state in sorted(found[0].items())]
    share = len(ordered) // 2
    assert "alarm" not in ordered[:share]
    assert ordered[share + 8 : -1].count("alarm") > 0.9 * len(ordered[share + 8 : -1])
