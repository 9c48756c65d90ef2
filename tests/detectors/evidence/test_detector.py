"""The fold over panes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.config.duration import DAY, HOUR, MINUTE
from stream_monitor.detectors.evidence.cuts import bins_of_numeric, bins_of_rate
from stream_monitor.detectors.evidence.detector import Evidence, EvidenceDetector, threshold
from stream_monitor.detectors.evidence.state import State
from tests.detectors.evidence.worlds import Watched, normal

A = bins_of_numeric("a", np.arange(99.0))
B = bins_of_numeric("b", np.arange(49.0), 5)
ERRORS = bins_of_rate("errors", 10, 200, rises_only=True)
MISSING = bins_of_rate("missing", 0, 200)
MIXED = EvidenceDetector.of([A, ERRORS, B, MISSING], 50.0)


def pane(random: np.random.Generator, wrong: int) -> dict[str, np.ndarray]:
    drawn = {
        "a": A.count(random.uniform(-1, 99, 30), 0),
        "b": B.count(random.uniform(-1, 49, 30), 0),
        "errors": ERRORS.count_rate(wrong, 30),
        "missing": MISSING.count_rate(0, 30),
    }
    return {name: drawn[name] for name in drawn if random.random() < 0.8}


def panes(seed: int, n: int) -> list[tuple[int, dict[str, np.ndarray]]]:
    random = np.random.default_rng(seed)
    return [(at * MINUTE, pane(random, 1 if at < n // 2 else 9)) for at in range(n)]


def test_a_budget_is_the_number_of_panes_in_its_time() -> None:
    assert threshold(slide_ms=5 * MINUTE) == 8640.0
    assert threshold(slide_ms=HOUR, false_alarms=2, per_ms=7 * DAY) == 84.0
    for wrong in (
        {"slide_ms": 0},
        {"slide_ms": DAY, "false_alarms": 0},
        {"slide_ms": DAY, "per_ms": HOUR},
    ):
        with pytest.raises(ValueError, match="at most one a pane"):
            threshold(**wrong)


def test_the_evidence_is_the_mean_of_shiryaev_and_roberts() -> None:
    detector = EvidenceDetector.of([A, ERRORS], 1e300)
    state, naive = detector.start(), [np.zeros(20), np.zeros(7)]
    for pane_ms, counts in panes(3, 12):
        counts = {name: counts[name] for name in ("a", "errors") if name in counts}
        for at, part in enumerate(detector.strata[""].parts):
            family, recent = part.family, state.tracks[at].recent
            name = detector.features[at].name
            drawn = counts.get(name, np.zeros(part.start.shape[1], dtype=np.int64))
            urn = part.start + (state.urns[""][at] if state.urns else 0)
            e = np.exp(family.log_e(urn, recent, drawn[None])[0])
            n, rare = drawn.sum(), urn.min() / urn.sum()
            weight = min(1.0, n * rare) if name == "errors" else float(n > 0)
            naive[at] = e * np.maximum(naive[at] + weight, 1.0)
        state, evidence = detector.update(state, counts, pane_ms)
        means = [float(m.mean()) for m in naive]
        assert math.exp(evidence.log_evidence) == pytest.approx(sum(means) / 2)
        assert [math.exp(log) for _, log in evidence.columns] == pytest.approx(means)
        assert dict(evidence.shares) == pytest.approx(
            {"a": means[0] / sum(means), "errors": means[1] / sum(means)}
        )


def test_without_any_rows_there_is_no_evidence() -> None:
    state = MIXED.start()
    for at in range(200):
        state, evidence = MIXED.update(state, {}, at)
        assert evidence.log_evidence == 0.0
        assert not evidence.alarm
        assert evidence.shares == (("a", 0.25), ("errors", 0.25), ("b", 0.25), ("missing", 0.25))


def test_what_never_happens_is_no_evidence_however_long_it_does_not() -> None:
    detector = EvidenceDetector.of([MISSING], 20.0)
    state = detector.start()
    for at in range(2000):
        state, evidence = detector.update(state, {"missing": MISSING.count_rate(0, 30)}, at)
        assert not evidence.alarm
    _, evidence = detector.update(state, {"missing": MISSING.count_rate(6, 30)}, 2000)
    assert evidence.alarm


def test_a_column_without_rows_keeps_its_evidence() -> None:
    state, first = MIXED.update(MIXED.start(), {"a": A.count(np.full(9, 70.0), 0)}, 0)
    _, second = MIXED.update(state, {"b": B.count(np.arange(49.0), 0)}, 1)
    assert not first.alarm
    held, kept = dict(first.columns)["a"], dict(second.columns)["a"]
    assert kept >= held > 0


def test_an_alarm_takes_what_is_known_of_others_only_if_its_carriers_are_not_enough() -> None:
    one, other = (bins_of_numeric(name, np.arange(99.0)) for name in ("one", "other"))
    seen = {True: 0, False: 0}
    for seed in range(40):
        random = np.random.default_rng(seed)
        detector = EvidenceDetector.of([one, other], 50.0)
        state = detector.start()
        for pane_ms in range(60):
            drawn = {
                each.name: each.count(random.uniform(shift, 99 + shift, 20), pane_ms)
                for each, shift in ((one, 15 + seed), (other, 15))
            }
            state, evidence = detector.update(state, drawn, pane_ms)
            if evidence.alarm:
                break
        assert evidence.alarm
        spent = sum(share for name, share in evidence.shares if name in evidence.carriers)
        enough = evidence.log_evidence + math.log(spent) >= evidence.log_threshold
        lost = np.isneginf(state.tracks[0].log_m).all(axis=1)
        assert lost.tolist() == [not enough or n in evidence.carriers for n in ("one", "other")]
        seen[enough] += 1
    assert all(seen.values())


def test_an_alarm_begins_again_and_keeps_the_counts() -> None:
    state = MIXED.start()
    counts = {"errors": ERRORS.count_rate(30, 30)}
    after, evidence = MIXED.update(state, counts, 7)
    assert evidence.alarm
    assert evidence.shares[0][0] == "errors"
    assert evidence.log_threshold == math.log(50.0)
    assert state.since_ms is None
    assert after.since_ms == after.last_ms == 7
    assert np.isneginf(after.tracks[1].log_m).all()
    assert after.urns[""][1].tolist() == [[0, 30]]
    quiet, _ = MIXED.update(after, {}, 8)
    assert (quiet.since_ms, quiet.last_ms) == (7, 8)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 1000), st.integers(0, 14), st.integers(0, 14))
def test_folding_is_the_same_from_any_split_and_over_bytes(seed: int, one: int, two: int) -> None:
    given_panes = panes(seed, 14)
    whole, told = MIXED.fold(MIXED.start(), given_panes)
    state: State = MIXED.start()
    parts: tuple[Evidence, ...] = ()
    low, high = sorted((one, two))
    for part in (given_panes[:low], given_panes[low:high], given_panes[high:]):
        state, more = MIXED.fold(MIXED.load(MIXED.dump(state)), part)
        parts += more
    assert state == whole
    assert MIXED.dump(state) == MIXED.dump(whole)
    assert parts == told


def test_a_state_is_not_changed_by_what_follows() -> None:
    begun = MIXED.start()
    before = MIXED.dump(begun)
    MIXED.fold(begun, panes(1, 10))
    assert MIXED.dump(begun) == before
    state, _ = MIXED.update(begun, {}, 0)
    for array in (state.urns[""][0], *state.tracks[0].arrays()):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 1


def test_an_array_of_counts_is_the_mapping_in_the_columns_order() -> None:
    watched = Watched.of(normal(np.random.default_rng(1), 200), 100.0)
    counts = watched.counts(normal(np.random.default_rng(2), 40), 0)
    named = {f"f{at}": row for at, row in enumerate(counts)}
    detector = watched.detector
    by_array = detector.update(detector.start(), counts, 0)
    assert by_array == detector.update(detector.start(), named, 0)


def test_other_bins_thresholds_and_damage_are_refused() -> None:
    state, _ = MIXED.fold(MIXED.start(), panes(5, 4))
    data = MIXED.dump(state)
    others = (
        EvidenceDetector.of([A, ERRORS, B, MISSING], 51.0),
        EvidenceDetector.of([A, B, ERRORS, MISSING], 50.0),
        EvidenceDetector.of([A, bins_of_rate("errors", 10, 200), B, MISSING], 50.0),
    )
    for other in others:
        with pytest.raises(ValueError, match="another reference"):
            other.load(data)
    for broken in (data[:-1], data[:20], data[:-1] + bytes([data[-1] ^ 1]), data + b"x"):
        with pytest.raises(ValueError, match="damaged"):
            MIXED.load(broken)
    with pytest.raises(ValueError, match="another reference"):
        MIXED.load(b"")


def test_what_cannot_be_is_refused() -> None:
    state, _ = MIXED.update(MIXED.start(), {}, 5)
    for again in (4, 5):
        with pytest.raises(ValueError, match="order of event time"):
            MIXED.update(state, {}, again)
    with pytest.raises(ValueError, match="none of the columns"):
        MIXED.update(state, {"c": np.zeros(2, dtype=np.int64)}, 6)
    for wrong in (np.array([1, 2, 3]), np.array([-1, 2])):
        with pytest.raises(ValueError, match="counts of at least 0"):
            MIXED.update(state, {"errors": wrong}, 6)
    with pytest.raises(ValueError, match="counts of at least 0"):
        MIXED.update(state, np.zeros((4, 20), dtype=np.int64), 6)
    for features in ([], [A, A]):
        with pytest.raises(ValueError, match="each name once"):
            EvidenceDetector.of(features, 10.0)
    for limit in (0.5, math.inf, math.nan):
        with pytest.raises(ValueError, match="threshold"):
            EvidenceDetector.of([A], limit)


def test_degenerate_references_and_panes_give_numbers() -> None:
    bins = [
        bins_of_numeric("none", np.zeros(0)),
        bins_of_numeric("one", np.ones(1)),
        bins_of_numeric("constant", np.ones(1000)),
        bins_of_rate("never", 0, 0),
    ]
    detector = EvidenceDetector.of(bins, 1e6)
    state = detector.start()
    for at, values in enumerate((np.ones(1), np.full(1000, np.inf), np.zeros(1), np.ones(10**5))):
        counts = {feature.name: feature.count(values, at) for feature in bins}
        state, evidence = detector.update(state, counts, at)
        assert all(math.isfinite(log) for _, log in evidence.columns)


def test_a_thousand_million_rows_in_a_bin_are_an_alarm_and_no_overflow() -> None:
    counts = np.zeros(20, dtype=np.int64)
    counts[19] = 10**9
    state, evidence = MIXED.update(MIXED.start(), {"a": counts}, 0)
    assert evidence.alarm
    assert math.isfinite(evidence.log_evidence)
    _, later = MIXED.update(state, {"a": counts}, 1)
    assert math.isfinite(later.log_evidence)
