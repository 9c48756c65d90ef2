"""The kinds of values that settings share, and what every section of settings is like."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field

from stream_monitor.config import duration

Text = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=1, le=2**31 - 1)]
Share = Annotated[float, Field(ge=0, le=1)]
Duration = Annotated[int, BeforeValidator(duration.parse), Field(ge=1)]
Wait = Annotated[int, BeforeValidator(duration.parse), Field(ge=0)]
Level = Annotated[float, Field(gt=0, lt=1)]


def key_of(field: str) -> str:
    """The YAML key of a field: its name without ``_ms``."""
    return field.removesuffix("_ms")


def distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    """The values as they came; ValueError where one is listed twice."""
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise ValueError(f"{', '.join(twice)} is listed twice; list each name once")
    return values


#: Frozen, strict, and without unknown keys.
SECTION = ConfigDict(
    frozen=True,
    extra="forbid",
    strict=True,
    allow_inf_nan=False,
    alias_generator=key_of,
    validate_by_name=True,
    validate_by_alias=True,
)
