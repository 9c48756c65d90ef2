"""Columns of several strata and weights under one budget."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.detectors.evidence.bins import FeatureBins
from stream_monitor.detectors.evidence.cuts import bins_of_numeric, bins_of_rate
from stream_monitor.detectors.evidence.detector import Evidence, EvidenceDetector
from stream_monitor.detectors.evidence.state import State
from stream_monitor.statistics.arrays import IntArray
from tests.detectors.evidence.worlds import compositions

NIGHT, DAY = "night", "day"


def bins(name: str, rows: int, k: int, low: float = 0.0) -> FeatureBins:
    return bins_of_numeric(name, low + np.arange(rows, dtype=np.float64), k)


SMALL = {
    NIGHT: [bins("x", 5, 2), bins("y", 7, 2)],
    DAY: [bins("x", 4, 3, 9.0), bins("y", 3, 2, 5.0)],
}
LARGE = {
    NIGHT: [bins("x", 99, 20), bins_of_rate("e", 3, 99)],
    DAY: [bins("x", 199, 20, 50.0), bins_of_rate("e", 50, 199)],
    "dusk": [bins_of_rate("e", 9, 99), bins("x", 9, 20, 10.0)],
}


def chance(counts: tuple[int, ...], urn: list[float]) -> float:
    """Of these counts in any order, by drawing."""
    n = sum(counts)
    found = float(math.factorial(n))
    for colour, count in enumerate(counts):
        found *= math.prod(urn[colour] + i for i in range(count)) / math.factorial(count)
    return found / math.prod(sum(urn) + i for i in range(n))


@pytest.mark.parametrize("weights", [None, {"x": 1.0, "y": 5.0}])
def test_the_mean_of_the_evidence_over_all_streams_is_the_number_of_panes(
    weights: dict[str, float] | None,
) -> None:
    detector = EvidenceDetector.stratified(SMALL, 1e9, weights)
    order = (NIGHT, DAY, NIGHT)
    begun = {name: [each.start.tolist() for each in of_it] for name, of_it in SMALL.items()}

    def mean(state: State, urns: dict[str, list[list[float]]], at: int, evidence: float) -> float:
        """Of the evidence after the last pane, given the past."""
        if at == len(order):
            return evidence
        stratum, total = order[at], 0.0
        columns = SMALL[stratum]
        for counts in product(*(compositions(2, each.k) for each in columns)):
            weight = math.prod(map(chance, counts, urns[stratum]))
            grown = [
                [a + b for a, b in zip(urn, drawn, strict=True)]
                for urn, drawn in zip(urns[stratum], counts, strict=True)
            ]
            named = {c.name: np.array(d) for c, d in zip(columns, counts, strict=True)}
            after, told = detector.update(state, named, at, stratum)
            after_urns = {**urns, stratum: grown}
            total += weight * mean(after, after_urns, at + 1, math.exp(told.log_evidence))
        return total

    assert mean(detector.start(), begun, 0, 0.0) == pytest.approx(len(order))


def panes(seed: int, n: int) -> list[tuple[int, dict[str, IntArray], str]]:
    random = np.random.default_rng(seed)
    found: list[tuple[int, dict[str, IntArray], str]] = []
    for at in range(n):
        stratum = str(random.choice([*LARGE, "unknown"]))
        counts = {
            each.name: random.multinomial(30, random.dirichlet(each.start))
            for each in LARGE.get(stratum, LARGE[NIGHT])
            if random.random() < 0.8
        }
        found.append((at, counts, stratum))
    return found


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 1000), st.integers(0, 14), st.integers(0, 14))
def test_folding_is_the_same_from_any_split_and_over_bytes(seed: int, one: int, two: int) -> None:
    detector = EvidenceDetector.stratified(LARGE, 20.0, {"x": 0.7, "e": 0.3})
    given_panes = panes(seed, 14)
    whole, told = detector.fold(detector.start(), given_panes)
    state: State = detector.start()
    parts: tuple[Evidence, ...] = ()
    low, high = sorted((one, two))
    for part in (given_panes[:low], given_panes[low:high], given_panes[high:]):
        state, more = detector.fold(detector.load(detector.dump(state)), part)
        parts += more
    assert state == whole
    assert detector.dump(state) == detector.dump(whole)
    assert parts == told


def test_an_unknown_stratum_says_nothing() -> None:
    detector = EvidenceDetector.stratified(LARGE, 1e6)
    state, _ = detector.fold(detector.start(), panes(1, 10))
    counts = {"x": np.full(20, 1000), "another": np.zeros(1, dtype=np.int64)}
    after, _ = detector.update(state, counts, 10, "never seen")
    for held, was in zip(after.tracks, state.tracks, strict=True):
        assert held.log_m.tolist() == np.maximum(was.log_m, 0.0).tolist()
        assert held.recent.tolist() == was.recent.tolist()
    assert after.urns.keys() == state.urns.keys()
    again, _ = detector.update(state, {}, 10, NIGHT)
    assert [t.cusum.tolist() for t in again.tracks] == [t.cusum.tolist() for t in after.tracks]


def test_one_stratum_is_the_detector_without_strata() -> None:
    features = LARGE[NIGHT]
    plain = EvidenceDetector.of(features, 50.0)
    named = EvidenceDetector.stratified({NIGHT: features}, 50.0)
    mine = [(at, counts) for at, counts, stratum in panes(2, 40) if stratum == NIGHT]
    _, told = plain.fold(plain.start(), mine)
    _, same = named.fold(named.start(), [(at, counts, NIGHT) for at, counts in mine])
    assert told == same


def test_a_shift_in_every_hour_adds_up_over_the_day() -> None:
    """Of ten rows an hour, an hour sees as many in a day as it would need to alarm."""
    random = np.random.default_rng(5)
    strata = {
        str(hour): [bins_of_numeric("x", hour + random.normal(size=500), seed=hour)]
        for hour in range(24)
    }
    detector = EvidenceDetector.stratified(strata, 1e5)
    state = detector.start()
    for at in range(400):
        name = str(at % 24)
        values = at % 24 + random.normal(size=10) + (at >= 240)
        counts = {"x": strata[name][0].count(values, at)}
        state, evidence = detector.update(state, counts, at, name)
        if evidence.alarm:
            break
    assert 240 < at < 264
    assert abs(evidence.since[0][1] - 240) <= 2


def test_a_state_of_many_strata_is_small() -> None:
    strata = {
        str(hour): [bins(f"f{at}", 999, 20, float(hour)) for at in range(50)] for hour in range(24)
    }
    detector = EvidenceDetector.stratified(strata, 1e5)
    state = detector.start()
    counts = np.full((50, 20), 200)
    for hour in range(24):
        state, _ = detector.update(state, counts, hour, str(hour))
    assert len(detector.dump(state)) < 100_000
    big, _ = detector.update(state, np.full((50, 20), 2**40), 24, "0")
    assert detector.load(detector.dump(big)) == big


def test_a_heavier_column_needs_less_evidence() -> None:
    features = [bins("x", 99, 20), bins("y", 99, 20)]
    counts = {"x": np.bincount([18] * 5, minlength=20), "y": np.bincount([10], minlength=20)}
    by_weight = [
        EvidenceDetector.of(features, 1e6, {"x": weight, "y": 1.0}) for weight in (1.0, 3.0)
    ]
    even, heavy = (each.update(each.start(), counts, 0)[1] for each in by_weight)
    m = {name: math.exp(log) for name, log in even.columns}
    assert even.columns == heavy.columns
    assert math.exp(even.log_evidence) == pytest.approx((m["x"] + m["y"]) / 2)
    assert math.exp(heavy.log_evidence) == pytest.approx((3 * m["x"] + m["y"]) / 4)
    (name, share) = heavy.shares[0]
    assert name == "x"
    assert share == pytest.approx(3 * m["x"] / (3 * m["x"] + m["y"]))


def test_only_the_ratio_of_weights_counts() -> None:
    one, two = (
        EvidenceDetector.of(LARGE[NIGHT], 9.0, {"x": unit, "e": 3 * unit}) for unit in (1.0, 4.0)
    )
    assert one.fingerprint == two.fingerprint
    assert one.weights.tolist() == [0.25, 0.75]
    even = EvidenceDetector.of(LARGE[NIGHT], 9.0)
    assert even.fingerprint == EvidenceDetector.of(LARGE[NIGHT], 9.0, {"x": 7, "e": 7}).fingerprint
    assert even.fingerprint != one.fingerprint


def test_what_does_not_fit_is_refused() -> None:
    features = LARGE[NIGHT]
    for weights in ({"x": 1.0}, {"x": 1.0, "e": 1.0, "z": 1.0}):
        with pytest.raises(ValueError, match="each column one weight"):
            EvidenceDetector.of(features, 9.0, weights)
    for weight in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="finite weights above 0"):
            EvidenceDetector.of(features, 9.0, {"x": weight, "e": 1.0})
    with pytest.raises(ValueError, match="closer to each other"):
        EvidenceDetector.of(features, 9.0, {"x": 1e-300, "e": 1e300})
    for other in (
        features[:1],
        [features[0], features[0], features[1]],
        [features[0], bins_of_rate("e", 1, 9, rises_only=True)],
    ):
        with pytest.raises(ValueError, match="stratum 'day'"):
            EvidenceDetector.stratified({NIGHT: features, DAY: other}, 9.0)
    with pytest.raises(ValueError, match="at least one feature"):
        EvidenceDetector.stratified({}, 9.0)
    state = EvidenceDetector.stratified(LARGE, 9.0)
    with pytest.raises(ValueError, match="another reference"):
        state.load(EvidenceDetector.of(features, 9.0).dump(state.start()))
