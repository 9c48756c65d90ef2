"""The verdicts of a window on degradation."""

from __future__ import annotations

from collections.abc import Mapping

from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.degradation.machine import Standing
from stream_monitor.detectors.verdict import Family, State, Verdict

PREFIX = "degradation_"


def degradation_verdicts(
    alarms: Mapping[str, tuple[int, ...]],
    standings: Mapping[str, Standing],
    window_start_ms: int,
    window_end_ms: int,
    n: int,
    settings: ModelSettings,
    reference_hash: str,
) -> tuple[Verdict, ...]:
    """One verdict ``degradation_NAME`` for each configured detector, in their order.

    ``alarms`` are the starts of the panes where each detector alarmed, as ``Degradation.fold``
    gives them; other panes than the window's may be among them. ``standings`` are those after the
    window's last pane, and ``n`` the window's labelled rows.

    ``ALARM`` where one of the panes that start in the window has an alarm; else ``THIN`` while
    the detector learns its baseline or below ``min_samples`` rows; else ``OK``. The statistic is
    where the detector stands, or in an alarm the threshold that it reached, where they are known.
    The first detector decides.
    """
    verdicts: list[Verdict] = []
    for at, name in enumerate(settings.performance.degradation.detectors):
        standing = standings.get(name, Standing(learning=True))
        state, statistic = State.OK, standing.statistic
        if any(window_start_ms <= start < window_end_ms for start in alarms.get(name, ())):
            state, statistic = State.ALARM, standing.threshold
        elif standing.learning or n < settings.min_samples:
            state = State.THIN
        verdicts.append(
            Verdict(
                family=Family.PERFORMANCE,
                monitor=PREFIX + name,
                column="",
                state=state,
                statistic=statistic,
                threshold=standing.threshold,
                p_value=None,
                n=n,
                reference_n=0,
                reference_hash=reference_hash,
                decides=at == 0,
            )
        )
    return tuple(verdicts)
