"""The buckets of errors, by number."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.events.columns import NumericValues
from stream_monitor.summaries.residuals import ResidualSummary, numbered

ERRORS = st.lists(
    st.one_of(
        st.floats(allow_nan=False),
        st.sampled_from([0.0, -0.0, 1e-9, -1e-9, 1e12, -1e12, 5e-324]),
    ),
    max_size=50,
)


@given(errors=ERRORS)
def test_the_numbers_of_single_errors_are_those_of_their_summary(errors: list[float]) -> None:
    values = np.array(errors, dtype=np.float64)
    summary = ResidualSummary.of_numbers(
        NumericValues(np.zeros(values.size), None), NumericValues(values, None)
    )
    numbers, counts = summary.buckets()
    assert dict(zip(numbers.tolist(), counts.tolist(), strict=True)) == Counter(
        numbered(values).tolist()
    )
    assert (np.diff(numbers) > 0).all()


@given(errors=ERRORS)
def test_a_larger_error_has_no_smaller_number_and_the_sign_is_kept(errors: list[float]) -> None:
    values = np.sort(np.array(errors, dtype=np.float64))
    numbers = numbered(values)
    assert (np.diff(numbers) >= 0).all()
    assert (np.sign(numbers) == np.sign(values)).all()
