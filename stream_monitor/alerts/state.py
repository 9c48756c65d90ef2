"""Where one alert stands, and the step that a window makes it take (the table is in ``rule``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from stream_monitor.alerts.columns import columns_from_list, columns_to_list
from stream_monitor.alerts.rule import TABLE, Limits, Phase, Severity, Signal, Status, Window
from stream_monitor.detectors.verdict import Carrier


@dataclass(frozen=True, slots=True)
class AlertState:
    """One alert's state: its phase and how many windows have counted toward the next one.

    ``first`` is the first window in alarm of the alert and ``reference_hash`` what it was judged
    against. From its start until its cooldown is over it has the rest too: ``started_at_ms``, when
    it ``recovered_at_ms`` (``None`` while it is open), the highest ``severity`` so far,
    ``sequence``, how many events have told of it, and its ``columns``.
    """

    phase: Phase = Phase.QUIET
    count: int = 0
    last_end_ms: int | None = None
    first: Window | None = None
    reference_hash: str = ""
    started_at_ms: int | None = None
    recovered_at_ms: int | None = None
    severity: Severity | None = None
    sequence: int = 0
    columns: tuple[Carrier, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it has started and not recovered."""
        return self.phase in (Phase.ONGOING, Phase.RECOVERING)

    @property
    def has_started(self) -> bool:
        """Whether it has started, and what comes now continues it."""
        return self.is_open or self.phase is Phase.COOLING

    def to_dict(self) -> dict[str, object]:
        """The state as JSON's own types; :meth:`from_dict` gives an equal state back."""
        return {
            "phase": self.phase.value,
            "count": self.count,
            "last_end_ms": self.last_end_ms,
            "first": None if self.first is None else list(self.first),
            "reference_hash": self.reference_hash,
            "started_at_ms": self.started_at_ms,
            "recovered_at_ms": self.recovered_at_ms,
            "severity": None if self.severity is None else self.severity.value,
            "sequence": self.sequence,
            "columns": columns_to_list(self.columns),
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
            started_at_ms=_integer(data.get("started_at_ms")),
            recovered_at_ms=_integer(data.get("recovered_at_ms")),
            severity=None if severity is None else Severity(str(severity)),
            sequence=_integer(data.get("sequence")) or 0,
            columns=columns_from_list(data.get("columns", [])),
        )


#: What every alert starts as.
QUIET = AlertState()


def step(
    state: AlertState, signal: Signal | None, window: Window, limits: Limits
) -> tuple[AlertState, Status | None]:
    """The state after one window's signal, and what there may be to say."""
    if signal is None or (state.last_end_ms is not None and window.end_ms <= state.last_end_ms):
        return state, None
    if _is_cool(state, window, limits):
        state = AlertState(last_end_ms=state.last_end_ms)
    move = TABLE[state.phase, signal]
    needed = {"at once": 1, "consecutive": limits.consecutive, "recover": limits.recover}
    count = state.count + 1
    seen = replace(state, last_end_ms=window.end_ms)
    if count < needed[move.limit]:
        first = window if state.first is None else state.first
        return replace(seen, phase=move.waiting, count=count, first=first), None
    if move.done is Phase.QUIET:
        return AlertState(last_end_ms=window.end_ms), move.says
    if move.done is Phase.COOLING:
        over = window.end_ms if state.is_open else state.recovered_at_ms
        return replace(seen, phase=move.done, count=0, recovered_at_ms=over), move.says
    return replace(
        seen,
        phase=move.done,
        count=0,
        first=window if state.first is None else state.first,
        started_at_ms=window.end_ms if state.started_at_ms is None else state.started_at_ms,
        recovered_at_ms=None,
    ), move.says


def _is_cool(state: AlertState, window: Window, limits: Limits) -> bool:
    """Whether a window is too late to continue an alert, or a run that does so has begun."""
    if state.phase is not Phase.COOLING or state.count or state.recovered_at_ms is None:
        return False
    return window.end_ms > state.recovered_at_ms + limits.cooldown_ms


def _integer(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"an integer was expected in an alert's state, not {value!r}")
    return value


def _window(value: object) -> Window:
    numbers = [_integer(each) for each in value] if isinstance(value, list | tuple) else []
    if len(numbers) != 3 or None in numbers:
        raise ValueError(f"a window was expected in an alert's state, not {value!r}")
    return Window(*(number for number in numbers if number is not None))
