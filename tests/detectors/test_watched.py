"""What the evidence watches, and how it counts."""

from typing import Literal

import pytest

from stream_monitor.config.monitors import DriftSettings, QualitySettings
from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.verdict import Family
from stream_monitor.detectors.watched import counts_of, watched_of
from stream_monitor.reference.model import Kind, Reference
from stream_monitor.summaries.model import ModelSummary
from tests.detectors.worlds import categorical, normal, numeric, reference, window

AGAINST = reference(
    numeric("income", normal(1, 500), missing=20),
    categorical("region", {"north": 300, "south": 219, "east": 1}),
    categorical("owner", {"false": 400, "true": 120}, kind=Kind.BOOLEAN),
)


def settings(
    decide: Literal["evidence", "ks"] = "evidence",
    quality: Literal["evidence", "test"] = "evidence",
    ignore: tuple[str, ...] = (),
) -> ModelSettings:
    return ModelSettings(
        drift=DriftSettings(decide_numeric=decide, decide_categorical="evidence"),
        quality=QualitySettings(decide=quality),
        ignore=ignore,
    )


def names(of: ModelSettings, against: Reference | None = AGAINST) -> list[str]:
    return [one.name for one in watched_of(against, of)]


def test_every_column_is_watched_for_drift_and_for_what_may_be_wrong_with_it() -> None:
    assert names(settings()) == [
        "feature:income",
        "feature:region",
        "feature:owner",
        "missing:feature:income",
        "wrong_type:feature:income",
        "out_of_range:feature:income",
        "missing:feature:region",
        "wrong_type:feature:region",
        "unseen:feature:region",
        "missing:feature:owner",
        "wrong_type:feature:owner",
    ]


def test_what_another_monitor_decides_is_not_watched() -> None:
    assert names(settings(decide="ks", quality="test")) == ["feature:region", "feature:owner"]


def test_ignored_features_are_not_watched() -> None:
    assert names(settings(quality="test", ignore=("region", "owner"))) == ["feature:income"]


def test_without_a_reference_nothing_is_watched() -> None:
    assert names(settings(), None) == []


def test_what_is_not_asked_leaves_its_weight_to_the_rest() -> None:
    watched = watched_of(AGAINST, settings(quality="test"))
    assert sum(one.weight for one in watched) == pytest.approx(1.0)


def test_the_weights_add_up_for_each_kind_of_question() -> None:
    watched = watched_of(AGAINST, settings())
    for family, weight in ((Family.DRIFT, 2 / 3), (Family.QUALITY, 1 / 3)):
        total = sum(one.weight for one in watched if one.family is family)
        assert total == pytest.approx(weight)


def test_a_pane_is_counted_for_each_question_that_has_rows() -> None:
    rows: list[object] = [None] * 3 + normal(2, 5).tolist() + ["?", 1e9]
    summary = window(AGAINST, 10, income=rows, region=["north"] * 8 + ["west"] * 2)
    counts = counts_of(watched_of(AGAINST, settings()), summary.columns, 0)
    assert counts["missing:feature:income"].tolist() == [7, 3]
    assert counts["wrong_type:feature:income"].tolist() == [9, 1]
    assert counts["out_of_range:feature:income"].tolist() == [5, 1]
    assert counts["unseen:feature:region"].tolist() == [8, 2]
    assert counts["feature:income"].sum() == 6
    assert counts["feature:region"].sum() == 10
    assert "feature:owner" not in counts  # all of it is missing
    assert counts["missing:feature:owner"].tolist() == [0, 10]


def test_a_pane_without_rows_has_no_counts() -> None:
    assert counts_of(watched_of(AGAINST, settings()), ModelSummary.empty(AGAINST).columns, 0) == {}


def test_a_category_that_only_one_row_had_is_expected_to_come_anew() -> None:
    (unseen,) = [one for one in watched_of(AGAINST, settings()) if one.rate == "unseen"]
    assert unseen.usual == (1, 520)
