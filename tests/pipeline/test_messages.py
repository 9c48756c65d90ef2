import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.pipeline.messages import (
    BadSummaryMessageError,
    Slot,
    SlotKey,
    decode_message,
    encode_progress,
)
from stream_monitor.pipeline.slots import StoredSlot
from stream_monitor.windows.watermark import ModelProgress, PartitionProgress

big = st.integers(-(2**62), 2**62)
count = st.integers(0, 2**62)
name = st.text(max_size=30)
keys = st.builds(SlotKey, name, name, big, count, count, count)
slots = st.builds(Slot, keys, big, count, st.binary(max_size=200))
progress = st.builds(
    PartitionProgress,
    count,
    count,
    count,
    st.booleans(),
    st.dictionaries(name, st.builds(ModelProgress, big, st.booleans()), max_size=5),
    st.booleans(),
)


@given(slots)
def test_a_slot_survives_its_encoding(slot: Slot) -> None:
    assert decode_message(slot.encode()) == slot


@given(progress)
def test_progress_survives_its_encoding(said: PartitionProgress) -> None:
    assert decode_message(encode_progress(said)) == said


@given(keys)
def test_a_slots_key_survives_its_encoding(key: SlotKey) -> None:
    assert SlotKey.decode(key.encode()) == key


@given(st.builds(StoredSlot, big, count, st.binary(max_size=99), big, count))
def test_a_stored_slot_survives_its_encoding(stored: StoredSlot) -> None:
    assert StoredSlot.decode(stored.encode()) == stored


@given(st.binary(max_size=80))
def test_arbitrary_bytes_are_a_message_or_refused_in_a_sentence(data: bytes) -> None:
    try:
        decode_message(data)
    except BadSummaryMessageError as exc:
        said = str(exc)
    else:
        said = "summaries"
    assert "summaries" in said


def test_a_message_of_an_unknown_kind_is_refused_and_named() -> None:
    with pytest.raises(BadSummaryMessageError, match="kind 9"):
        decode_message(b"\x91\x09")
