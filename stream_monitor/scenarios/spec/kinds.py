"""The kinds of values that a scenario's sections share."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

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
