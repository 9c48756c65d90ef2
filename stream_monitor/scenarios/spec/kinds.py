"""The kinds of values that a scenario's sections share."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from stream_monitor.config.kinds import Text
from stream_monitor.errors import BadMessageError
from stream_monitor.events.timestamps import to_ms


def _time(value: object) -> int:
    try:
        return to_ms(value, "time")
    except BadMessageError:
        raise ValueError(f"{value!r} is no time; write 2024-01-01T00:00:00Z") from None


#: A point in time, as RFC 3339 or ms; whole ms in Python.
Time = Annotated[int, BeforeValidator(_time)]
Positive = Annotated[float, Field(gt=0)]
Hour = Annotated[float, Field(ge=0, lt=24)]
Size = Annotated[float, Field(ge=-1000, le=1000)]
#: An amount in the unit of a regression's target.
Amount = Annotated[float, Field(ge=-(10**9), le=10**9)]


def _some(shares: dict[str, float]) -> dict[str, float]:
    if sum(shares.values()) <= 0:
        raise ValueError("no category has a share above 0; give at least one such")
    return shares


#: Categories with their shares of the sum, which is above 0.
Shares = Annotated[
    dict[Text, Annotated[float, Field(ge=0)]], Field(min_length=1), AfterValidator(_some)
]
