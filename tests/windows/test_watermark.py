from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.windows.hearing import Hearing
from stream_monitor.windows.watermark import (
    Candidate,
    ModelProgress,
    Moment,
    PartitionProgress,
    Watermark,
    candidate,
)


def progress(
    partition: int, *, of: int = 2, position: int = 10, caught_up: bool = False, **models: object
) -> PartitionProgress:
    """``m=5``: model m has shown event time 5; ``m=(5, True)``: and has fallen silent."""
    named = {
        name: ModelProgress(*at) if isinstance(at, tuple) else ModelProgress(int(str(at)), False)
        for name, at in models.items()
    }
    return PartitionProgress(partition, of, position, caught_up, named)


def heard(now_ms: int) -> Moment:
    """When everybody has just spoken again."""
    return Moment(now_ms, words=0, again=0)


def watermark(*parts: PartitionProgress, now_ms: int = 1000) -> int | None:
    heard: Mapping[int, PartitionProgress] = {part.partition: part for part in parts}
    found = candidate("m", heard, now_ms=now_ms, idle_timeout_ms=30, closing_ms=100)
    return None if found is None else found.at_ms


def test_nothing_is_known_before_every_partition_has_been_heard_of() -> None:
    assert watermark() is None
    assert watermark(progress(0, m=50)) is None
    assert watermark(progress(0, m=50), progress(1, m=70)) == 50


def test_a_partition_without_the_model_holds_it_back_until_it_is_read_to_its_end() -> None:
    assert watermark(progress(0, m=50), progress(1, other=70)) is None
    assert watermark(progress(0, m=50), progress(1, caught_up=True, other=70)) == 50


def test_a_silent_partition_holds_nothing_back_while_another_speaks() -> None:
    assert watermark(progress(0, m=(20, True)), progress(1, m=70)) == 70


def test_when_all_are_silent_time_goes_on_with_the_clock_but_only_far_enough_to_close() -> None:
    silent = progress(0, m=(20, True)), progress(1, m=(70, True))
    assert watermark(*silent, now_ms=110) == 80
    assert watermark(*silent, now_ms=10**9) == 170


def test_a_watermark_never_goes_back() -> None:
    at = Watermark().step(Candidate(60, silent=False), heard(0), 3)
    assert at.step(Candidate(50, silent=False), heard(1), 3).at_ms == 60
    assert at.step(None, heard(1), 3).at_ms == 60


def test_a_step_that_counts_on_silence_waits_until_the_silence_has_lasted() -> None:
    waiting = Watermark(10).step(Candidate(60, silent=True), heard(100), 3)
    assert waiting.at_ms == 10
    assert waiting.step(Candidate(80, silent=True), heard(102), 3).at_ms == 10
    assert waiting.step(Candidate(80, silent=True), heard(103), 3).at_ms == 60


def test_a_partition_that_speaks_again_in_time_holds_the_step_back() -> None:
    waiting = Watermark(10).step(Candidate(60, silent=True), heard(100), 3)
    awake = waiting.step(Candidate(20, silent=True), heard(101), 3)
    assert awake.step(Candidate(70, silent=True), heard(103), 3).at_ms == 20
    assert awake.step(Candidate(30, silent=False), heard(102), 3).at_ms == 30


def test_a_step_that_counts_on_silence_waits_until_every_partition_has_spoken_again() -> None:
    hearing = Hearing()

    def moment(now_ms: int) -> Moment:
        return Moment(now_ms, hearing.words, hearing.again(range(2)))

    def hear(*partitions: int) -> None:
        for partition in partitions:
            hearing.hear(partition)

    towards = Candidate(60, silent=True)
    unheard = Watermark(10).step(towards, moment(0), 3).step(towards, moment(1000), 3)
    assert unheard.at_ms == 10
    hear(0, 1, 0, 1, 1)
    waiting = Watermark(10).step(towards, moment(100), 3)
    for spoken in ((0,), (0, 0, 1)):  # the reader of 1 is slow, and its first word may be old
        hear(*spoken)
        waiting = waiting.step(towards, moment(200), 3)
        assert waiting.at_ms == 10
    hear(1)
    assert waiting.step(towards, moment(201), 3).at_ms == 60


def test_a_clock_that_is_set_back_holds_a_step_up_no_longer_than_to_settle() -> None:
    waiting = Watermark(10).step(Candidate(60, silent=True), heard(3_600_000), 3)
    back = waiting.step(Candidate(60, silent=True), heard(100), 3)
    assert back.at_ms == 10
    assert back.step(Candidate(60, silent=True), heard(102), 3).at_ms == 10
    assert back.step(Candidate(60, silent=True), heard(103), 3).at_ms == 60


@given(
    st.lists(
        st.tuples(
            st.integers(0, 5), st.none() | st.builds(Candidate, st.integers(0, 99), st.booleans())
        )
    )
)
def test_a_watermark_only_grows_and_only_to_what_was_a_candidate(
    steps: list[tuple[int, Candidate | None]],
) -> None:
    watermark, now_ms, seen = Watermark(), 0, set[int]()
    for passed, towards in steps:
        now_ms += passed
        before = watermark.at_ms
        watermark = watermark.step(towards, heard(now_ms), 4)
        if towards is not None:
            seen.add(towards.at_ms)
        if watermark.at_ms is not None:
            assert before is None or watermark.at_ms >= before
            assert watermark.at_ms in seen


def test_a_reader_that_begins_a_block_again_does_not_take_back_what_was_said() -> None:
    before = progress(0, position=250, caught_up=True, m=90)
    again = progress(0, position=180, caught_up=True, m=60)
    merged = before.merge(again)
    assert (merged.position, merged.models["m"].watermark_ms) == (250, 90)
    assert not merged.caught_up
    assert merged.merge(progress(0, position=260, caught_up=True, m=95)).caught_up


def test_a_reader_at_rest_calls_silent_what_only_the_reader_before_it_has_seen() -> None:
    before = progress(0, position=250, caught_up=True, m=90, other=80)
    after = replace(progress(0, position=250, caught_up=True, other=80), rested=True)
    merged = before.merge(after)
    assert merged.models["m"] == ModelProgress(90, idle=True)
    assert merged.models["other"] == ModelProgress(80, idle=False)
    behind = replace(after, position=200)
    assert not before.merge(behind).models["m"].idle


def test_a_reader_that_is_behind_calls_nothing_silent() -> None:
    before = progress(0, position=250, caught_up=False, m=90)
    models = {"m": ModelProgress(95, idle=True), "n": ModelProgress(40, idle=True)}
    zombie = PartitionProgress(0, before.partitions, 249, caught_up=True, models=models)
    merged = before.merge(zombie)
    assert merged.models == {"m": ModelProgress(95, idle=False), "n": ModelProgress(40, idle=False)}
    assert before.merge(replace(zombie, position=250)).models == models


models = st.dictionaries(
    st.sampled_from("ab"), st.builds(ModelProgress, st.integers(0, 99), st.booleans())
)
parts = st.builds(
    PartitionProgress, st.just(0), st.integers(1, 9), st.integers(0, 99), st.booleans(), models
)


@given(parts, parts)
def test_merged_progress_is_never_behind_either_part(
    a: PartitionProgress, b: PartitionProgress
) -> None:
    merged = a.merge(b)
    for part in (a, b):
        assert merged.position >= part.position
        assert merged.partitions >= part.partitions
        for name, at in part.models.items():
            assert merged.models[name].watermark_ms >= at.watermark_ms
