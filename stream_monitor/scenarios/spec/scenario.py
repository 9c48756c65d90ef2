"""A whole scenario as its file has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Discriminator, Field, Tag

from stream_monitor.config import duration
from stream_monitor.config.duration import DAY, HOUR
from stream_monitor.config.kinds import SECTION, Text
from stream_monitor.config.settings import ModelSettings
from stream_monitor.scenarios.spec.base import FromFile, Generated, ReferenceSpec
from stream_monitor.scenarios.spec.expectations import Expectations
from stream_monitor.scenarios.spec.injections import AnyInjection, Injection
from stream_monitor.scenarios.spec.kinds import Time

#: 2024-01-01T00:00:00Z, a Monday.
START_MS = 1_704_067_200_000

Length = Annotated[int, BeforeValidator(duration.parse), Field(ge=1, le=366 * DAY)]


def _base(value: object) -> str:
    is_file = "file" in value if isinstance(value, Mapping) else isinstance(value, FromFile)
    return "<file>" if is_file else "<generated>"


Base = Annotated[
    Annotated[Generated, Tag("<generated>")] | Annotated[FromFile, Tag("<file>")],
    Discriminator(_base),
]


class Scenario(BaseModel):
    """A story, a base, what happens to it and when, and what must be found of it.

    Every time but ``start`` counts from the first moment of the stream.
    """

    model_config = SECTION

    story: Text
    model: Text = "credit"
    start_ms: Time = START_MS  # of a check; a run is moved to the past of its day
    duration_ms: Length = 6 * HOUR
    base: Base
    reference: ReferenceSpec = ReferenceSpec()
    settings: ModelSettings = ModelSettings()
    timeline: Annotated[dict[Text, AnyInjection], Field(max_length=100)] = Field(
        default_factory=dict
    )
    expect: Expectations = Expectations()

    def injections(self, stage: str) -> dict[str, Injection]:
        """Those of a stage by their names, in the order of the file."""
        return {name: one for name, one in self.timeline.items() if one.stage == stage}

    @property
    def begins_ms(self) -> int:
        """When the first injection begins; 0 where there is none."""
        return min((one.at_ms for one in self.timeline.values()), default=0)
