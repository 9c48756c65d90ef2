from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.alerts.rule import Severity
from stream_monitor.alerts.severity import CRITICAL_EFFECT, severity_of, worse
from stream_monitor.detectors.verdict import Family
from tests.alerts.events import DRIFT


@pytest.mark.parametrize(
    ("monitor", "threshold", "effect", "severity"),
    [
        ("recall", 0.9, 0.04, "warning"),
        ("recall", 0.9, 0.05, "critical"),
        ("mae", 200.0, 19.0, "warning"),
        ("mae", 200.0, 20.0, "critical"),
        ("bias", -200.0, 20.0, "critical"),
        ("bias", 0.0, 1e9, "warning"),
        ("log_loss", 0.5, 0.05, "critical"),
    ],
)
def test_a_figure_with_a_unit_is_critical_from_a_tenth_of_its_limit_on(
    monitor: str, threshold: float, effect: float, severity: str
) -> None:
    verdict = replace(
        DRIFT, family=Family.PERFORMANCE, monitor=monitor, threshold=threshold, effect=effect
    )
    assert severity_of(verdict) == severity


@pytest.mark.parametrize(("family", "monitor"), sorted(CRITICAL_EFFECT))
def test_an_effect_at_the_limit_is_critical_and_below_it_a_warning(
    family: Family, monitor: str
) -> None:
    limit = CRITICAL_EFFECT[family, monitor]
    verdict = replace(DRIFT, family=family, monitor=monitor)
    assert severity_of(replace(verdict, effect=limit)) is Severity.CRITICAL
    assert severity_of(replace(verdict, effect=limit * 0.999)) is Severity.WARNING
    assert severity_of(replace(verdict, effect=None)) is Severity.WARNING


@pytest.mark.parametrize("family", list(Family))
def test_every_family_has_a_limit_for_its_other_monitors(family: Family) -> None:
    verdict = replace(DRIFT, family=family, monitor="another")
    assert severity_of(replace(verdict, effect=1e9)) is Severity.CRITICAL
    assert severity_of(replace(verdict, effect=1e-9)) is Severity.WARNING


@given(st.none() | st.sampled_from(Severity), st.sampled_from(Severity))
def test_the_worse_of_two_is_critical_if_either_is(one: Severity | None, other: Severity) -> None:
    either = Severity.CRITICAL in (one, other)
    assert worse(one, other) is (Severity.CRITICAL if either else Severity.WARNING)
