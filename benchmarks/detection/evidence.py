"""An e-detector on reference ranks: the reference implementation, plain rather than fast.

The bins of a reference of R points hold r of its R + 1 spacings. While stream and reference are
exchangeable the bins of the stream are a Pólya urn that starts at r, whatever the law and however
small the reference. Each pane is bet on by alternatives that look at the past alone; Shiryaev and
Roberts' sum of each, and so their mean over alternatives and features, is an e-detector: the mean
run to a false alarm is at least the threshold, in panes (Shin, Ramdas and Rinaldo,
arXiv 2203.03532).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from stream_monitor.statistics.arrays import FloatArray, IntArray

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOCATION = (0.1, 0.25, 0.5, 1.0, 2.0)
_SCALE = (0.15, 0.4, 0.8)
_ODDS = (1.15, 1.3, 1.6, 2.2, 4.0)
_FORGETTING = ((0.9, 50.0), (0.98, 200.0))  # what is kept of past counts, weight of the urn


@dataclass(frozen=True)
class FeatureBins:
    """K bins at order statistics of the reference; a tie at an edge is split at random."""

    name: str
    edges: FloatArray  # (K - 1,)
    breaks: FloatArray  # (K - 1,), where in its tie each edge lies, in [0, 1)
    spacings: IntArray  # (K,), sums to R + 1
    seed: int

    def count(self, values: FloatArray, pane_ms: int) -> IntArray:
        """int64 (K,): the values in each bin; the same pane gives the same counts."""
        bins = np.searchsorted(self.edges, values, "left")
        above = np.searchsorted(self.edges, values, "right")
        tied = np.flatnonzero(above > bins)
        if tied.size:
            rng = np.random.default_rng((self.seed, pane_ms))
            for at, place in zip(tied, rng.random(tied.size), strict=True):
                low, high = bins[at], above[at]
                bins[at] += np.searchsorted(self.breaks[low:high], place)
        return np.bincount(bins, minlength=self.spacings.size).astype(np.int64)


def bins_of_numeric(name: str, sample: FloatArray, k: int = 20, seed: int = 0) -> FeatureBins:
    """Bins with equal numbers of spacings, as far as these divide."""
    places = np.random.default_rng((seed, 1)).random(sample.size)
    order = np.lexsort((places, sample))
    ends = np.round(np.arange(1, k) * (sample.size + 1) / k).astype(np.int64)
    spacings = np.diff(np.concatenate(([0], ends, [sample.size + 1])))
    chosen = order[ends - 1]
    return FeatureBins(name, sample[chosen], places[chosen], spacings, seed)


def bins_of_errors(name: str, sample: FloatArray, seed: int = 0) -> FeatureBins:
    """Two bins, right and wrong; the urn starts at one more than each count of the reference.

    With an edge that depends on the counts the urn is exact on average over rates only.
    """
    wrong = int(sample.sum())
    spacings = np.array([sample.size - wrong + 1, wrong + 1], dtype=np.int64)
    return FeatureBins(name, np.array([0.5]), np.array([0.0]), spacings, seed)


class State(NamedTuple):
    """Past counts, fading counts of the adaptive alternatives, and the log sums."""

    past: FloatArray  # (F, K)
    fading: FloatArray  # (F, A, K)
    log_sums: FloatArray  # (F, Q)


class Evidence(NamedTuple):
    log_evidence: float
    log_threshold: float
    alarm: bool
    shares: FloatArray


@dataclass(frozen=True)
class EvidenceDetector:
    """The mean of all sums over features and alternatives, against the threshold."""

    spacings: FloatArray  # (F, K)
    threshold: float

    @classmethod
    def of(cls, features: Sequence[FeatureBins], threshold: float) -> EvidenceDetector:
        return cls(np.array([f.spacings for f in features], dtype=np.float64), threshold)

    @cached_property
    def tilts(self) -> FloatArray:
        """(F, T, K): by how much each alternative weights each bin."""
        share = self.spacings / self.spacings.sum(axis=1, keepdims=True)
        if share.shape[1] == 2:
            logs = np.array([[0.0, sign * math.log(o)] for o in _ODDS for sign in (1, -1)])
            odds: FloatArray = np.exp(logs)
            return np.broadcast_to(odds, (len(share), *logs.shape))
        z = special.ndtri(np.cumsum(share, axis=1) - share / 2)[:, None, :]
        location = np.array([sign * t for t in _LOCATION for sign in (1, -1)])[:, None]
        scale = np.array([sign * t for t in _SCALE for sign in (1, -1)])[:, None]
        logs = np.concatenate((location * z, scale * (z * z - 1) / math.sqrt(2)), axis=1)
        weights: FloatArray = np.exp(logs)
        return weights

    def start(self) -> State:
        features, k = self.spacings.shape
        adaptive = len(_FORGETTING)
        alternatives = self.tilts.shape[1] + adaptive
        return State(
            np.zeros((features, k)),
            np.zeros((features, adaptive, k)),
            np.full((features, alternatives), -np.inf),
        )

    def update(self, state: State, counts: IntArray, pane_ms: int) -> tuple[State, Evidence]:
        urn = self.spacings + state.past
        total = urn.sum(axis=1)[:, None, None]
        tilted = urn[:, None, :] * self.tilts
        tilted *= total / tilted.sum(axis=2, keepdims=True)
        kept, weight = (np.array(part)[:, None] for part in zip(*_FORGETTING, strict=True))
        adaptive = weight * urn[:, None, :] / total + state.fading
        bets = np.concatenate((tilted, adaptive, urn[:, None, :]), axis=1)
        logs = _log_predictive(bets, counts[:, None, :])
        log_e = logs[:, :-1] - logs[:, -1:]
        log_sums = log_e + np.logaddexp(state.log_sums, 0.0)
        greatest = float(log_sums.max())
        each = np.exp(log_sums - greatest).mean(axis=1)
        log_evidence = greatest + math.log(float(each.mean()))
        log_threshold = math.log(self.threshold)
        after = State(state.past + counts, kept * state.fading + counts[:, None, :], log_sums)
        return after, Evidence(
            log_evidence, log_threshold, log_evidence >= log_threshold, each / each.sum()
        )


def _log_predictive(weights: FloatArray, counts: IntArray) -> FloatArray:
    """(F, Q): the log Dirichlet-multinomial probability of the counts, less what all share."""
    total, n = weights.sum(axis=2), counts.sum(axis=2)
    bins = special.gammaln(weights + counts) - special.gammaln(weights)
    shared = special.gammaln(total) - special.gammaln(total + n)
    logs: FloatArray = bins.sum(axis=2) + shared
    return logs
