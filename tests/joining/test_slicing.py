from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.joining import slicing
from stream_monitor.joining.slicing import SliceCodes
from stream_monitor.summaries.slices import Cut

names = st.sampled_from(["version", "segment:a", "segment:b"])
values = st.none() | st.sampled_from(["", "x", "y", "z"])
tables = st.integers(0, 8).flatmap(
    lambda n: st.dictionaries(names, st.lists(values, min_size=n, max_size=n))
)


def cut(column: list[str | None]) -> Cut:
    found = tuple(dict.fromkeys(value for value in column if value is not None))
    codes = [-1 if value is None else found.index(value) for value in column]
    return Cut(found, np.array(codes, dtype=np.int64))


def rows_of(cuts: dict[str, Cut], n: int) -> list[dict[str, str]]:
    return [
        {name: kept.values[kept.codes[row]] for name, kept in cuts.items() if kept.codes[row] >= 0}
        for row in range(n)
    ]


@given(st.lists(tables, max_size=4))
def test_the_slices_of_each_row_come_back(batches: list[dict[str, list[str | None]]]) -> None:
    codes = SliceCodes()
    said, wanted = [], []
    for table in batches:
        n = len(next(iter(table.values()), []))
        cuts = {name: cut(column) for name, column in table.items()}
        said.append(codes.encode(cuts, n))
        wanted += rows_of(cuts, n)
    found = np.concatenate([*said, np.array([], dtype=np.int64)])
    assert rows_of(codes.cuts(found), len(found)) == wanted
    assert codes.dropped == 0


def test_rows_of_combinations_beyond_the_limit_belong_to_no_slice_and_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slicing, "MOST", 2)
    codes = SliceCodes()
    found = codes.encode({"version": cut(["a", None, "b", "c", "a", "c"])}, 6)
    assert found.tolist() == [0, -1, 1, -1, 0, -1]
    assert codes.dropped == 2
