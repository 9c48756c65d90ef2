"""The level of a window by each correction, against the verdicts' own p-values."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from stream_monitor.config.monitors import DriftSettings
from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.correction import Decider, applied_level
from stream_monitor.detectors.drift import judge_drift
from stream_monitor.detectors.findings import Finding
from stream_monitor.detectors.verdict import State, Verdict
from stream_monitor.statistics import ks
from tests.detectors.worlds import HASH, categorical, normal, numeric, reference, window

ROWS, REFERENCE_ROWS = 400, 2000
# How far the mean of each column has moved, in standard deviations: from clear to not at all.
SHIFTS = (0.6, 0.24, 0.22, 0.2, 0.0, 0.0)


CLASSIC = {"alpha": 0.05, "decide_numeric": "ks", "decide_categorical": "chi_square"}


def settings(**drift: object) -> ModelSettings:
    return ModelSettings(drift=DriftSettings.model_validate(CLASSIC | drift))


def deciding(of: ModelSettings) -> tuple[Verdict, ...]:
    """The deciding verdicts of six numeric columns and one of categories that has not moved."""
    names = [f"x{i}" for i in range(len(SHIFTS))]
    columns = [numeric(name, normal(10 + i, REFERENCE_ROWS)) for i, name in enumerate(names)]
    against = reference(*columns, categorical("mix", {"a": 500, "b": 500}))
    values = {
        name: normal(50 + i, ROWS, shift)
        for i, (name, shift) in enumerate(zip(names, SHIFTS, strict=True))
    }
    summary = window(against, ROWS, **values, mix=["a", "b"] * (ROWS // 2))
    found = judge_drift(summary, against.columns, HASH, of)
    return tuple(verdict for verdict in found if verdict.decides)


def alarms(verdicts: Iterable[Verdict]) -> set[str]:
    return {verdict.column for verdict in verdicts if verdict.state is State.ALARM}


def test_a_more_lenient_correction_has_all_alarms_of_a_stricter_one() -> None:
    order = ("bonferroni", "holm", "benjamini_hochberg", "none")
    found = [alarms(deciding(settings(correction=name))) for name in order]
    assert found[0] <= found[1] <= found[2] <= found[3]
    assert found[0] < found[2]  # this world tells them apart
    assert "feature:mix" not in found[2]


@pytest.mark.parametrize("correction", ["holm", "benjamini_hochberg"])
def test_each_threshold_is_the_one_that_was_applied(correction: str) -> None:
    verdicts = [v for v in deciding(settings(correction=correction)) if v.monitor == "ks"]
    rejected = len(alarms(verdicts))
    k = len(SHIFTS) + 1
    level = 0.05 / (k - rejected) if correction == "holm" else 0.05 * rejected / k
    for verdict in verdicts:
        assert verdict.statistic is not None
        assert verdict.threshold == ks.ks_threshold(level, ROWS, REFERENCE_ROWS)
        assert (verdict.statistic > verdict.threshold) == (verdict.state is State.ALARM)


@pytest.mark.parametrize("correction", ["holm", "benjamini_hochberg"])
def test_changes_too_small_to_matter_do_not_lower_the_bar_for_others(correction: str) -> None:
    strict = deciding(settings(correction=correction, min_effect=0.99))
    assert not alarms(strict)
    k = len(SHIFTS) + 1
    thresholds = {v.threshold for v in strict if v.monitor == "ks"}
    assert thresholds == {ks.ks_threshold(0.05 / k, ROWS, REFERENCE_ROWS)}


def test_columns_without_enough_values_take_no_share_of_the_level() -> None:
    against = reference(numeric("x", normal(1, 500)), numeric("y", normal(2, 500)))
    summary = window(against, 200, x=normal(3, 200), y=[1.0] + [None] * 199)
    found = judge_drift(summary, against.columns, HASH, settings(correction="holm"))
    x, y = [verdict for verdict in found if verdict.decides]
    assert y.state is State.THIN
    assert x.threshold == ks.ks_threshold(0.05, 200, 500)


def test_columns_decided_by_evidence_take_no_share_of_the_level() -> None:
    verdicts = deciding(settings(correction="holm", decide_numeric="evidence"))
    assert [verdict.column for verdict in verdicts] == ["feature:mix"]
    alone = deciding(settings(correction="none", decide_numeric="evidence"))
    assert verdicts[0].threshold == alone[0].threshold


@pytest.mark.parametrize("correction", ["bonferroni", "none"])
def test_p_values_are_not_asked_for_where_they_do_not_matter(correction: str) -> None:
    def refuse(alpha: float) -> Iterable[Decider]:
        raise AssertionError(alpha)

    level = applied_level(settings(correction=correction).drift, 10, refuse)
    assert level == (0.05 if correction == "none" else 0.005)


@pytest.mark.parametrize("correction", ["holm", "benjamini_hochberg"])
def test_every_monitor_can_decide_with_a_p_value_that_its_threshold_is_the_inverse_of(
    correction: str,
) -> None:
    for numeric_ in ("ks", "psi", "wasserstein", "jensen_shannon"):
        for categorical_ in ("chi_square", "jensen_shannon", "l_infinity"):
            of = settings(
                correction=correction, decide_numeric=numeric_, decide_categorical=categorical_
            )
            verdicts = deciding(of)
            columns = len(SHIFTS) + 1
            assert len(verdicts) == columns
            # Each rejected at the level that counts so many rejections, no more and no fewer.
            found = len(alarms(verdicts))
            strictest = deciding(settings(**of.drift.model_dump() | {"correction": "bonferroni"}))
            assert alarms(strictest) <= alarms(verdicts)
            assert found >= 1


def test_an_effect_that_is_not_known_leaves_the_p_value_to_count() -> None:
    found = Finding(statistic=1.0, threshold=np.inf, p_value=0.001, effect=None)
    of = settings(correction="holm").drift
    decider = Decider("wasserstein", found, 100, 100)
    assert applied_level(of, 2, lambda alpha: [decider, decider]) == 0.05
