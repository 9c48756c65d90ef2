from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.joining.columns import RowStore

steps = st.one_of(
    st.tuples(st.just("append"), st.integers(1, 1500)),
    st.tuples(st.just("drop"), st.integers(0, 2000)),
    st.tuples(st.just("put"), st.integers(0, 10**6)),
)


@given(st.lists(steps, max_size=25))
def test_it_holds_what_a_list_would_and_little_more(walk: list[tuple[str, int]]) -> None:
    store = RowStore({"a": np.int64, "b": np.uint8})
    rows: list[tuple[int, int]] = []
    for step, number in walk:
        if step == "append":
            values = np.arange(number) + len(rows)
            numbers = store.append({"a": values, "b": (values % 7).astype(np.uint8)})
            assert numbers.tolist() == [*range(len(rows), len(rows) + number)]
            rows += [(int(value), int(value) % 7) for value in values]
        elif step == "drop":
            store.drop(store.start + number)
        elif len(store):
            at = store.start + number % len(store)
            store.put("a", np.array([at]), -1)
            rows[at] = (-1, rows[at][1])
        held = np.arange(store.start, store.end)
        assert store.end == len(rows)
        assert len(store) == len(held)
        assert store.get("a", held).tolist() == [a for a, _ in rows[store.start :]]
        assert store.get("b", held).tolist() == [b for _, b in rows[store.start :]]
        assert store.nbytes <= (8 + 1) * (2 * len(store) + 2048)


def test_a_drop_below_what_is_gone_changes_nothing() -> None:
    store = RowStore({"a": np.int64})
    store.append({"a": np.arange(5)})
    store.drop(3)
    store.drop(1)
    assert (store.start, store.end) == (3, 5)
    store.drop(99)
    assert (store.start, store.end, len(store)) == (5, 5, 0)
