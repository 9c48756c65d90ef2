"""What values the figures of a report may have."""

from __future__ import annotations

import math

import pytest
from pydantic import BaseModel, ValidationError

from stream_monitor.config.limits import MaximumSettings, MinimumSettings
from stream_monitor.reports.figures import bounds_of

LIMITS: list[tuple[type[BaseModel], str]] = [
    (section, name)
    for section in (MinimumSettings, MaximumSettings)
    for name in section.model_fields
]


def allowed(section: type[BaseModel], name: str, value: float) -> bool:
    try:
        section.model_validate({name: value})
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(("section", "name"), LIMITS)
def test_a_figure_may_have_the_values_that_its_limit_may_have(
    section: type[BaseModel], name: str
) -> None:
    for bound, away in zip(bounds_of(name), (-0.1, 0.1), strict=True):
        if math.isfinite(bound):
            assert allowed(section, name, bound)
            assert not allowed(section, name, bound + away)
        else:
            assert allowed(section, name, math.copysign(1e9, bound))


@pytest.mark.parametrize("name", ["p50", "p99.9", "mean", "rows"])
def test_what_is_counted_or_timed_is_not_below_0(name: str) -> None:
    assert bounds_of(name) == (0.0, math.inf)


@pytest.mark.parametrize("name", ["accuracy", "roc_auc", "mae", "r2"])
def test_an_estimate_is_bounded_as_its_figure(name: str) -> None:
    assert bounds_of(f"estimated_{name}") == bounds_of(name)
