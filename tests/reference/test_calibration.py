"""What labels of a reference leave in it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from stream_monitor.reference.build import build
from stream_monitor.reference.calibration import Baseline, score_bins
from stream_monitor.reference.codec import decode, encode
from stream_monitor.reference.data import assign_roles
from stream_monitor.reference.explain import labels_of
from stream_monitor.reference.model import Reference


def made(**columns: object) -> Reference:
    table = pa.table(columns)
    return build("m", table, assign_roles(table), created_ms=0, source="s")


def baseline(of: Reference) -> Baseline:
    assert of.baseline is not None
    return of.baseline


def binary(rows: int = 2000) -> Reference:
    random = np.random.default_rng(1)
    score = random.beta(2, 3, rows)
    label = (random.random(rows) < score**1.5).astype(int)
    return made(prediction=(score > 0.5).astype(int), score=score, label=label)


@pytest.mark.parametrize("grid", [1000, 100])
def test_a_score_is_in_the_bin_that_is_closed_on_the_right(grid: int) -> None:
    edges = np.arange(grid + 1) / grid
    scores = np.concatenate(
        [edges, np.nextafter(edges, 2)[:-1], np.nextafter(edges, -1)[1:], [5e-324, 0.0]]
    )
    expected = edges[1:-1].searchsorted(scores, side="left")
    assert score_bins(scores, grid).tolist() == expected.tolist()


def test_a_reference_with_labels_has_its_confusion_and_error() -> None:
    found = made(
        prediction=["a", "a", "b", "b", None, "c"] * 10,
        label=["a", "b", "b", None, "a", "c"] * 10,
    )
    assert baseline(found).confusion.tolist() == [
        [10, 0, 0, 0],
        [10, 10, 0, 0],
        [0, 0, 10, 0],
        [0, 0, 0, 0],
    ]
    assert found.baseline_error == pytest.approx(0.25)
    assert found.calibration is None
    assert labels_of(found) == {"labelled": 40, "baseline_error": 0.25, "calibrated": 0}


def test_rows_without_a_score_in_zero_to_one_calibrate_nothing() -> None:
    scores = [0.1, 0.9, 1.5, None, float("nan"), 0.2]
    found = made(prediction=["0", "1"] * 3, label=["0", "1", "1", "0", "0", None], score=scores)
    assert found.calibration is not None
    assert found.calibration.rows == 2
    assert baseline(found).labelled == 5


def test_without_labels_there_is_no_baseline_and_the_hash_is_what_it_was() -> None:
    found = made(prediction=["0", "1"] * 30, score=[0.1, 0.7] * 30)
    assert (found.baseline, found.calibration, found.baseline_error) == (None, None, None)
    labelled = made(prediction=["0", "1"] * 30, score=[0.1, 0.7] * 30, label=["0", "1"] * 30)
    assert labelled.hash != found.hash


def test_the_chance_rises_with_the_score_and_is_never_zero_or_one() -> None:
    calibration = binary().calibration
    assert calibration is not None
    rising = calibration.rising
    assert len(rising.block) == calibration.grid
    assert (np.diff(rising.block) >= 0).all()
    assert 0 < rising.share.min() < rising.share.max() < 1
    assert int(rising.rows.sum()) == calibration.rows == 2000
    middles = (np.arange(1000) + 0.5) / 1000
    inside = (middles > 0.1) & (middles < 0.8)
    assert np.abs(rising.share[rising.block] - middles**1.5)[inside].max() < 0.15


def test_the_chances_of_labels_sum_to_one_for_classes_never_predicted_too() -> None:
    found = made(
        prediction=["a", "b", "a", "b"] * 20,
        label=["a", "b", "c", "b"] * 20,
        score=np.linspace(0, 1, 80),
    )
    assert found.calibration is not None
    labels = found.calibration.labels
    assert labels.min() > 0
    np.testing.assert_allclose(labels.sum(axis=2), 1.0)


def test_a_baseline_is_equal_after_encoding_and_changes_the_hash() -> None:
    found = binary()
    back = decode(encode(found))
    assert back.baseline == found.baseline
    assert back.hash == found.hash != binary(1999).hash


def test_a_regression_with_labels_keeps_its_errors_under_the_hash() -> None:
    found = made(
        prediction=[1.5, 2.5, None, 4.5, 1e308, 5.5, 2.5],
        label=[1.0, 3.0, 3.0, 4.0, -1e308, None, 2.25],
    )
    assert found.residuals is not None
    assert found.residuals.points.tolist() == [-0.5, 0.25, 0.5]
    assert found.residuals.counts.tolist() == [1, 1, 2]
    assert found.baseline is None
    back = decode(encode(found))
    assert (back.residuals, back.hash) == (found.residuals, found.hash)
    other = made(
        prediction=[1.5, 2.5, None, 4.5, 1e308, 5.5, 2.5],
        label=[1.0, 3.0, 3.0, 4.0, -1e308, None, 2.0],
    )
    assert other.hash != found.hash


def test_of_many_errors_a_sample_is_kept_and_of_none_nothing() -> None:
    random = np.random.default_rng(2)
    truth = random.normal(size=6000)
    found = made(prediction=truth + random.normal(size=6000), label=truth)
    assert found.residuals is not None
    assert (found.residuals.total, found.residuals.size) == (5000, 5000)
    assert made(prediction=truth).residuals is None
    assert binary().residuals is None
