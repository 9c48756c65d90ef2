"""The family Q: what the next pane may look like if the stream is not like its reference.

Each member is a Dirichlet-multinomial whose start is made of the past alone, so its ratio to the
urn's own has the mean 1, given any past, if the stream is like the reference. The alternatives for
an ordered column are exponential tilts of the urn's present mean, of location (± t·z, z the normal
score of a bin's middle) and of scale (± t·(z² − 1)/√2, the next Hermite polynomial), with the
urn's total; and two histograms of the newest panes, which learn any shape (change detection by
estimation: Shin, Ramdas and Rinaldo, arXiv 2309.09111). For a rate they are tilts of its odds, and
for categories of the odds of each frequent one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from stream_monitor.detectors.evidence.bins import KINDS, Alternatives
from stream_monitor.statistics.arrays import FloatArray, IntArray
from stream_monitor.statistics.dirichlet import log_urn

LOCATIONS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0)
"""The least is half of what shall not be missed: the urn learns a lasting shift, so what is left of
it shrinks, and a tilt is evidence only while it is below twice what is left."""
SCALES = (0.15, 0.4, 0.8)
ODDS = (1.15, 1.3, 1.6, 2.2, 4.0)
MIX_ODDS = (1.15, 1 / 1.15, 1.5, 1 / 1.5, 3.0, 1 / 3.0)
"""Of each frequent category against all others."""
LARGE_ODDS = (16.0, 256.0)
"""Of rises only, for what has hardly ever happened: its urn is wide, and takes a few for chance."""
FORGETTING = (0.9, 0.98)
"""What a histogram keeps of the past at each pane with rows."""
PRIOR_WEIGHTS = (50.0, 200.0)
"""How many rows the urn's present mean is worth in each histogram."""


@dataclass(frozen=True, eq=False)
class Family:
    """The alternatives of F columns with K bins each.

    ``tilts``: float64 (F, T, K), > 0, by which the urn's mean is multiplied. ``histograms`` is the
    number A of histograms of newest panes. Q = T + A. ``ordered``: not a rate.
    """

    tilts: FloatArray
    histograms: int
    ordered: bool = True

    @classmethod
    def of(
        cls,
        alternatives: Alternatives,
        start: FloatArray,
        *,
        learns: bool = True,
        kinds: FloatArray | None = None,
    ) -> Family:
        """Of columns whose urns start at ``start``, float64 (F, K).

        Without ``learns`` there are no histograms, as those of a stratum with other bins.
        ``kinds``: float64 (F, C, K), of categories the part that each has of each bin.
        """
        histograms = len(FORGETTING) if learns else 0
        if alternatives is Alternatives.MIX:
            if kinds is None:
                kinds = np.zeros((start.shape[0], KINDS, start.shape[1]))
            tilts = [1.0 + (odds - 1.0) * kinds for odds in MIX_ODDS]
            return cls(np.concatenate(tilts, axis=1), histograms)
        if alternatives is Alternatives.SHAPE:
            middles = (np.cumsum(start, axis=1) - start / 2) / start.sum(axis=1, keepdims=True)
            z = special.ndtri(middles)
            scores = [sign * t * z for t in LOCATIONS for sign in (1, -1)]
            width = (z * z - 1) / math.sqrt(2)
            scores += [sign * t * width for t in SCALES for sign in (1, -1)]
            return cls(np.exp(np.stack(scores, axis=1)), histograms)
        odds = [*ODDS, *LARGE_ODDS]
        if alternatives is Alternatives.ODDS:
            odds += [1 / t for t in ODDS]
        pairs = np.array([[1.0, ratio] for ratio in odds])
        return cls(np.repeat(pairs[None], start.shape[0], axis=0), 0, ordered=False)

    @property
    def size(self) -> int:
        """Q, the number of alternatives."""
        return int(self.tilts.shape[1]) + self.histograms

    def starts(self, urn: FloatArray, recent: FloatArray) -> FloatArray:
        """The starts of the alternatives, float64 (F, Q, K).

        ``urn``: float64 (F, K), the start and all past counts. ``recent``: float64 (F, A, K), the
        histograms, as :meth:`remembered` gives them; zeros before the first pane.
        """
        total = urn.sum(axis=1)[:, None, None]
        tilted = urn[:, None, :] * self.tilts
        tilted *= total / tilted.sum(axis=2, keepdims=True)
        if not self.histograms:
            return tilted
        weights = np.array(PRIOR_WEIGHTS)[None, :, None]
        learned = recent + weights * (urn[:, None, :] / total)
        return np.concatenate([tilted, learned], axis=1)

    def log_e(self, urn: FloatArray, recent: FloatArray, counts: IntArray) -> FloatArray:
        """ln of the e-values of a pane with these counts (F, K), float64 (F, Q).

        ln Q(C) − ln DirichletMultinomial(C; urn); 0 for a column without rows. If the stream is
        like the reference then, given the past and the pane's number of rows, e has the mean 1.
        """
        drawn = counts.astype(np.float64)
        alternative = log_urn(drawn[:, None, :], self.starts(urn, recent))
        ratio: FloatArray = alternative - log_urn(drawn, urn)[:, None]
        return ratio

    def weights(self, urn: FloatArray, counts: IntArray) -> FloatArray:
        """How much a pane may add to the sum over the possible starts of a change: (F,) in [0, 1].

        It looks at the past and the pane's number of rows. For a rate: the rarer outcome's expected
        number, at most 1, so that what never happens is no evidence however long it does not. For
        an ordered column 1. 0 without rows, and for a single bin.
        """
        expected = counts.sum(axis=1).astype(np.float64)
        if urn.shape[1] < 2:
            return np.zeros_like(expected)
        if not self.ordered:
            expected *= urn.min(axis=1) / urn.sum(axis=1)
        bounded: FloatArray = np.minimum(expected, 1.0)
        return bounded

    def remembered(self, recent: FloatArray, counts: IntArray) -> FloatArray:
        """The histograms after a pane; a column without rows forgets nothing."""
        if not self.histograms:
            return recent
        kept = np.array(FORGETTING)[None, :, None]
        seen = (counts.sum(axis=1) > 0)[:, None, None]
        return np.where(seen, kept * recent + counts[:, None, :], recent)
