"""A reference in words and figures."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from stream_monitor.reference.build import build
from stream_monitor.reference.data import assign_roles
from stream_monitor.reference.explain import detectable_distance, explain


def rows_of(columns: dict[str, Any], **options: Any) -> dict[str, dict[str, object]]:
    table = pa.table(columns)
    made = build("m", table, assign_roles(table), created_ms=0, source="s", **options)
    rows = explain(made)
    json.dumps(rows)
    return {str(row["column"]): row for row in rows}


def test_each_column_has_a_row_with_its_range_or_its_top_categories() -> None:
    rows = rows_of(
        {
            "x": [0.5, 1.25, None, 4.0],
            "c": ["u", "u", "v", None],
            "score": [0.1, 0.2, 0.3, 0.4],
        }
    )
    assert list(rows) == ["x", "c", "score"]
    assert rows["x"] | {"detectable": 0} == {
        "column": "x",
        "role": "feature",
        "kind": "numeric",
        "rows": 4,
        "missing": 0.25,
        "distinct": 3,
        "values": "0.5 … 4",
        "detectable": 0,
        "note": "",
    }
    assert rows["c"]["values"] == "u 66.7%, v 33.3%"
    assert rows["c"]["detectable"] is None
    assert rows["score"]["role"] == "score"


@pytest.mark.parametrize(
    ("column", "note"),
    [
        ([2.5] * 60, "constant"),
        (["a"] * 60, "constant"),
        ([None] * 40 + [0.5 + i for i in range(20)], "mostly missing"),
        ([f"user-{i}" for i in range(60)], "identifier"),
        (["a"] * 50 + list("bcdefghijk"), "10 rows have a rarer category"),
        ([0.5 + i for i in range(60)], ""),
        (["a", "b"] * 30, ""),
    ],
)
def test_a_note_says_what_a_person_should_look_at(column: list[object], note: str) -> None:
    few = {"max_categories": 1} if note.startswith("10 rows") else {}
    found = str(rows_of({"x": column}, **few)["x"]["note"])
    assert (note in found) if note else not found


def test_the_detectable_distance_is_where_the_asymptotic_p_value_is_the_level() -> None:
    distance = detectable_distance(5000, 1000, 0.001)
    assert distance == pytest.approx(0.0675, abs=1e-4)
    effective = 5000 * 1000 / 6000
    assert stats.kstwobign.sf(distance * np.sqrt(effective)) == pytest.approx(0.001)
    assert detectable_distance(2) == 1.0
