from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from stream_monitor.events.columns import MISSING, NAN, OK, WRONG_TYPE
from stream_monitor.joining.parts import prediction_part
from stream_monitor.reference.model import NO_REFERENCE
from stream_monitor.statistics.hashing import stable_hash64
from tests.joining.worlds import SLICING, L, labels
from tests.summaries.strategies import MULTICLASS, REFERENCE, REGRESSION, batch_of


def test_only_predictions_with_an_id_are_told() -> None:
    rows: list[dict[str, Any]] = [
        {"prediction": "yes", "prediction_ids": id_} for id_ in ("a", None, 7, "", [1], math.nan)
    ]
    part = prediction_part(batch_of(rows), REFERENCE, SLICING)
    assert part is not None
    assert part.offsets.tolist() == [0, 2]
    assert np.array_equal(part.ids, stable_hash64(["a", "7"]))


@pytest.mark.parametrize("ids", [{}, {"prediction_ids": None}, {"prediction_ids": ""}])
def test_a_batch_without_ids_is_not_told(ids: dict[str, Any]) -> None:
    assert prediction_part(batch_of([{"prediction": "yes"} | ids]), REFERENCE, SLICING) is None


def test_a_prediction_says_whether_its_label_is_a_number() -> None:
    batch = batch_of([{"prediction": 1.5, "prediction_ids": "a", "ground_truth": 2}])
    for reference, numeric in ((REGRESSION, True), (REFERENCE, False), (MULTICLASS, False)):
        part = prediction_part(batch, reference, SLICING)
        assert part is not None
        assert (part.numeric, part.reference_hash) == (numeric, reference.hash)
    stranger = prediction_part(batch, None, SLICING)
    assert stranger is not None
    assert (stranger.numeric, stranger.reference_hash) == (False, NO_REFERENCE)


def test_a_label_is_told_as_a_class_and_as_a_number() -> None:
    truths = ("yes", 1, True, math.nan, [1], -0.0)
    part = labels([L(str(i), truth) for i, truth in enumerate(truths)], range(6), None)
    assert part.texts.codes.tolist() == [OK, OK, OK, NAN, WRONG_TYPE, OK]
    assert part.numbers.codes.tolist() == [WRONG_TYPE, OK, WRONG_TYPE, NAN, WRONG_TYPE, OK]
    assert part.numbers.words[[1, 5]].view(np.float64).tolist() == [1.0, 0.0]
    assert part.numbers.words[5] == 0
    assert MISSING not in part.texts.codes
