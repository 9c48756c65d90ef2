from __future__ import annotations

import dataclasses
import zlib

import msgspec

from stream_monitor.reference import codec
from stream_monitor.reference.model import (
    MAX_FORMER,
)
from tests.reference.worlds import example


def test_what_a_reference_has_replaced_is_on_record_and_not_in_its_hash() -> None:
    first = codec.decode(codec.encode(example()))
    second = dataclasses.replace(first, rows=first.rows + 1, source="later")
    second = codec.decode(codec.encode(second)).instead_of(first)
    assert second.replaces == first.hash != second.hash
    assert codec.decode(codec.encode(second)).former == second.former
    assert codec.decode(codec.encode(second)).hash == second.hash
    # Sent again it replaces nothing, and keeps its record.
    assert dataclasses.replace(second, former=()).instead_of(second).former == second.former
    assert first.instead_of(None).former == ()


def test_the_record_goes_back_so_many_references_and_no_more() -> None:
    current = example()
    for number in range(MAX_FORMER + 5):
        new = dataclasses.replace(example(), rows=number, hash=f"{number:016x}")
        current = new.instead_of(current)
    assert [gone.rows for gone in current.former] == [*range(MAX_FORMER + 3, 3, -1)]


def test_a_reference_without_a_record_is_read_as_one_that_replaced_nothing() -> None:
    found = example()
    whole = codec.encode(found)
    head = len(codec.MAGIC) + 1
    fields = msgspec.msgpack.decode(zlib.decompress(whole[head:]))
    older = whole[:head] + zlib.compress(msgspec.msgpack.encode(fields[:-1]))
    assert codec.decode(older).former == ()
    assert codec.decode(older).hash == codec.decode(whole).hash
