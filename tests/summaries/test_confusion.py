from __future__ import annotations

from stream_monitor.summaries.confusion import ConfusionSummary


def test_rows_are_labels_columns_are_predictions_and_the_last_is_other() -> None:
    labels = ["no", "no", "yes", "maybe", "maybe", None, "yes"]
    predictions = ["no", "yes", "no", "maybe", "yes", "yes", None]
    summary = ConfusionSummary.of(labels, predictions, ("no", "yes"))
    assert summary.counts.tolist() == [[1, 1, 0], [1, 0, 0], [0, 1, 1]]
    assert (summary.labelled, summary.correct) == (5, 2)


def test_without_classes_only_exact_matches_are_told_apart() -> None:
    summary = ConfusionSummary.of(["a", "b", "c"], ["a", "b", "x"], ())
    assert summary.counts.tolist() == [[3]]
    assert (summary.labelled, summary.correct) == (3, 2)


def test_two_different_unknown_texts_are_not_correct() -> None:
    summary = ConfusionSummary.of(["u", "v"], ["v", "v"], ("no",))
    assert summary.counts.tolist() == [[0, 0], [0, 2]]
    assert summary.correct == 1
