"""What POST /simulate can play."""

import pytest

from stream_monitor import data
from stream_monitor.scenarios.acts import ACTS
from stream_monitor.scenarios.now import ending_at
from stream_monitor.scenarios.playable import names, playable

NOW_MS = 1_800_000_000_000


def test_the_demos_acts_and_the_shipped_scenarios_can_be_played() -> None:
    assert set(names()) == set(ACTS) | set(data.scenarios())


@pytest.mark.parametrize("name", ["sudden_drift", "label_delay", "drift"])
def test_each_is_moved_to_end_now_with_all_its_rows(name: str) -> None:
    made = playable(name, 3)
    act, first_ms, last_ms = ending_at(made, NOW_MS)
    times = [int(at) for batch in act.batches() for at in batch.timestamps]
    assert len(times) == act.rows > 1_000
    assert (min(times), max(times)) == (first_ms, last_ms)
    assert NOW_MS - 60_000 < last_ms <= NOW_MS
    assert act.story


def test_late_labels_are_sent_as_labels() -> None:
    assert playable("label_delay", 0).labels is not None


def test_another_name_is_an_error() -> None:
    with pytest.raises(KeyError):
        playable("flood", 0)
