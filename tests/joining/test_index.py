from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.joining.index import HashIndex

hashes = st.integers(0, 12).map(lambda small: small * (2**64 // 13))
steps = st.one_of(
    st.tuples(st.just("add"), st.lists(hashes, max_size=6, unique=True)),
    st.tuples(st.just("find"), st.lists(hashes, max_size=6)),
    st.tuples(st.just("drop"), st.lists(st.integers(0, 3), min_size=1, max_size=1)),
)


def words(values: list[int]) -> np.ndarray:
    return np.array(values, dtype=np.uint64)


@given(st.lists(steps, max_size=40))
def test_it_finds_what_a_dict_would(walk: list[tuple[str, list[int]]]) -> None:
    index, model, row, base = HashIndex(), dict[int, int](), 0, 0
    for step, values in walk:
        if step == "add":
            new = [value for value in values if value not in model]
            rows = range(row, row + len(new))
            index.add(words(new), np.array(rows, dtype=np.int64))
            model |= zip(new, rows, strict=True)
            row += len(new)
        elif step == "find":
            found = index.find(words(values))
            assert found.tolist() == [model.get(value, -1) for value in values]
        else:
            base = min(row, base + values[0])
            index.drop_below(base)
            model = {value: at for value, at in model.items() if at >= base}
    assert index.find(words([*model])).tolist() == [*model.values()]


def test_a_hash_that_left_may_come_again() -> None:
    index = HashIndex()
    index.add(words([7, 1, 2, 3]), np.arange(4))
    index.drop_below(4)
    index.add(words([7]), np.array([4]))
    index.add(words([8, 9, 10]), np.array([5, 6, 7]))
    assert index.find(words([7, 1])).tolist() == [4, -1]


def test_rows_that_are_gone_do_not_take_room_for_ever() -> None:
    index, random = HashIndex(), np.random.default_rng(1)
    for start in range(0, 100_000, 1000):
        values = random.integers(0, 2**64, 1000, dtype=np.uint64)
        index.add(values, np.arange(start, start + 1000))
        index.drop_below(start - 2000)
    assert len(index) < 10_000
