from __future__ import annotations

import numpy as np
import pytest

from stream_monitor.events.columns import INFINITE, MISSING, NAN, OK, WRONG_TYPE
from stream_monitor.summaries.facts import Facts


def test_each_code_is_counted_under_its_name() -> None:
    codes = np.array([OK, MISSING, NAN, NAN, INFINITE, *[WRONG_TYPE] * 3, OK], dtype=np.uint8)
    facts = Facts.of_codes(codes, 9, out_of_range=2)
    assert facts == Facts(9, missing=1, nan=2, infinite=1, wrong_type=3, out_of_range=2)
    assert facts.usable == 2


def test_no_codes_mean_that_every_row_is_usable() -> None:
    facts = Facts.of_codes(None, 5, unseen=1)
    assert (facts.usable, facts.unseen) == (5, 1)


def test_facts_do_not_go_below_zero() -> None:
    with pytest.raises(ValueError, match="never added"):
        Facts(rows=1) - Facts(rows=2)
