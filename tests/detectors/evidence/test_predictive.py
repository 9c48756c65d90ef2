"""The e-values of a pane."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest

from stream_monitor.detectors.evidence.bins import Alternatives
from stream_monitor.detectors.evidence.predictive import Family
from tests.detectors.evidence.worlds import compositions

PASTS = [
    (np.array([[3.0, 3.0, 4.0]]), np.zeros((1, 3), dtype=np.int64)),
    (np.array([[3.0, 3.0, 4.0]]), np.array([[50, 2, 9]])),
    (np.array([[1.0, 1.0, 1.0]]), np.array([[0, 0, 1000]])),
]
RATES = [
    (np.array([[90.5, 10.5]]), np.zeros((1, 2), dtype=np.int64)),
    (np.array([[9.5, 0.5]]), np.array([[400, 3]])),
]


def draws(counts: tuple[int, ...], start: list[float]) -> Fraction:
    """The chance of one order of the draws, by drawing."""
    urn = [Fraction(x) for x in start]
    chance = Fraction(1)
    for colour, count in enumerate(counts):
        for _ in range(count):
            chance *= urn[colour] / sum(urn)
            urn[colour] += 1
    return chance


def cases() -> Iterator[tuple[Family, np.ndarray, np.ndarray]]:
    shape = [(Alternatives.SHAPE, *past) for past in PASTS]
    rates = [(kind, *past) for kind in (Alternatives.ODDS, Alternatives.RISE) for past in RATES]
    for kind, start, past in shape + rates:
        family = Family.of(kind, start)
        recent = np.zeros((1, family.histograms, start.shape[1]))
        for pane in (past // 2, past - past // 2):
            recent = family.remembered(recent, pane)
        yield family, start + past, recent


def test_an_e_value_is_the_ratio_of_the_chances_of_drawing_the_pane() -> None:
    for family, urn, recent in cases():
        starts = family.starts(urn, recent)[0].tolist()
        for counts in compositions(4, urn.shape[1]):
            exact = [draws(counts, start) / draws(counts, urn[0].tolist()) for start in starts]
            found = np.exp(family.log_e(urn, recent, np.array([counts]))[0])
            assert found.tolist() == pytest.approx([float(e) for e in exact], rel=1e-12)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_the_mean_of_an_e_value_over_all_panes_of_the_urn_is_one(n: int) -> None:
    for family, urn, recent in cases():
        means = np.zeros(family.size)
        for counts in compositions(n, urn.shape[1]):
            orders = math.factorial(n) // math.prod(map(math.factorial, counts))
            chance = float(orders * draws(counts, urn[0].tolist()))
            means += chance * np.exp(family.log_e(urn, recent, np.array([counts]))[0])
        assert means.tolist() == pytest.approx([1.0] * family.size, abs=1e-12)


def test_a_tilt_keeps_the_total_of_the_urn() -> None:
    family = Family.of(Alternatives.SHAPE, np.full((2, 20), 250.0))
    starts = family.starts(np.full((2, 20), 300.0), np.zeros((2, 2, 20)))
    assert starts.shape == (2, 20, 20)
    assert np.allclose(starts[:, :18].sum(axis=2), 6000.0)
    assert starts[0, 18:].sum(axis=1).tolist() == pytest.approx([50.0, 200.0])


def test_odds_are_multiplied_as_they_are_named() -> None:
    urn = np.array([[900.0, 100.0]])
    both = Family.of(Alternatives.ODDS, urn).starts(urn, np.zeros((1, 0, 2)))[0]
    odds = (both[:, 1] / both[:, 0] * 9).tolist()
    assert odds[:7] == pytest.approx([1.15, 1.3, 1.6, 2.2, 4.0, 16.0, 256.0])
    assert odds[7:] == pytest.approx([1 / 1.15, 1 / 1.3, 1 / 1.6, 1 / 2.2, 1 / 4.0])
    rises = Family.of(Alternatives.RISE, urn)
    assert rises.size == 7
    assert (rises.starts(urn, np.zeros((1, 0, 2)))[0, :, 1] > 100.0).all()


def test_a_column_without_rows_has_e_one_and_forgets_nothing() -> None:
    for family, urn, recent in cases():
        none = np.zeros(urn.shape, dtype=np.int64)
        assert not family.log_e(urn, recent, none).any()
        assert np.array_equal(family.remembered(recent, none), recent)


def test_counts_of_a_thousand_million_overflow_nothing() -> None:
    family = Family.of(Alternatives.SHAPE, np.full((1, 20), 250.0))
    counts = np.zeros((1, 20), dtype=np.int64)
    counts[0, 0] = 10**9
    assert np.isfinite(family.log_e(np.full((1, 20), 1e9), np.zeros((1, 2, 20)), counts)).all()
