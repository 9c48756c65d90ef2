"""Since when a column has changed."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.detectors.evidence.cuts import bins_of_numeric, bins_of_rate
from stream_monitor.detectors.evidence.detector import EvidenceDetector
from stream_monitor.detectors.evidence.tracks import Said, Tracks

steps = st.lists(
    st.one_of(st.none(), st.tuples(st.integers(-3, 3), st.integers(-3, 3))),
    min_size=1,
    max_size=30,
)
"""ln e of two alternatives in each pane, or none where the column had no rows."""


def after(tracks: Tracks, pane_ms: int, logs: tuple[int, int] | None) -> Tracks:
    said = Said.nothing(tracks)
    if logs is not None:
        said.log_e[0] = logs
        said.seen[0] = True
    return tracks.after(pane_ms, said)


@settings(deadline=None)
@given(steps)
def test_it_is_the_start_from_which_the_likelihood_ratio_is_largest(
    given_steps: list[tuple[int, int] | None],
) -> None:
    tracks = Tracks.begun(1, 2, 0, 3)
    for at, logs in enumerate(given_steps):
        tracks = after(tracks, 10 * at, logs)
        pane_ms = 10 * at
        rows = [(10 * i, logs) for i, logs in enumerate(given_steps[: at + 1]) if logs is not None]
        best, expected = -99, pane_ms
        for alternative in range(2):
            # of equal ones the first alternative, and of its starts the latest
            of_it, begin = max(
                (
                    (sum(logs[alternative] for _, logs in rows[i:]), rows[i][0])
                    for i in range(len(rows))
                ),
                default=(-99, pane_ms),
            )
            if of_it > best:
                best, expected = of_it, begin
        assert tracks.since(0, pane_ms) == expected


def test_it_is_not_moved_by_panes_without_rows() -> None:
    tracks = after(Tracks.begun(1, 2, 0, 3), 5, (-2, -3))
    kept = after(tracks, 6, None)
    assert kept.cusum.tolist() == tracks.cusum.tolist() == [[-2.0, -3.0]]
    assert kept.began.tolist() == tracks.began.tolist() == [[5, 5]]


def test_an_alarm_says_since_when_and_begins_again_for_what_carried_it() -> None:
    random = np.random.default_rng(3)
    errors, other = bins_of_rate("errors", 100, 1000), bins_of_rate("other", 100, 1000)
    detector = EvidenceDetector.of([errors, other], 1e6)
    state = detector.start()
    for at in range(200):
        wrong = {"errors": 0.1 if at < 80 else 0.3, "other": 0.1}
        counts = {
            name: errors.count_rate(int(random.binomial(50, rate)), 50)
            for name, rate in wrong.items()
        }
        before = state
        state, evidence = detector.update(state, counts, 1000 * at)
        if evidence.alarm:
            break
        assert not evidence.since
        assert not evidence.carriers
    assert evidence.carriers == ("errors",)
    ((name, since),) = evidence.since
    assert name == "errors"
    assert abs(since - 80_000) <= 2_000
    assert not state.tracks[0].cusum[0].any()
    assert state.tracks[0].cusum[1].any()
    assert before.tracks[0].cusum[0].max() > 0


def test_an_alarm_of_a_threshold_of_one_without_rows_is_since_its_pane() -> None:
    detector = EvidenceDetector.of([bins_of_numeric("x", np.arange(9.0))], 1.0)
    _, evidence = detector.update(detector.start(), {}, 7)
    assert evidence.alarm
    assert evidence.since == (("x", 7),)
