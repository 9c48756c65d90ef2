"""The rule of one alert as a table: so many windows in alarm open it, so many quiet close it.

What it guarantees: an alert opens only after ``consecutive`` judged windows in alarm with no
quiet one between them, and closes only after ``recover`` quiet ones with no alarm between
them. Windows without an answer (``THIN``, ``INFO``) and windows that never came change
nothing; neither does a window that is not later than the last one seen, so a replay is
harmless. The outcome depends on the order of the windows alone, never on a clock.

What it does not guarantee: windows slide, so neighbours share panes. Two of 12 panes share 11
of them and their false alarms nearly coincide: ``consecutive = 2`` does not square the chance
of a false alert. That chance stays bounded by the window's own (``drift.alpha`` and the like),
and the rule only removes the windows that touch the threshold once. For the same reason a
single bad pane large enough to move its window can hold an alert open until it has slid out,
``window / slide`` windows later. Windows more than a window apart are independent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from stream_monitor.detectors.verdict import State


class Phase(StrEnum):
    """Where an alert is in its life."""

    OK = "ok"
    PENDING = "pending"
    FIRING = "firing"
    RECOVERING = "recovering"


class Transition(StrEnum):
    """What the rest of the world hears of."""

    OPENED = "opened"
    RESOLVED = "resolved"


class Severity(StrEnum):
    """How soon somebody should look: ``critical`` now, ``warning`` in working hours."""

    WARNING = "warning"
    CRITICAL = "critical"


class Window(NamedTuple):
    """The window ``[start_ms, end_ms)`` of event time."""

    start_ms: int
    end_ms: int


class Limits(NamedTuple):
    """``consecutive`` windows in alarm open an alert, ``recover`` quiet ones close it; both ≥ 1."""

    consecutive: int
    recover: int


class Move(NamedTuple):
    """One entry of the table: count ``limit`` such windows in ``waiting``, then be ``done``."""

    limit: str
    waiting: Phase
    done: Phase
    says: Transition | None = None


_OPEN = Move("consecutive", Phase.PENDING, Phase.FIRING, Transition.OPENED)
_CLOSE = Move("recover", Phase.RECOVERING, Phase.OK, Transition.RESOLVED)
_REST = Move("at once", Phase.OK, Phase.OK)
_BURN = Move("at once", Phase.FIRING, Phase.FIRING)

TABLE = {
    (Phase.OK, State.OK): _REST,
    (Phase.OK, State.ALARM): _OPEN,
    (Phase.PENDING, State.OK): _REST,
    (Phase.PENDING, State.ALARM): _OPEN,
    (Phase.FIRING, State.OK): _CLOSE,
    (Phase.FIRING, State.ALARM): _BURN,
    (Phase.RECOVERING, State.OK): _CLOSE,
    (Phase.RECOVERING, State.ALARM): _BURN,
}


@dataclass(frozen=True, slots=True)
class AlertState:
    """One alert's state: its phase and how many windows have counted toward the next one.

    ``first`` is the first window in alarm of the present run and ``reference_hash`` what it
    was judged against; ``severity`` and ``opened_at_ms`` are set while an alert is open.
    """

    phase: Phase = Phase.OK
    count: int = 0
    last_end_ms: int | None = None
    first: Window | None = None
    reference_hash: str = ""
    opened_at_ms: int | None = None
    severity: Severity | None = None

    @property
    def is_open(self) -> bool:
        """Whether an alert was opened and not yet resolved."""
        return self.phase in (Phase.FIRING, Phase.RECOVERING)

    def to_dict(self) -> dict[str, object]:
        """The state as JSON's own types; :meth:`from_dict` gives an equal state back."""
        return {
            "phase": self.phase.value,
            "count": self.count,
            "last_end_ms": self.last_end_ms,
            "first": None if self.first is None else list(self.first),
            "reference_hash": self.reference_hash,
            "opened_at_ms": self.opened_at_ms,
            "severity": None if self.severity is None else self.severity.value,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> AlertState:
        """The state that :meth:`to_dict` wrote; a ``ValueError`` for anything else."""
        first = data.get("first")
        severity = data.get("severity")
        return cls(
            phase=Phase(str(data.get("phase"))),
            count=_integer(data.get("count")) or 0,
            last_end_ms=_integer(data.get("last_end_ms")),
            first=None if first is None else _window(first),
            reference_hash=str(data.get("reference_hash", "")),
            opened_at_ms=_integer(data.get("opened_at_ms")),
            severity=None if severity is None else Severity(str(severity)),
        )


#: What every alert starts as.
QUIET = AlertState()


def step(
    state: AlertState, signal: State, window: Window, limits: Limits
) -> tuple[AlertState, Transition | None]:
    """The state after one window's verdict, and what to tell the world, if anything."""
    move = TABLE.get((state.phase, signal))
    if move is None or (state.last_end_ms is not None and window.end_ms <= state.last_end_ms):
        return state, None
    needed = {"at once": 1, "consecutive": limits.consecutive, "recover": limits.recover}
    count = state.count + 1
    if count < needed[move.limit]:
        begins = window if state.first is None else state.first
        return replace(
            state, phase=move.waiting, count=count, last_end_ms=window.end_ms, first=begins
        ), None
    if move.done is Phase.OK:
        return AlertState(last_end_ms=window.end_ms), move.says
    return replace(
        state,
        phase=Phase.FIRING,
        count=0,
        last_end_ms=window.end_ms,
        first=window if state.first is None else state.first,
        opened_at_ms=window.end_ms if state.opened_at_ms is None else state.opened_at_ms,
    ), move.says


def _integer(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"an integer was expected in an alert's state, not {value!r}")
    return value


def _window(value: object) -> Window:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError(f"a window was expected in an alert's state, not {value!r}")
    start, end = _integer(value[0]), _integer(value[1])
    if start is None or end is None:
        raise ValueError(f"a window was expected in an alert's state, not {value!r}")
    return Window(start, end)
