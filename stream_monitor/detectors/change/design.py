"""A CUSUM's allowance and threshold from the run length wanted, never by hand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

import numpy as np
from scipy import special

from stream_monitor.detectors.change.cusum import Cusum
from stream_monitor.detectors.change.walk import run_lengths

LONGEST = 1e9
"""The longest run length that can be asked for."""

FINEST = 20_000
"""The largest denominator of a Bernoulli CUSUM's allowance."""

MOST_WORK = 1_000_000
"""The most states times steps down of the walk on k's grid: seconds, not minutes."""

SLACK = 0.1
"""How far k may lie from the likelihood ratio's, as a share of p1 − p0."""


@dataclass(frozen=True, slots=True)
class BernoulliDesign:
    """S ← max(0, S + x − k) of 0/1 errors x, an alarm at S ≥ h.

    ``arl0`` is the average number of rows to a false alarm at the error rate p0, ``arl1`` to the
    alarm at p1, both from S = 0.
    """

    k: float
    h: float
    arl0: float
    arl1: float

    def cusum(self) -> Cusum:
        """The machine; of 0/1 values its lower side never alarms."""
        return Cusum(mean=0.0, k=self.k, h=self.h)


@dataclass(frozen=True, slots=True)
class NormalDesign:
    """A two-sided CUSUM of standardised values: ``k`` and ``h`` in standard deviations.

    ``arl0`` is the average number of values to a false alarm, ``arl1`` to the alarm after a shift
    of the design's size, both from 0.
    """

    k: float
    h: float
    arl0: float
    arl1: float

    def cusum(self, mean: float = 0.0, deviation: float = 1.0) -> Cusum:
        """The machine for values of this in-control mean and standard deviation."""
        return Cusum(mean=mean, k=self.k * deviation, h=self.h * deviation)


def bernoulli_cusum(p0: float, p1: float, arl: float) -> BernoulliDesign:
    """The Bernoulli CUSUM of Reynolds and Stoumbos (J. Quality Technology 31, 1999).

    For errors at the rate ``p0`` in control and ``p1`` > p0, the smallest rate that matters. k is
    the simplest fraction a/b near the log-likelihood ratio's (within a tenth of p1 − p0), so S
    walks on multiples of 1/b and the run lengths are the exact ones of a Markov chain. h is the
    smallest with arl0 ≥ ``arl``; it is written half a step under the multiple of 1/b that it
    stands for, so that no rounding of S decides an alarm.

    From .1 to .2, for one false alarm in 1e5 rows, the median delay is 138 rows (190 in 1e6 rows).

    Raises ValueError unless 0 < p0 < p1 < 1 and 1 < arl ≤ 1e9, and for a change so small that k
    needs a denominator above 20,000 or the chain too many states.

    >>> bernoulli_cusum(0.1, 0.2, 1000.0).k == 1 / 7
    True
    """
    if not 0 < p0 < p1 < 1:
        raise ValueError(f"the error rates {p0} and {p1} are not 0 < p0 < p1 < 1")
    _check_length(arl)
    against = math.log1p(-p0) - math.log1p(-p1)
    best = against / (against + math.log(p1 / p0))
    slack = SLACK * (p1 - p0)
    k = _simplest(max(best - slack, p0), min(best + slack, p1))
    down, up = k.numerator, k.denominator - k.numerator
    too_small = ValueError(
        f"from {p0} to {p1} is too small a change for row after row: "
        f"take the errors of panes and a normal design"
    )
    if k.denominator > FINEST:
        raise too_small
    for height, arl0 in enumerate(run_lengths(p0, down, up), start=1):
        if arl0 >= arl:
            break
        if height * down > MOST_WORK:
            raise too_small
    arl1 = next(islice(run_lengths(p1, down, up), height - 1, None))
    return BernoulliDesign(
        k=float(k), h=float((height - Fraction(1, 2)) / k.denominator), arl0=arl0, arl1=arl1
    )


def normal_cusum(shift: float, arl: float) -> NormalDesign:
    """The two-sided CUSUM for independent normal values whose mean moves by ``shift`` deviations.

    k is shift / 2, the likelihood ratio's; h, to 1e-6, the smallest with arl0 ≥ ``arl``. The run
    lengths solve Page's integral equation at Gauss–Legendre nodes (Goel and Wu, Technometrics 13,
    1971), of which the Markov chain of Brook and Evans (Biometrika 59, 1972) is the midpoint rule.
    The two sides' alarm rates add, as one side is at 0 when the other alarms. Heavier tails than
    the normal's alarm more often.

    Raises ValueError unless 0.1 ≤ shift ≤ 10 and 1 < arl ≤ 1e9.

    >>> design = normal_cusum(1.0, 465.0)
    >>> (design.k, round(design.h, 1), round(design.arl1, 1))
    (0.5, 5.0, 10.4)
    """
    if not 0.1 <= shift <= 10:
        raise ValueError(f"the shift {shift} is not between 0.1 and 10 standard deviations")
    _check_length(arl)
    k = shift / 2
    least, most = 0.0, 1.0
    while normal_run_length(k, most) / 2 < arl:
        least, most = most, 2 * most
    while most - least > 1e-6:
        middle = (least + most) / 2
        if normal_run_length(k, middle) / 2 < arl:
            least = middle
        else:
            most = middle
    with_shift = 1 / normal_run_length(k, most, shift)
    against_it = 1 / normal_run_length(k, most, -shift)
    return NormalDesign(
        k=k, h=most, arl0=normal_run_length(k, most) / 2, arl1=1 / (with_shift + against_it)
    )


def normal_run_length(k: float, h: float, mean: float = 0.0) -> float:
    """The average run length, from 0, of the one-sided S ← max(0, S + x − k) to S ≥ h.

    For x normal with this ``mean`` and variance 1. L(s) = 1 + Φ(k − s − mean) L(0) +
    ∫₀ʰ L(y) φ(y + k − s − mean) dy. It solves for L at the nodes and at 0, to a relative
    error of about 1e-12 · L; an infinite L is one beyond what float64 can tell.
    """
    roots, weights = np.polynomial.legendre.leggauss(32 + 3 * math.ceil(h))
    nodes = np.concatenate(([0.0], (roots + 1) * (h / 2)))
    weights = np.concatenate(([0.0], weights * (h / 2)))
    drift = k - mean
    away = nodes[None, :] + (drift - nodes[:, None])
    moves = weights * np.exp(-0.5 * away * away) / math.sqrt(2 * math.pi)
    moves[:, 0] += special.ndtr(drift - nodes)
    length = float(np.linalg.solve(np.eye(nodes.size) - moves, np.ones(nodes.size))[0])
    return length if length >= 1 else math.inf


def _check_length(arl: float) -> None:
    if not 1 < arl <= LONGEST:
        raise ValueError(f"the run length {arl} is not above 1 and at most {LONGEST:g}")


def _simplest(lower: float, upper: float) -> Fraction:
    """The fraction of the smallest denominator strictly between (Stern and Brocot's tree)."""
    whole = math.floor(lower)
    if whole + 1 < upper:
        return Fraction(whole + 1)
    if lower == whole:
        return whole + Fraction(1, math.floor(1 / (upper - whole)) + 1)
    return whole + 1 / _simplest(1 / (upper - whole), 1 / (lower - whole))
