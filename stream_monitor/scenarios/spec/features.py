"""Features of a generated stream, by the kind of their distribution."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from stream_monitor.config.kinds import SECTION, Share
from stream_monitor.scenarios.spec.kinds import Hour, Positive, Shares, Size


class Cycle(BaseModel):
    """A daily cycle that is usual: ``swing`` standard deviations up at ``peak_hour`` (UTC)."""

    model_config = SECTION

    swing: Size
    peak_hour: Hour = 14.0


class _Numeric(BaseModel):
    model_config = SECTION

    decimals: Annotated[int, Field(ge=0, le=12)] = 4
    cycle: Cycle | None = None


class Normal(_Numeric):
    """Normal values, cut to ``min`` and ``max``."""

    kind: Literal["normal"]
    mean: float
    sd: Positive
    min: float | None = None
    max: float | None = None


class Lognormal(_Numeric):
    """Values whose logarithm is normal with the deviation ``sigma``."""

    kind: Literal["lognormal"]
    median: Positive
    sigma: Annotated[float, Field(gt=0, le=5)]


class Beta(_Numeric):
    """Values between 0 and 1."""

    kind: Literal["beta"]
    a: Positive
    b: Positive


class Gamma(_Numeric):
    """Waiting times and the like; the mean is ``shape`` × ``scale``."""

    kind: Literal["gamma"]
    shape: Positive
    scale: Positive


class Uniform(_Numeric):
    """Values from ``low`` to ``high``, each as likely as any other."""

    kind: Literal["uniform"]
    low: float
    high: float

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"low is {self.low} and high is {self.high}; low has to be below")
        return self


class Poisson(_Numeric):
    """Counts."""

    kind: Literal["poisson"]
    mean: Annotated[float, Field(gt=0, le=1e6)]


class Boolean(BaseModel):
    """True with the chance ``share``."""

    model_config = SECTION

    kind: Literal["boolean"]
    share: Share


class Categorical(BaseModel):
    """One of some categories; ``shares`` are taken as shares of their sum."""

    model_config = SECTION

    kind: Literal["categorical"]
    shares: Shares


Feature = Annotated[
    Normal | Lognormal | Beta | Gamma | Uniform | Poisson | Boolean | Categorical,
    Field(discriminator="kind"),
]
