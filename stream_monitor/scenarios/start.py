"""When a scenario begins that is sent now: as late as it can without lying in the future."""

from __future__ import annotations

import math

from stream_monitor.config.duration import DAY
from stream_monitor.scenarios.prepare import Prepared
from stream_monitor.scenarios.spec.base import Generated
from stream_monitor.scenarios.spec.features import Boolean, Categorical
from stream_monitor.scenarios.spec.injections import Seasonal
from stream_monitor.scenarios.spec.scenario import Scenario

_WEEK = 7 * DAY


def start_of(scenario: Scenario, prepared: Prepared, speed: float, now_ms: int) -> int:
    """The latest start by which neither events nor labels are in the future when they are sent.

    ``speed`` is event time a wall time, 0 all at once. The start lies whole slides from that of
    ``prepared``; whole days where anything goes by the hour, and whole weeks where the season
    knows weekdays: so panes are cut alike and hours stay what they are.
    """
    last = int(prepared.stream.times.max(initial=prepared.start_ms))
    labels = prepared.stream.labels(scenario.model)
    if labels is not None and len(labels):
        last = max(last, int(labels.timestamps[-1]))
    span = last - prepared.start_ms
    wall = int(span / speed) if speed else 0
    latest = now_ms - max(0, span - wall)
    unit = scenario.settings.slide_ms
    if scenario.settings.season.by in ("weekday", "hour_of_week", "context"):
        unit = math.lcm(unit, _WEEK)
    elif goes_by_the_hour(scenario):
        unit = math.lcm(unit, DAY)
    return prepared.start_ms + (latest - prepared.start_ms) // unit * unit


def goes_by_the_hour(scenario: Scenario) -> bool:
    """Whether anything of the scenario depends on the hour of the day."""
    season, base = scenario.settings.season, scenario.base
    if season.by != "none" or season.period_ms is not None:
        return True
    if any(isinstance(one, Seasonal) for one in scenario.timeline.values()):
        return True
    if not isinstance(base, Generated):
        return False
    numeric = [one for one in base.features.values() if not isinstance(one, Boolean | Categorical)]
    return base.traffic.swing > 0 or any(one.cycle is not None for one in numeric)
