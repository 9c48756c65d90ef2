"""What is run: sections of contenders on the same streams, and in which size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from benchmarks.detection import contenders, contenders_ours, streams
from benchmarks.detection.contenders import Entry, Tunable
from benchmarks.detection.measure import BLOCK, delays, false_alarms, tuned
from benchmarks.detection.report import Measured

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.detection.streams import Draw, Drift

OURS = "stream-monitor evidence"
REPEATED_LESS = 4  # at most this many times fewer drifting streams for a slow contender
LEAST = 100  # events of a law without drift, in a quick run

Contenders: TypeAlias = "tuple[Entry | Tunable, ...]"


@dataclass(frozen=True)
class Size:
    """Events without drift, by section, and for tuning; and the number of drifting streams."""

    null: Mapping[str, int]
    tuning: int
    repetitions: int


FULL = Size(
    {"numeric": 10_400_000, "errors": 3_000_000, "dependence": 1_000_000, "cycle": 1_000_000},
    3_000_000,
    200,
)
QUICK = Size({"numeric": 40_000, "errors": 20_000, "dependence": 4_000, "cycle": 4_000}, 4_000, 1)


@dataclass(frozen=True)
class Section:
    """Contenders, ours first, on streams without drift by law and on drifts.

    The first law is that of the drifts before they begin, and what is tuned on.
    """

    title: str
    contenders: Contenders
    laws: Mapping[str, Draw]
    drifts: tuple[Drift, ...]
    reference: int = streams.REFERENCE
    before: int = streams.BEFORE


SECTIONS: dict[str, Section] = {
    "numeric": Section(
        "One of ten features drifts",
        (
            Entry(OURS, contenders_ours.NUMERIC, setting="1 false alarm per 1e6"),
            *contenders.NUMERIC_TUNED,
            *contenders.NUMERIC,
        ),
        streams.NULL_LAWS,
        streams.MARGINAL,
    ),
    "errors": Section(
        "The error rate rises from .10",
        (
            Entry(
                OURS, contenders_ours.RISES, setting="1 false alarm per 1e6; rises, as DDM, HDDM_A"
            ),
            Entry(OURS, contenders_ours.ERRORS, setting="1 false alarm per 1e6; rises and falls"),
            *contenders.ERRORS_TUNED,
            *contenders.ERRORS,
        ),
        {"errors": streams.errors(streams.ERROR_RATE)},
        streams.ERRORS,
    ),
    "dependence": Section(
        "Two of ten features become dependent",
        (
            Entry(OURS, contenders_ours.DEPENDENCE, setting="products of all pairs"),
            Entry(OURS, contenders_ours.NUMERIC, REPEATED_LESS, setting="features alone"),
        ),
        {"normal": streams.normal},
        (streams.DEPENDENCE,),
    ),
    "cycle": Section(
        "All features follow the hour of the day",
        (
            Entry(OURS, contenders_ours.HOURLY, 2, setting="a stratum an hour"),
            Entry(OURS, contenders_ours.NUMERIC, 10, False, "no strata"),
        ),
        {"daily cycle": streams.cycle},
        (streams.CYCLE,),
        streams.DAY * streams.CYCLE_DAYS,
        streams.BEFORE // streams.DAY * streams.DAY,  # whole days
    ),
}


def measured(name: str, place: int, size: Size) -> Measured:
    """The contender at ``place`` of the section, tuned if it is to be."""
    section = SECTIONS[name]
    given = section.contenders[place]
    law = next(iter(section.laws.values()))
    if isinstance(given, Tunable):
        value = tuned(given, law, max(size.tuning // given.cost, BLOCK))
        setting = f"tuned: {given.parameter} {value:.3g}"
        entry = Entry(given.name, given.make(value), given.cost, setting=setting)
    else:
        entry = given
    events = max(size.null[name] // entry.cost, LEAST * len(section.laws))
    repetitions = max(size.repetitions // min(entry.cost, REPEATED_LESS), 1)
    return Measured(
        entry.name,
        entry.setting,
        false_alarms(entry.make, section.laws, events, reference=section.reference),
        {
            drift.name: delays(
                entry.make,
                drift,
                repetitions,
                seed=at,
                reference=section.reference,
                before=section.before,
            )
            for at, drift in enumerate(section.drifts if entry.delays else ())
        },
    )
