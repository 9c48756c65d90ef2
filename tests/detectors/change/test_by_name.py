"""Detectors by name, river's among them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from river.drift import ADWIN

from stream_monitor.detectors.change.by_name import (
    DETECTORS,
    RiverDetector,
    change_detector,
)
from stream_monitor.detectors.change.design import bernoulli_cusum
from stream_monitor.errors import ConfigurationError
from stream_monitor.statistics.arrays import FloatArray

DESIGN = bernoulli_cusum(0.1, 0.3, 1e5)
NEEDED: dict[str, dict[str, float]] = {"cusum": {"mean": 0.0, "k": DESIGN.k, "h": DESIGN.h}}


def errors(seed: int = 4) -> FloatArray:
    """2,000 rows with a tenth wrong, then 1,000 with half of them wrong."""
    rates = np.repeat([0.1, 0.5], [2000, 1000])
    return (np.random.default_rng(seed).random(rates.size) < rates).astype(np.float64)


@pytest.mark.parametrize("name", DETECTORS)
def test_a_change_is_found_where_it_is_and_again_on_a_replay(name: str) -> None:
    parameters = NEEDED.get(name)
    fired = change_detector(name, parameters).update(errors())
    assert any(2000 <= at < 2300 for at in fired)
    assert change_detector(name, parameters).update(errors()) == fired


@pytest.mark.parametrize("cut", [0, 1, 1999, 2040, 3000])
@pytest.mark.parametrize("name", DETECTORS)
def test_a_split_into_batches_fires_at_the_same_rows(name: str, cut: int) -> None:
    whole = change_detector(name, NEEDED.get(name)).update(errors())
    detector = change_detector(name, NEEDED.get(name))
    first = detector.update(errors()[:cut])
    second = detector.update(errors()[cut:])
    assert (*first, *(at + cut for at in second)) == whole


@pytest.mark.parametrize("name", DETECTORS)
def test_a_constant_an_empty_batch_and_one_value_fire_nothing(name: str) -> None:
    detector = change_detector(name, NEEDED.get(name))
    assert detector.update(np.array([])) == ()
    assert detector.update(np.array([0.0])) == ()
    assert detector.update(np.zeros(3000)) == ()


def test_adwin_is_rivers_own() -> None:
    values = np.concatenate((np.zeros(500), np.full(500, 0.4), np.full(500, 3.0)))
    values += np.random.default_rng(1).random(values.size)
    make: Callable[..., RiverDetector] = ADWIN
    river, expected = make(delta=0.01, clock=1), []
    for at, value in enumerate(values.tolist()):
        river.update(value)
        if river.drift_detected:
            expected.append(at)
    found = change_detector("adwin", {"delta": 0.01, "clock": 1}).update(values)
    assert found == tuple(expected)
    assert len(found) >= 2


@pytest.mark.parametrize("name", DETECTORS)
def test_nan_is_refused_before_anything_is_seen(name: str) -> None:
    detector = change_detector(name, NEEDED.get(name))
    with pytest.raises(ValueError, match="value 1 is nan"):
        detector.update(np.array([1.0, np.nan]))
    untouched = change_detector(name, NEEDED.get(name))
    assert detector.update(errors()) == untouched.update(errors())


@pytest.mark.parametrize("name", ["ddm", "hddm_a"])
def test_a_detector_of_errors_refuses_other_numbers(name: str) -> None:
    with pytest.raises(ValueError, match=r"0 \(right\) and 1 \(wrong\)"):
        change_detector(name).update(np.array([0.0, 0.5]))


@pytest.mark.parametrize(
    ("name", "parameters", "said"),
    [
        ("kswin", {}, "choose one of adwin, ddm, hddm_a, cusum, page_hinkley"),
        ("adwin", {"detla": 0.1}, "has no parameter 'detla': it takes delta, clock"),
        ("adwin", {"delta": 0.0}, "adwin.delta is 0.0: give a number from 1e-12 to 0.5"),
        ("adwin", {"delta": float("nan")}, "adwin.delta is nan"),
        ("adwin", {"clock": 1.5}, "adwin.clock is 1.5: give a whole number"),
        ("ddm", {"warm_start": True}, "ddm.warm_start is True"),
        ("hddm_a", {"drift_confidence": 0.9}, "hddm_a.drift_confidence is 0.9"),
        ("cusum", {"mean": 0.0, "k": 1.0}, "cusum.h is missing: it has no default"),
        ("page_hinkley", {"min_samples": 0}, "page_hinkley.min_samples is 0"),
    ],
)
def test_a_wrong_name_or_parameter_is_refused_with_what_is_right(
    name: str, parameters: dict[str, float], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        change_detector(name, parameters)
