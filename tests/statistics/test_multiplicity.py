from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from stream_monitor.statistics.multiplicity import benjamini_hochberg_level, holm_level

P_VALUES = st.lists(
    st.one_of(st.floats(0.0, 1.0), st.floats(0.0, 0.1), st.sampled_from([0.0, 1e-300, 0.01, 1.0])),
    max_size=30,
)
ALPHAS = st.floats(1e-4, 0.9)


def rejected(p_values: Sequence[float], level: float) -> list[bool]:
    return [p <= level for p in p_values]


def naive_holm(p_values: Sequence[float], alpha: float) -> list[bool]:
    """Holm's procedure by his words: the smallest first, until one is not small enough."""
    left = sorted(range(len(p_values)), key=lambda i: p_values[i])
    out = [False] * len(p_values)
    while left and p_values[left[0]] <= alpha / len(left):
        out[left.pop(0)] = True
    return out


@given(P_VALUES, ALPHAS)
def test_holm_rejects_what_the_procedure_rejects_step_by_step(
    p_values: list[float], alpha: float
) -> None:
    assert rejected(p_values, holm_level(p_values, alpha)) == naive_holm(p_values, alpha)


@given(P_VALUES, ALPHAS)
def test_benjamini_hochberg_rejects_what_scipy_rejects(p_values: list[float], alpha: float) -> None:
    assume(p_values)
    adjusted = stats.false_discovery_control(p_values)
    assume(not np.isclose(adjusted, alpha, rtol=1e-9).any())  # scipy multiplies, we divide
    level = benjamini_hochberg_level(p_values, alpha)
    assert rejected(p_values, level) == (adjusted <= alpha).tolist()


@given(P_VALUES, ALPHAS)
def test_bonferroni_rejects_no_more_than_holm_and_holm_no_more_than_benjamini_hochberg(
    p_values: list[float], alpha: float
) -> None:
    bonferroni = alpha / max(len(p_values), 1)
    holm, bh = holm_level(p_values, alpha), benjamini_hochberg_level(p_values, alpha)
    assert bonferroni <= holm <= alpha
    assert bonferroni <= bh <= alpha * (1 + 1e-12)
    by_holm, by_bh = rejected(p_values, holm), rejected(p_values, bh)
    assert all(b or not h for h, b in zip(by_holm, by_bh, strict=True))


@given(P_VALUES, ALPHAS, st.randoms(use_true_random=False))
def test_the_order_of_the_p_values_does_not_matter(
    p_values: list[float], alpha: float, random: Random
) -> None:
    shuffled = [*p_values]
    random.shuffle(shuffled)
    assert holm_level(shuffled, alpha) == holm_level(p_values, alpha)
    assert benjamini_hochberg_level(shuffled, alpha) == benjamini_hochberg_level(p_values, alpha)


def test_without_p_values_there_is_a_level_all_the_same() -> None:
    assert holm_level([], 0.05) == benjamini_hochberg_level([], 0.05) == 0.05


@pytest.mark.parametrize("level", [holm_level, benjamini_hochberg_level])
def test_a_level_outside_0_and_1_is_refused(
    level: Callable[[Sequence[float], float], float],
) -> None:
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        level([0.5], 1.0)


def test_what_the_procedures_promise_holds_in_a_simulation() -> None:
    """5 of 20 hypotheses are false; 4,000 times; four standard errors of leeway."""
    random, alpha, times = np.random.default_rng(7), 0.1, 4000
    p_values = random.uniform(size=(times, 20))
    p_values[:, :5] = stats.norm.sf(random.normal(3.0, 1.0, size=(times, 5)))
    any_false, shares = [], []
    for row in p_values.tolist():
        any_false.append(min(row[5:]) <= holm_level(row, alpha))
        alarms = rejected(row, benjamini_hochberg_level(row, alpha))
        shares.append(sum(alarms[5:]) / max(sum(alarms), 1))
    leeway = 4 * np.sqrt(alpha * (1 - alpha) / times)
    # Of the true ones: 15/20 of alpha is what Benjamini and Hochberg spend on them.
    assert 0.5 * alpha < float(np.mean(any_false)) < alpha + leeway
    assert abs(float(np.mean(shares)) - alpha * 15 / 20) < leeway
