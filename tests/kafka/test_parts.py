"""Values of any size, of which no write is larger than what Kafka takes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.kafka.parts import Parts, Write

ROOM = 32  # bytes: a part of a key of one byte holds 18 of them

#: A key and its new value, ``None`` to forget it.
changes = st.lists(
    st.tuples(
        st.sampled_from([b"a", b"b", b"ab"]),
        st.none()
        | st.binary(max_size=ROOM)
        | st.binary(min_size=ROOM, max_size=9 * ROOM)
        | st.binary(max_size=ROOM).map(lambda value: b"\xc1" + value),
    ),
    max_size=12,
)


def writes(parts: Parts, key: bytes, value: bytes | None) -> Iterator[Write]:
    return parts.delete(key) if value is None else parts.put(key, value)


def keep(table: dict[bytes, bytes], key: bytes, value: bytes | None) -> None:
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value


@given(changes=changes)
@settings(deadline=None)
def test_after_any_write_the_table_says_what_it_did_before_a_change_or_what_it_does_after(
    changes: list[tuple[bytes, bytes | None]],
) -> None:
    parts, table, expected = Parts(ROOM), dict[bytes, bytes](), dict[bytes, bytes]()
    for key, value in changes:
        before = dict(expected)
        keep(expected, key, value)
        said = before
        for written, part in writes(parts, key, value):
            assert len(written) + len(part or b"") <= ROOM
            keep(table, written, part)
            now = dict(Parts(ROOM).read(table.items()))
            assert now in ([expected] if said == expected else [before, expected])
            said = now
        assert dict(Parts(ROOM).read(table.items())) == expected
    for key in list(expected):
        for written, part in parts.delete(key):
            keep(table, written, part)
    assert table == {}


@given(changes=changes, stops=st.lists(st.integers(0, 60), max_size=6))
@settings(deadline=None)
def test_writing_goes_on_from_a_table_that_was_left_in_the_middle_of_a_change(
    changes: list[tuple[bytes, bytes | None]], stops: list[int]
) -> None:
    parts, table, expected = Parts(ROOM), dict[bytes, bytes](), dict[bytes, bytes]()
    done = 0
    for key, value in changes:
        crashed = False
        for written, part in writes(parts, key, value):
            keep(table, written, part)
            done += 1
            if done in stops:
                crashed = True
                break
        if crashed:
            parts = Parts(ROOM)
            now = dict(parts.read(table.items()))
            assert now.get(key) in (expected.get(key), value)
            expected = now
        else:
            keep(expected, key, value)
        assert dict(Parts(ROOM).read(table.items())) == expected
    for key in (b"a", b"b", b"ab"):  # whatever a crash has left goes with its key
        for written, part in parts.delete(key):
            keep(table, written, part)
    assert table == {}


def test_a_value_that_fits_is_kept_as_it_is() -> None:
    assert list(Parts(ROOM).put(b"a", b"x" * 18)) == [(b"a", b"x" * 18)]


def test_a_value_that_lacks_a_part_is_an_error() -> None:
    table = dict(Parts(ROOM).put(b"a", b"x" * 60))
    kept = {key: value for key, value in table.items() if value is not None}
    del kept[min(kept.keys() - {b"a"})]
    with pytest.raises(ValueError, match="lacks a part of the value of b'a'"):
        list(Parts(ROOM).read(kept.items()))
