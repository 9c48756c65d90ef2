"""States as bytes."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from stream_monitor.config.degradation import AdwinSettings, DegradationSettings
from stream_monitor.detectors.change.by_name import DETECTORS
from stream_monitor.detectors.degradation.baseline import Baseline
from stream_monitor.detectors.degradation.by_river import MAKERS, read
from stream_monitor.detectors.degradation.degradation import Degradation
from stream_monitor.reference.model import Task
from tests.detectors.degradation.worlds import EVERY, classifier, of_rate


def test_a_loaded_state_goes_on_bit_for_bit_as_the_one_dumped() -> None:
    rng = np.random.default_rng(1)
    degradation = classifier(detectors=EVERY, page_hinkley={"threshold": 10.0})
    state, _ = degradation.fold(degradation.start(), of_rate(rng, 0.1, 157, 300))
    again = classifier(detectors=EVERY, page_hinkley={"threshold": 10.0}).load(
        degradation.dump(state)
    )
    assert again == state
    more = of_rate(rng, 0.25, 157, 200, first=300)
    now, alarms = degradation.fold(state, more)
    assert degradation.fold(again, more) == (now, alarms)
    assert all(alarms[name] for name in ("cusum", "page_hinkley", "adwin"))


@pytest.mark.parametrize("name", MAKERS)
def test_a_detector_of_river_goes_on_bit_for_bit_when_read_from_any_place(name: str) -> None:
    rates = np.repeat([0.1, 0.4, 0.1, 0.6], 700)
    values = (np.random.default_rng(2).random(rates.size) < rates).astype(float).tolist()
    straight, broken, fired = MAKERS[name](), MAKERS[name](), []
    for at, value in enumerate(values):
        if at % 7 == 0:
            broken = read(pickle.dumps(broken, protocol=5))
        straight.update(value)
        broken.update(value)
        assert straight.drift_detected == broken.drift_detected
        fired.append(straight.drift_detected)
    assert any(fired)
    assert pickle.dumps(straight, protocol=5) == pickle.dumps(broken, protocol=5)


def test_bytes_that_are_damaged_are_refused() -> None:
    degradation = classifier(detectors=EVERY)
    data = degradation.dump(degradation.start())
    for at in range(len(data)):
        broken = bytearray(data)
        broken[at] ^= 1
        with pytest.raises(ValueError, match="start anew"):
            degradation.load(bytes(broken))
    for cut in (0, 10, 31, 32, len(data) - 1):
        with pytest.raises(ValueError, match="start anew"):
            degradation.load(data[:cut])


@pytest.mark.parametrize(
    "other",
    [
        Degradation.of(DegradationSettings(smallest_rise=0.04), Task.BINARY),
        Degradation.of(DegradationSettings(detectors=("adwin",)), Task.BINARY),
        Degradation.of(DegradationSettings(adwin=AdwinSettings(clock=16)), Task.BINARY),
        Degradation.of(DegradationSettings(), Task.REGRESSION),
        Degradation.of(DegradationSettings(), Task.BINARY, Baseline.of_rate(0.1, 100)),
    ],
)
def test_bytes_of_another_configuration_are_refused(other: Degradation) -> None:
    degradation = Degradation.of(DegradationSettings(), Task.BINARY)
    with pytest.raises(ValueError, match="another configuration"):
        other.load(degradation.dump(degradation.start()))


def test_a_pickle_of_anything_else_is_refused() -> None:
    with pytest.raises(pickle.UnpicklingError, match="is no part of a detector"):
        read(pickle.dumps(print, protocol=5))


def test_the_parameters_of_the_settings_are_those_of_the_detectors() -> None:
    settings = DegradationSettings()
    for name in ("page_hinkley", *MAKERS):
        own = getattr(settings, name).model_dump()
        assert own == {key: p.default for key, p in DETECTORS[name].parameters.items()}
