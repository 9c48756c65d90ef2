"""The columns that an alert is about: while it lasts they only join, each with new figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stream_monitor.alerts.times import rfc3339
from stream_monitor.detectors.verdict import Carrier, Verdict

#: How many columns an alert lists; whoever carries more is one of the first by effect.
MOST = 1_000


def columns_of(verdict: Verdict, since_ms: int) -> tuple[Carrier, ...]:
    """The columns of a verdict: its carriers, or its own column, changed since ``since_ms``.

    None where the verdict is of the model and names no column.
    """
    if verdict.carriers or not verdict.column:
        return verdict.carriers
    return (Carrier(verdict.column, 1.0, since_ms, verdict.effect),)


def joined(before: Iterable[Carrier], now: Iterable[Carrier]) -> tuple[Carrier, ...]:
    """The columns of both, at most :data:`MOST`, those of ``before`` first in their order.

    A column of both has the figures of ``now`` and the earlier start: what was said of when it
    began is not taken back. Hence the shares are of the window that named a column last.
    """
    found = {carrier.column: carrier for carrier in before}
    for carrier in now:
        known = found.get(carrier.column)
        if known is not None:
            carrier = carrier._replace(since_ms=min(known.since_ms, carrier.since_ms))
        if known is not None or len(found) < MOST:
            found[carrier.column] = carrier
    return tuple(found.values())


def ranked(columns: Iterable[Carrier]) -> list[Carrier]:
    """The largest effect first."""
    return sorted(columns, key=lambda carrier: (-(carrier.effect or 0.0), carrier.column))


def columns_to_list(columns: Iterable[Carrier]) -> list[dict[str, object]]:
    """The columns as JSON's own types; :func:`columns_from_list` gives equal ones back."""
    return [
        {
            "column": carrier.column,
            "share": carrier.share,
            "since_ms": carrier.since_ms,
            "since": rfc3339(carrier.since_ms),
            "effect": carrier.effect,
            "effects": dict(carrier.effects),
        }
        for carrier in columns
    ]


def columns_from_list(data: object) -> tuple[Carrier, ...]:
    """The columns that :func:`columns_to_list` wrote; a ``ValueError`` for anything else."""
    if not isinstance(data, list | tuple):
        raise ValueError(f"a list of columns was expected in an alert, not {data!r}")
    return tuple(_carrier(each) for each in data)


def _carrier(data: object) -> Carrier:
    match data:
        case {
            "column": str(column),
            "share": int() | float() as share,
            "since_ms": int(since_ms),
            "effect": int() | float() | None as effect,
            "effects": Mapping() as effects,
        }:
            others = tuple((str(name), float(value)) for name, value in effects.items())
            return Carrier(column, share, since_ms, effect, others)
    raise ValueError(f"a column was expected in an alert, not {data!r}")
