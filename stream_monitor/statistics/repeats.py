"""Does a pattern come again each period? A test that takes no cluster and no trend for a season.

A series of cells (hours, days) is cut into D periods of P phases. Rows inside an hour or a day are
often alike whatever the season, so what counts is not how far a phase is from the others but
whether it is so in one period after the other: with y the deviation of a cell from its
surroundings, t² = (Σ y)² / Σ y² over the periods is about 1 for a phase whose deviations have
any sign, and D where they are all alike. It does not hang on their size, so one odd period
alone gives 1. T is the mean of t² over all phases (and cut points of a distribution).

T is compared with two kinds of series in which nothing repeats: each period's deviations turned
round by a random number of phases, and, where there are enough periods, taken with a random sign.
Either keeps what goes together inside a period; the second also what begins at its edges, as a
day that is odd as a whole. The larger p-value counts. Several columns are corrected for by the
greatest of their standardised T under the same draws (Westfall and Young 1993), so that columns
that go together cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from stream_monitor.statistics.arrays import FloatArray, IntArray

ComplexArray = NDArray[np.complex128]

DRAWS = 499
#: With fewer periods the signs alone could not give a p-value below 1/64.
MIN_SIGNED = 7


def deviations(shares: FloatArray, period: int) -> FloatArray:
    """What each cell has beyond its surroundings, a period wide; NaN cells are empty and give 0.

    ``shares``: float64 (cells, J), in time order. The surroundings are the mean of the cells that
    are not empty, half a period to each side (an even period's ends count half), fewer at the
    ends: a straight trend leaves nothing but there.
    """
    half, odd = divmod(period, 2)
    weights = np.ones(2 * half + 1)
    if not odd:
        weights[[0, -1]] = 0.5
    known = ~np.isnan(shares)
    filled = np.where(known, shares, 0.0)
    found = np.zeros_like(filled)
    for j in range(shares.shape[1]):
        total = np.convolve(filled[:, j], weights)[half : half + len(shares)]
        count = np.convolve(known[:, j].astype(np.float64), weights)[half : half + len(shares)]
        found[:, j] = np.where(known[:, j], filled[:, j] - total / np.maximum(count, 0.5), 0.0)
    return found


def in_periods(cells: FloatArray, period: int) -> FloatArray:
    """Cells (n, J) as (D, P, J), the last period filled up with zeros."""
    missing = -len(cells) % period
    filled = np.concatenate([cells, np.zeros((missing, cells.shape[1]))])
    shaped: FloatArray = filled.reshape(-1, period, cells.shape[1])
    return shaped


def repeat_p_values(
    columns: Sequence[FloatArray],
    *,
    step: int = 1,
    seed: int = 0,
    advance: Callable[[], None] = lambda: None,
) -> list[float]:
    """For each column the corrected p-value of "nothing repeats".

    ``columns``: float64 (D, P, J) each, of equal D and P, deviations with 0 for empty cells. A
    period is turned by multiples of ``step`` phases. ``advance`` is called after each column.
    """
    if not columns:
        return []
    periods, phases = columns[0].shape[:2]
    random = np.random.default_rng(seed)
    turns = np.zeros((1 + DRAWS, periods), dtype=np.int64)
    turns[1:] = random.integers(0, phases // step, (DRAWS, periods)) * step
    waves = _waves(turns, phases)
    signs = _signs(periods, random)
    turned: list[FloatArray] = []
    signed: list[FloatArray] = []
    for column in columns:
        turned.append(_mean_t2(_turned(column, waves), _turned(column**2, waves)))
        flat = column.reshape(periods, -1)
        signed.append(_mean_t2(signs @ flat, (flat**2).sum(axis=0)[None]))
        advance()
    corrected = _corrected(np.stack(turned))
    if periods >= MIN_SIGNED:
        corrected = np.maximum(corrected, _corrected(np.stack(signed)))
    found: list[float] = corrected.tolist()
    return found


def _waves(turns: IntArray, phases: int) -> ComplexArray:
    """What turning multiplies each of the K = phases // 2 + 1 waves by: (K, draws, D)."""
    numbers = np.arange(phases // 2 + 1)[:, None, None]
    waves: ComplexArray = np.exp(-2j * np.pi / phases * (numbers * turns % phases))
    return waves


def _turned(cells: FloatArray, waves: ComplexArray) -> FloatArray:
    """The sums over the periods of (D, P, J) cells, each turned: (draws, P × J)."""
    sums = waves @ np.fft.rfft(cells, axis=1).transpose(1, 0, 2)
    back: FloatArray = np.fft.irfft(sums, n=cells.shape[1], axis=0)
    return back.transpose(1, 0, 2).reshape(waves.shape[1], -1)


def _mean_t2(sums: FloatArray, squares: FloatArray) -> FloatArray:
    """T from the sums of the deviations and of their squares; 0 for what never deviates."""
    some = squares > 1e-9 * squares.max(initial=0.0)  # and not what rounding leaves
    ratio = np.divide(sums**2, squares, out=np.zeros_like(sums), where=some)
    mean: FloatArray = ratio.sum(axis=1) / np.maximum(some.sum(axis=1), 1)
    return mean


def _signs(periods: int, random: np.random.Generator) -> FloatArray:
    """The signs as they are, then random ones; each once if they are few."""
    if 2 ** (periods - 1) > DRAWS + 1:
        drawn = random.integers(0, 2, (1 + DRAWS, periods))
        drawn[0] = 0
    else:
        codes: IntArray = np.arange(2 ** (periods - 1))
        drawn = codes[:, None] >> np.arange(periods) & 1
    signs: FloatArray = 1.0 - 2.0 * drawn.astype(np.float64)
    return signs


def _corrected(statistics: FloatArray) -> FloatArray:
    """Single-step p-values of statistics (columns, 1 + draws), the observed ones first."""
    spread = statistics.std(axis=1, keepdims=True)
    centred = statistics - statistics.mean(axis=1, keepdims=True)
    scores = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 1e-9)
    greatest = scores.max(axis=0)
    # A draw that happens to be the observed series may differ from it by rounding.
    reached = (greatest >= scores[:, :1] - 1e-9).sum(axis=1).astype(np.float64)
    shares: FloatArray = reached / greatest.size
    return shares
