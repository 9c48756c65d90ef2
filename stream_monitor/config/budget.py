"""How many false alarms a model may raise, as people write it: ``1 per 30d``."""

from __future__ import annotations

import re
from typing import Annotated, NamedTuple

from pydantic import BeforeValidator, PlainSerializer

from stream_monitor.config import duration

_TEXT = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s+per\s+(\S.*?)\s*", re.ASCII)
_FORMS = "write how many in how long, such as 1 per 30d or 0.5 per 7d"

FEWEST_PANES = 100
"""However long a pane is: a pane without drift alarms with a chance of one in so many at most."""


class Budget(NamedTuple):
    """``false_alarms`` in ``per_ms`` of event time, on average, while nothing changes."""

    false_alarms: float
    per_ms: int

    def panes(self, slide_ms: int) -> float:
        """How many panes of ``slide_ms`` there are to a false alarm, at least 100.

        >>> parse("1 per 30d").panes(5 * duration.MINUTE)
        8640.0
        """
        return max(self.per_ms / slide_ms / self.false_alarms, float(FEWEST_PANES))

    def __str__(self) -> str:
        return f"{self.false_alarms:.12g} per {duration.render(self.per_ms)}"


def parse(value: object) -> Budget:
    """The budget of a text; ``ValueError`` with one sentence that says what is allowed."""
    if isinstance(value, Budget):
        return value
    match = _TEXT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is no budget of false alarms; {_FORMS}")
    budget = Budget(float(match[1]), duration.parse(match[2]))
    if not 1e-6 <= budget.false_alarms <= 1e6 or budget.per_ms < 1:
        raise ValueError(f"{value!r} is no budget of false alarms: it allows none; {_FORMS}")
    return budget


FalseAlarms = Annotated[Budget, BeforeValidator(parse), PlainSerializer(str)]
