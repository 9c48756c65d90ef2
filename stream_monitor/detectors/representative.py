"""Whether the labelled events of a window look like all of it, by what the model said of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from stream_monitor.detectors.verdict import State, Verdict
from stream_monitor.statistics.ks import ks_p_value, ks_threshold
from stream_monitor.summaries.population import PopulationSummary

MONITOR = "labelled_shift"
#: The level of the test, and the distance from the whole below which a difference is no matter.
LEVEL = 0.001
LEAST_DISTANCE = 0.1


class LabelledShift(NamedTuple):
    """The labelled rows against the others, which are independent of them.

    ``statistic`` is their Kolmogorov-Smirnov distance, ``distance`` that from all rows:
    ``statistic`` · ``rest`` / (``labelled`` + ``rest``). ``None``: there is nothing to compare.
    """

    labelled: int
    rest: int
    statistic: float | None
    distance: float | None
    threshold: float | None
    p_value: float | None

    def state(self, min_samples: int) -> State:
        """``ALARM`` if the statistic is above its threshold and the distance is at least .1.

        ``THIN`` below ``min_samples`` labelled rows, or other rows, unless these are too few of
        all to make such a distance: with every row labelled it is ``OK``.
        """
        if self.labelled < min_samples:
            return State.THIN
        if self.rest < LEAST_DISTANCE * (self.labelled + self.rest):
            return State.OK
        if self.rest < min_samples or self.statistic is None or self.threshold is None:
            return State.THIN
        far = self.distance is not None and self.distance >= LEAST_DISTANCE
        return State.ALARM if far and self.statistic > self.threshold else State.OK


def labelled_shift(whole: PopulationSummary, labelled: PopulationSummary) -> LabelledShift:
    """The two-sample Kolmogorov-Smirnov test of labelled rows against the rest of the window.

    Of the binned score of a binary model; with more classes, of the predicted class and within
    it the binned score, in this order; of the binned prediction of a regression. Binning can
    only lower the distance, and ties make the asymptotic p-value an upper bound, so a window
    whose labels are missing at random passes the threshold with a chance of at most .001.
    A labelled row that is not in the whole is left out of the rest.
    """
    chosen, rest = labelled.counts, np.maximum(whole.counts - labelled.counts, 0)
    if len(chosen) == 3:  # binary: the predicted class is but a cut of the score
        chosen, rest = chosen.sum(axis=0), rest.sum(axis=0)
    n, m = int(chosen.sum()), int(rest.sum())
    if not n or not m:
        none = None if not n else 0.0
        return LabelledShift(n, m, none, none, None, None)
    gaps = np.cumsum(chosen) / n - np.cumsum(rest) / m
    statistic = float(np.abs(gaps).max())
    return LabelledShift(
        labelled=n,
        rest=m,
        statistic=statistic,
        distance=statistic * m / (n + m),
        threshold=ks_threshold(LEVEL, n, m),
        p_value=ks_p_value(statistic, n, m),
    )


def warnings(verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """Sentences for a reader of the report: what its figures must not be taken for."""
    return tuple(
        f"The labelled events do not look like the whole: KS distance {verdict.effect:.2f} over "
        f"{verdict.n:,} labelled of {verdict.n + verdict.reference_n:,}; figures are of the "
        "labelled part only."
        for verdict in verdicts
        if verdict.monitor == MONITOR
        and verdict.state is State.ALARM
        and verdict.effect is not None
    )
