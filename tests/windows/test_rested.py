"""Models that a partition's new reader has never seen."""

from stream_monitor.windows.watermark import ModelProgress, PartitionProgress

BEFORE = PartitionProgress(0, 1, 100, False, {"m": ModelProgress(5_000, False)})


def test_a_new_reader_that_has_rested_calls_models_silent_that_it_has_not_seen() -> None:
    now = BEFORE.merge(PartitionProgress(0, 1, 100, True, {}, rested=True))
    assert now.models["m"] == ModelProgress(5_000, True)


def test_a_new_reader_that_has_not_rested_yet_says_nothing_of_them() -> None:
    now = BEFORE.merge(PartitionProgress(0, 1, 100, True, {}))
    assert now.models["m"] == ModelProgress(5_000, False)


def test_a_reader_behind_what_was_read_already_has_not_rested() -> None:
    now = BEFORE.merge(PartitionProgress(0, 1, 99, True, {}, rested=True))
    assert now.models["m"] == ModelProgress(5_000, False)
    assert not now.rested
