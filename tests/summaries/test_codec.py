from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.errors import DataError
from stream_monitor.summaries.codec import (
    SparseWire,
    fingerprint,
    pack_ints,
    pack_sparse,
    seal,
    unpack_ints,
    unpack_sparse,
    unseal,
)
from stream_monitor.summaries.facts import FactsWire
from stream_monitor.summaries.sample import CountedSample, SampleWire

counts = st.one_of(st.just(0), st.integers(0, 300), st.integers(0, 2**63 - 1))


@settings(deadline=None)
@given(st.lists(counts, max_size=400))
def test_a_sparse_array_reads_back(values: list[int]) -> None:
    array = np.array(values, dtype=np.int64)
    back = unpack_sparse(pack_sparse(array), len(array))
    assert back.dtype == np.int64
    assert back.tolist() == values


@pytest.mark.parametrize(
    ("largest", "size"), [(255, 1), (256, 2), (65_535, 2), (65_536, 4), (2**32 - 1, 4), (2**32, 8)]
)
def test_integers_take_the_smallest_unsigned_type(largest: int, size: int) -> None:
    packed = pack_ints(np.array([0, largest]))
    assert len(packed) == 2 * size
    assert packed[size:] == largest.to_bytes(size, "little")
    assert unpack_ints(packed, 2).tolist() == [0, largest]


@pytest.mark.parametrize(
    "wire",
    [
        SparseWire(1, b"\x05", b"\x01"),  # beyond the end
        SparseWire(2, b"\x03\x00", b"\x01\x01"),  # the same index twice
        SparseWire(2, b"\x01\x01", b"\x01"),  # a value is missing
        SparseWire(2, b"\x01\x01\x01", b"\x01\x01"),  # three bytes for two indices
        SparseWire(-1, b"", b""),
        SparseWire(1, b"\x00", b"\xff" * 8),  # beyond int64
        SparseWire(2, b"\x01" + b"\x00" * 7 + b"\xff" * 8, b"\x01\x01"),  # a negative step
    ],
)
def test_a_sparse_array_that_contradicts_itself_is_refused(wire: SparseWire) -> None:
    with pytest.raises(DataError, match="damaged"):
        unpack_sparse(wire, 5)


def test_a_state_of_another_shape_with_a_right_checksum_is_refused() -> None:
    with pytest.raises(DataError, match="damaged"):
        unseal(seal(SparseWire(0, b"", b"")), FactsWire)


@pytest.mark.parametrize(
    "wire",
    [
        SampleWire(4, b"\x00" * 7, b"", None, 0),
        SampleWire(4, b"\x00" * 16, b"\x01\x01", None, 2),  # one hash twice
        SampleWire(4, b"\x00" * 8, b"\x00", None, 1),  # counted zero times
        SampleWire(4, b"\x00" * 8, b"\x05", None, 4),  # more than all rows
        SampleWire(4, b"".join(i.to_bytes(8, "little") for i in range(5)), b"\x01" * 5, None, 5),
    ],
)
def test_a_sample_that_contradicts_itself_is_refused(wire: SampleWire) -> None:
    with pytest.raises(DataError, match="damaged"):
        CountedSample.from_state(seal(wire), 4, keep_texts=False)


def test_a_fingerprint_depends_on_where_texts_end_and_on_their_order() -> None:
    prints = {fingerprint("ab", "c"), fingerprint("a", "bc"), fingerprint("c", "ab"), fingerprint()}
    assert len(prints) == 4
    assert all(len(one) == 16 for one in prints)


def test_the_layout_of_a_state_is_pinned() -> None:
    body = msgspec.msgpack.encode([[1, 2, 3, 4, 5, 6, 7]])
    assert seal(FactsWire((1, 2, 3, 4, 5, 6, 7)))[5:] == body
