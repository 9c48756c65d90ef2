"""Has a window fewer events than the settings say it must have?"""

from __future__ import annotations

from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.verdict import Family, State, Verdict

MONITOR = "rows"


def judge_rows(
    rows: int, reference_hash: str, settings: ModelSettings, *, is_full: bool
) -> tuple[Verdict, ...]:
    """``rows`` of the model against ``quality.min_rows``; nothing without that limit.

    ``ALARM`` below it, however few there are, so that what is too little for every other verdict is
    not for this one; ``effect`` is the share of the limit that is missing. ``THIN`` if the
    window reaches back before the first events (not ``is_full``): nobody knows what it lacks.
    """
    least = settings.quality.min_rows
    if least is None:
        return ()
    state = State.ALARM if rows < least else State.OK
    return (
        Verdict(
            family=Family.QUALITY,
            monitor=MONITOR,
            column="",
            state=state if is_full else State.THIN,
            statistic=float(rows),
            threshold=float(least),
            p_value=None,
            n=rows,
            reference_n=0,
            reference_hash=reference_hash,
            below=True,
            effect=max(0.0, 1 - rows / least),
            decides=True,
        ),
    )
