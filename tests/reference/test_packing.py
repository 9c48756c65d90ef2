from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.reference.packing import pack_points, unpack_points


@settings(deadline=None, max_examples=100)
@given(st.sets(st.floats(allow_nan=False), max_size=50))
def test_points_survive_packing_bit_for_bit(values: set[float]) -> None:
    points = np.array(sorted(values), dtype=np.float64)
    assert unpack_points(pack_points(points)).tobytes() == points.tobytes()
