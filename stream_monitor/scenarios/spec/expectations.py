"""What must be found of a scenario, by when, and what must not."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from stream_monitor.config import duration
from stream_monitor.config.kinds import SECTION, Duration, Text, Wait
from stream_monitor.config.monitors import Names

Family = Literal["drift", "quality", "performance", "latency"]
Said = Literal["started", "escalated", "recovered", "withdrawn"]


def _check_order(after_ms: int | None, by_ms: int) -> None:
    if after_ms is not None and by_ms <= after_ms:
        raise ValueError(
            f"after is {duration.render(after_ms)} and by {duration.render(by_ms)}; "
            "by has to be later"
        )


class Alarm(BaseModel):
    """Alerts of a family, of all or one of its monitors and of all or some of its columns."""

    model_config = SECTION

    family: Family
    monitor: Text | None = None
    columns: Names = ()


class Found(BaseModel):
    """An alert that must come in time; each column of ``columns`` has to be named by then."""

    model_config = SECTION

    family: Family
    monitor: Text | None = None
    columns: Names = ()
    status: Said = "started"
    after_ms: Wait | None = None  # null: the first injection
    by_ms: Duration

    @model_validator(mode="after")
    def _order(self) -> Self:
        _check_order(self.after_ms, self.by_ms)
        return self


class Figure(BaseModel):
    """A figure of the reports that end in (``after``, ``by``]: of one of them, or of ``every`` one.

    ``figure`` is ``rows``, ``labelled``, ``status``, ``late_rows``, ``unknown:NAME``,
    ``version:NAME:METRIC`` (what is decided of it), ``slice:SEGMENT:VALUE:METRIC`` or the name of a
    monitor, then of ``column``.
    """

    model_config = SECTION

    figure: Text
    column: str = ""
    at_least: float | None = None
    at_most: float | None = None
    equals: Text | None = None
    every: bool = False
    first: bool = False  # as it was reported first, before labels that came later
    after_ms: Wait | None = None
    by_ms: Duration

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.at_least is None and self.at_most is None and self.equals is None:
            raise ValueError("nothing is expected of the figure; give at_least, at_most or equals")
        parts = self.figure.count(":")
        if self.figure.startswith("slice:") and parts < 3:
            raise ValueError(
                f"{self.figure} is no figure of a slice; write slice:SEGMENT:VALUE:METRIC"
            )
        _check_order(self.after_ms, self.by_ms)
        return self


class Expectations(BaseModel):
    """``found`` and ``figures`` must be, ``may`` may be, ``never`` must not be.

    With ``nothing_else`` any alarm that is neither ``found`` nor ``may`` is one too many.
    """

    model_config = SECTION

    found: Annotated[tuple[Found, ...], Field(strict=False)] = ()
    figures: Annotated[tuple[Figure, ...], Field(strict=False)] = ()
    may: Annotated[tuple[Alarm, ...], Field(strict=False)] = ()
    never: Annotated[tuple[Alarm, ...], Field(strict=False)] = ()
    nothing_else: bool = True

    @property
    def due(self) -> tuple[Found | Figure, ...]:
        """All that must be, with the time by which."""
        return (*self.found, *self.figures)
