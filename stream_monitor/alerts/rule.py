"""The life of an alert as a table: what a window in alarm and a quiet one do in each phase.

What it guarantees: an alert starts only after ``consecutive`` judged windows in alarm with no
quiet one between them, and recovers only after ``recover`` quiet ones with no alarm between
them. An alarm whose run begins within ``cooldown_ms`` of event time after the recovery continues
the same alert, so what flaps is one alert. Windows without a signal (too few events, or an effect
between too small and large enough) and windows that never came change nothing; neither does a
window that is not later than the last one seen, so a replay is harmless. The outcome depends on
the order of the windows alone, never on a clock.

What it does not guarantee: windows slide, so neighbours share panes. Two of 12 panes share 11
of them and their false alarms nearly coincide: ``consecutive = 2`` does not square the chance
of a false alert. That chance stays bounded by the window's own (``drift.alpha`` and the like),
and the rule only removes the windows that touch the threshold once. For the same reason a
single bad pane large enough to move its window can hold an alert open until it has slid out,
``window / slide`` windows later. Windows more than a window apart are independent. Monitors that
hold a budget of false alarms over all windows need no second one: their ``consecutive`` is 1.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Phase(StrEnum):
    """Where an alert is in its life."""

    QUIET = "quiet"
    PENDING = "pending"
    ONGOING = "ongoing"
    RECOVERING = "recovering"
    COOLING = "cooling"


class Signal(StrEnum):
    """What a window says to an alert, if anything."""

    ALARM = "alarm"
    QUIET = "quiet"


class Status(StrEnum):
    """What the rest of the world hears of an alert."""

    STARTED = "started"
    ONGOING = "ongoing"  # other columns have joined
    ESCALATED = "escalated"  # what was a warning is critical now
    RECOVERED = "recovered"
    WITHDRAWN = "withdrawn"  # labels that came late have shown that there was nothing


#: The statuses of an alert that is open.
OPEN = frozenset((Status.STARTED, Status.ONGOING, Status.ESCALATED))


class Severity(StrEnum):
    """How soon somebody should look: ``critical`` now, ``warning`` in working hours."""

    WARNING = "warning"
    CRITICAL = "critical"


class Window(NamedTuple):
    """The window ``[start_ms, end_ms)`` of event time; its newest pane starts at ``pane_ms``."""

    start_ms: int
    end_ms: int
    pane_ms: int


class Limits(NamedTuple):
    """``consecutive`` windows in alarm start an alert, ``recover`` quiet ones end it; both ≥ 1.

    What comes again within ``cooldown_ms`` ≥ 0 after its end is the same alert.
    """

    consecutive: int
    recover: int
    cooldown_ms: int


class Move(NamedTuple):
    """One entry of the table: count ``limit`` such windows in ``waiting``, then be ``done``.

    An ``ongoing`` is said only where it is news, and as ``escalated`` where it has become worse.
    """

    limit: str
    waiting: Phase
    done: Phase
    says: Status | None = None


_REST = Move("at once", Phase.QUIET, Phase.QUIET)
_START = Move("consecutive", Phase.PENDING, Phase.ONGOING, Status.STARTED)
_GO_ON = Move("at once", Phase.ONGOING, Phase.ONGOING, Status.ONGOING)
_END = Move("recover", Phase.RECOVERING, Phase.COOLING, Status.RECOVERED)
_COOL = Move("at once", Phase.COOLING, Phase.COOLING)
_AGAIN = Move("consecutive", Phase.COOLING, Phase.ONGOING, Status.STARTED)

#: An alert in ``cooling`` whose cooldown is over is in ``quiet`` before the window is looked at.
TABLE = {
    (Phase.QUIET, Signal.ALARM): _START,
    (Phase.QUIET, Signal.QUIET): _REST,
    (Phase.PENDING, Signal.ALARM): _START,
    (Phase.PENDING, Signal.QUIET): _REST,
    (Phase.ONGOING, Signal.ALARM): _GO_ON,
    (Phase.ONGOING, Signal.QUIET): _END,
    (Phase.RECOVERING, Signal.ALARM): _GO_ON,
    (Phase.RECOVERING, Signal.QUIET): _END,
    (Phase.COOLING, Signal.ALARM): _AGAIN,
    (Phase.COOLING, Signal.QUIET): _COOL,
}
