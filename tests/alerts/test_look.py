from __future__ import annotations

from dataclasses import replace

import pytest

from stream_monitor.alerts.rule import Status
from stream_monitor.detectors.verdict import Carrier, Family
from tests.alerts.events import DRIFT, START, event

MODEL = replace(DRIFT, monitor="evidence", column="")


def carriers(*columns: str) -> tuple[Carrier, ...]:
    return tuple(Carrier(column, 0.5, START, 0.3) for column in columns)


@pytest.mark.parametrize(
    ("columns", "begins"),
    [
        (("feature:a",), "the source of a: "),
        (("feature:a", "score"), "the source of a: "),
        (("feature:a", "feature:b"), "what a and b have in common: a job upstream, a join"),
        (
            tuple(f"feature:{name}" for name in "abcdefg"),
            "what these 7 features have in common: a job upstream",
        ),
        (("prediction", "score"), "the model itself: whether another version was deployed"),
        (("score", "dependence:a*b"), "the model itself: "),
        (("dependence:a*b",), "how these columns belong together: two that were swapped"),
    ],
)
def test_where_to_look_for_drift_follows_from_the_columns_that_carry_it(
    columns: tuple[str, ...], begins: str
) -> None:
    assert event(MODEL, columns=carriers(*columns)).look_first.startswith(begins)


def test_the_feature_that_moved_before_all_others_is_named() -> None:
    a, b, c = carriers("feature:a", "feature:b", "feature:c")
    early = b._replace(since_ms=START - 1)
    assert event(MODEL, columns=(a, early, c)).look_first.endswith("; b moved first")
    assert "first" not in event(MODEL, columns=(a, b, c)).look_first
    assert (
        "first" not in event(MODEL, columns=(a, early, c._replace(since_ms=START - 1))).look_first
    )


def test_a_prediction_that_moved_alone_points_to_the_features_first() -> None:
    found = event(replace(DRIFT, column="prediction")).look_first
    assert found.startswith("alerts on features of the same hours")


@pytest.mark.parametrize(
    ("columns", "begins"),
    [
        (("missing:feature:a",), "the last deployment of the producer: whether it still fills a"),
        (("wrong_type:feature:a",), "the last deployment of the producer: whether the schema of a"),
        (("out_of_range:feature:a",), "the units and the scaling of a"),
        (("unseen:feature:a",), "new categories of a"),
        (("missing:feature:a", "unseen:feature:a"), "the last deployment of the producer, and its"),
        (("missing:feature:a", "missing:score"), "the last deployment of the producer, and what"),
    ],
)
def test_where_to_look_for_bad_values_follows_from_their_kind(
    columns: tuple[str, ...], begins: str
) -> None:
    of_model = replace(MODEL, family=Family.QUALITY)
    assert event(of_model, columns=carriers(*columns)).look_first.startswith(begins)


@pytest.mark.parametrize(
    ("family", "monitor", "begins"),
    [
        (Family.QUALITY, "duplicates", "retries of the producer"),
        (Family.QUALITY, "rows", "who calls the model"),
        (Family.QUALITY, "non_finite", "how amount is computed"),
        (Family.PERFORMANCE, "coverage", "the source of the labels"),
        (Family.PERFORMANCE, "accuracy", "which class or range of values got worse"),
        (Family.PERFORMANCE, "version_worse", "what amount does otherwise"),
        (Family.LATENCY, "p99", "the load and the last deployment of the model server"),
    ],
)
def test_every_family_has_a_place_to_look_at(family: Family, monitor: str, begins: str) -> None:
    assert event(replace(DRIFT, family=family, monitor=monitor)).look_first.startswith(begins)


@pytest.mark.parametrize("status", [Status.RECOVERED, Status.WITHDRAWN])
def test_what_is_over_needs_no_look(status: Status) -> None:
    assert event(DRIFT, status, sequence=2).look_first == ""
