"""What the colour of a figure says: that it is just a figure, or how it is judged."""

from __future__ import annotations

from dataclasses import dataclass

from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models import dashboard

from scripts.dashboards.limits import Limit, limit
from stream_monitor.metrics.caps import Caps

GREEN, ORANGE, RED, BLUE = "green", "orange", "red", "blue"
OF_SEVERITY = {"warning": ORANGE, "critical": RED}


@dataclass(frozen=True, slots=True)
class Step:
    """From this value on a figure has this colour."""

    value: float
    color: str


@dataclass(frozen=True, slots=True)
class Colors:
    """``base`` below the first of the ascending steps, and words in place of some values."""

    base: str = GREEN
    steps: tuple[Step, ...] = ()
    words: tuple[dashboard.ValueMapping, ...] = ()

    def thresholds(self) -> ThresholdsConfig:
        given = [dashboard.Threshold(None, self.base)]
        given += [dashboard.Threshold(step.value, step.color) for step in self.steps]
        return ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps(given)


#: No judgement.
FIGURE = Colors(BLUE)
#: For counts of what should not be there.
ANY_WARNS = Colors(GREEN, (Step(1, ORANGE),))
ANY_IS_BAD = Colors(GREEN, (Step(1, RED),))
#: For shares that should be all.
ALL_IS_WELL = Colors(RED, (Step(1, GREEN),))
#: One column of as many as have series of their own: where a share of columns is not 0 any more.
ONE_COLUMN = Step(1 / Caps().columns, ORANGE)


def of_limits(*given: Limit) -> Colors:
    """Green, and the colours of an alert's limits."""
    ordered = sorted(given, key=lambda limit: limit.value)
    return Colors(GREEN, tuple(Step(each.value, OF_SEVERITY[each.severity]) for each in ordered))


def of_columns_drifted() -> Colors:
    """Of a share of columns: orange from one on, red where so many have one cause."""
    widespread = of_limits(limit("columns_drifted_ratio", "critical"))
    return Colors(GREEN, (ONE_COLUMN, *widespread.steps))


def words(*given: tuple[float, str, str]) -> tuple[dashboard.ValueMapping, ...]:
    """Words in a colour for some values."""
    return (
        dashboard.ValueMap(
            options={
                f"{value:g}": dashboard.ValueMappingResult(text=text, color=color)
                for value, text, color in given
            }
        ),
    )


def colored(text: str, color: str) -> dashboard.ValueMap:
    """A word as it is, in a colour."""
    return dashboard.ValueMap(options={text: dashboard.ValueMappingResult(color=color)})
