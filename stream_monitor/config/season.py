"""What comes again each day or week, so that it is not taken for a change."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, model_validator

from stream_monitor.config import duration
from stream_monitor.config.duration import DAY
from stream_monitor.config.kinds import SECTION, Text, distinct

By = Literal["none", "hour", "weekday", "hour_of_week", "context"]
Period = Annotated[int, BeforeValidator(duration.parse), Field(ge=1, le=366 * DAY)]

#: The most strata that a calendar of contexts may name.
MAX_CONTEXTS = 50

#: The weekdays as they are written, in their order.
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_DAY = f"(?:{'|'.join(DAYS)})"
_DAYS = f"{_DAY}(?:-{_DAY})?"
_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CONTEXT = re.compile(
    rf"\s*(?P<name>[A-Za-z][\w-]*)\s*=\s*(?:(?P<dates>{_DATE}(?:,{_DATE})*)"
    rf"|(?P<days>{_DAYS}(?:,{_DAYS})*)?\s*(?P<hours>[0-9]{{1,2}}-[0-9]{{1,2}})?)\s*",
    re.ASCII,
)


class Context(NamedTuple):
    """A named stretch of the calendar: dates, or else weekdays and hours, as texts; "" for all."""

    name: str
    dates: str
    days: str
    hours: str


def context(text: str) -> Context:
    """The context of a text such as ``open = mon-fri 8-20``; ``ValueError`` for no such text."""
    match = _CONTEXT.fullmatch(text)
    if match is None or not (match["dates"] or match["days"] or match["hours"]):
        raise ValueError(
            f"{text!r} is no context; write a name and its weekdays, hours, both, or dates: "
            "open = mon-fri 8-20, holiday = 2026-12-25,2026-12-26"
        )
    return Context(match["name"], match["dates"] or "", match["days"] or "", match["hours"] or "")


def _context_text(text: str) -> str:
    found = context(text)
    if found.name == "other":
        raise ValueError(f"{text!r}: other is what no context fits; give it another name")
    if found.hours:
        begin, end = map(int, found.hours.split("-"))
        if begin > 23 or end > 24 or begin == end:
            raise ValueError(f"{text!r}: hours are two different ones, from 0-1 to 23-24, as 8-20")
    for day in found.dates.split(",") if found.dates else ():
        try:
            date.fromisoformat(day)
        except ValueError as error:
            raise ValueError(f"{text!r}: {day} is no date of the calendar ({error})") from None
    return text


Contexts = Annotated[
    tuple[Annotated[Text, AfterValidator(_context_text)], ...],
    Field(strict=False, max_length=MAX_CONTEXTS),
    AfterValidator(distinct),
]


class SeasonSettings(BaseModel):
    """``by``: a reference for each stratum; ``period``: panes of a whole period for the evidence.

    Times are in UTC, moved by ``utc_offset_minutes``. ``contexts`` are names with their times, of
    which the first that fits counts; what fits none is "other".
    """

    model_config = SECTION

    by: By = "none"
    period_ms: Period | None = None
    utc_offset_minutes: Annotated[int, Field(ge=-840, le=840)] = 0
    contexts: Contexts = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.by == "context") != bool(self.contexts):
            raise ValueError("contexts and by: context belong together; give both or neither")
        if self.by != "none" and self.period_ms is not None:
            raise ValueError(
                f"by is {self.by} and period is {duration.render(self.period_ms)}; "
                "either compare like with like, or whole periods: give one of them"
            )
        return self
