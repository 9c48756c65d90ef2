"""The answer to one question about one window; it carries all that is needed to check it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """What a verdict says; ``THIN`` is no answer: too few samples to judge."""

    OK = "ok"
    ALARM = "alarm"
    THIN = "thin"
    INFO = "info"  # a figure that nothing is decided by


class Family(StrEnum):
    """What a verdict is about."""

    DRIFT = "drift"
    QUALITY = "quality"
    PERFORMANCE = "performance"
    LATENCY = "latency"


class Carrier(NamedTuple):
    """One of the columns that carry a verdict of the whole model.

    ``share``: of the evidence, in [0, 1]. ``since_ms``: the start of the pane in which its change
    most likely began. ``effect``: its size since then, as that of a verdict. ``effects`` are
    other measures of it by name.
    """

    column: str
    share: float
    since_ms: int
    effect: float | None
    effects: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """One monitor's answer for one column (or the model: ``column`` empty) of one window.

    ``statistic`` is compared with ``threshold`` (alarm above it, or below it where ``below``
    is set). ``lower`` and ``upper`` are its 95 % interval, where it has one; ``least`` and
    ``most`` bound the statistic of these very rows where it is not exact. ``effect`` is the
    size of the change in units that do not depend on the sample size. ``n`` and
    ``reference_n`` are the sample sizes the statistic was computed from.
    """

    family: Family
    monitor: (
        str  # ks, psi, wasserstein, jensen_shannon, chi_square, l_infinity, missing, accuracy, …
    )
    column: str  # a column id, "" for the whole model
    state: State
    statistic: float | None
    threshold: float | None
    p_value: float | None
    n: int
    reference_n: int
    reference_hash: str
    below: bool = False
    lower: float | None = None
    upper: float | None = None
    least: float | None = None
    most: float | None = None
    effect: float | None = None
    decides: bool = False  # whether this verdict may raise an alert
    standard_error: float | None = None  # of the statistic, where it is an estimate
    carriers: tuple[Carrier, ...] = ()  # the columns that an alarm of a whole model is about


def empty_verdict(family: Family, monitor: str, column: str, reference_hash: str) -> Verdict:
    """The verdict on nothing at all: thin, and without figures."""
    return Verdict(
        family=family,
        monitor=monitor,
        column=column,
        state=State.THIN,
        statistic=None,
        threshold=None,
        p_value=None,
        n=0,
        reference_n=0,
        reference_hash=reference_hash,
    )
