"""The verdicts of a window on degradation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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

    The statistic is where the detector stands, or in an alarm the threshold that it reached, where
    they are known; that of the evidence and its threshold are decimal logarithms. The first
    detector decides.
    """
    verdicts: list[Verdict] = []
    for at, name in enumerate(settings.performance.degradation.detectors):
        standing = standings.get(name, Standing(learning=True))
        state = state_of(
            alarms.get(name, ()), standing, window_start_ms, window_end_ms, n, settings.min_samples
        )
        reached = state is State.ALARM and standing.state is None
        verdicts.append(
            Verdict(
                family=Family.PERFORMANCE,
                monitor=PREFIX + name,
                column="",
                state=state,
                statistic=standing.threshold if reached else standing.statistic,
                threshold=standing.threshold,
                p_value=None,
                n=n,
                reference_n=0,
                reference_hash=reference_hash,
                effect=standing.effect,
                decides=at == 0,
            )
        )
    return tuple(verdicts)


def state_of(
    alarms: Sequence[int],
    standing: Standing,
    window_start_ms: int,
    window_end_ms: int,
    n: int,
    min_samples: int,
) -> State:
    """What a detector says of a window of ``n`` labelled rows.

    The evidence knows: an alarm in force is ``ALARM``, or ``INFO`` where its effect is small, and
    ``OK`` once it is over; it adds up over panes, so few rows are enough, and ``THIN`` is none at
    all. Of the others ``ALARM`` where one of the panes that start in the window has an alarm; else
    ``THIN`` below ``min_samples`` rows; else ``OK``. ``THIN`` while a detector learns.
    """
    if standing.state is not None:
        return standing.state if n else State.THIN
    if any(window_start_ms <= start < window_end_ms for start in alarms):
        return State.ALARM
    return State.THIN if standing.learning or n < min_samples else State.OK
