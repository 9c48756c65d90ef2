"""What a stream is made of before anything breaks it: a generator, or the rows of a file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from stream_monitor.config.duration import DAY, SECOND
from stream_monitor.config.kinds import SECTION, Count, Duration, Share, Text, Wait
from stream_monitor.config.monitors import Names
from stream_monitor.reference.dependence import Dependence
from stream_monitor.scenarios.spec.features import Feature
from stream_monitor.scenarios.spec.kinds import Amount, Hour, Positive, Shares

#: What a scenario may hold, so that a typing mistake fills no memory.
MAX_EVENTS = 2_000_000

Weights = dict[Text, Amount]

#: What a generated model answers: one of two classes, or a number.
GeneratedTask = Literal["binary", "regression"]


class Correlation(BaseModel):
    """The correlation of two features' normal scores."""

    model_config = SECTION

    between: Annotated[tuple[Text, Text], Field(strict=False)]
    rho: Annotated[float, Field(gt=-1, lt=1)]


class Traffic(BaseModel):
    """Events an hour on average, and how far the daily cycle goes up and down from there."""

    model_config = SECTION

    rate: Annotated[float, Field(gt=0, le=1e7)] = 2_400.0
    swing: Share = 0.0
    peak_hour: Hour = 14.0


class Truth(BaseModel):
    """What nobody sees: intercept and weights over standard scores.

    Of a binary model they are the log odds of the positive class, of a regression the target itself
    but for normal ``noise``, its standard deviation.
    """

    model_config = SECTION

    intercept: Amount = 0.0
    weights: Weights = Field(default_factory=dict)
    noise: Annotated[float, Field(ge=0, le=10**9)] = 0.0


class Served(BaseModel):
    """The model that is served, of the same form; a binary one predicts the positive class from
    the score ``threshold`` on."""

    model_config = SECTION

    intercept: Amount = 0.0
    weights: Weights = Field(default_factory=dict)
    threshold: Annotated[float, Field(gt=0, lt=1)] = 0.5
    version: Text = "v1"


class Latency(BaseModel):
    """Lognormal latencies."""

    model_config = SECTION

    median_ms: Duration = 12
    sigma: Positive = 0.4


class Labels(BaseModel):
    """When the truth comes: with its event, or ``delay`` (the median) later and not always."""

    model_config = SECTION

    delay_ms: Wait | None = None
    never: Share = 0.0


class Generated(BaseModel):
    """A stream out of a seed."""

    model_config = SECTION

    task: GeneratedTask = "binary"
    features: Annotated[dict[Text, Feature], Field(min_length=1, max_length=200)]
    segments: Annotated[dict[Text, Shares], Field(max_length=20)] = Field(default_factory=dict)
    correlations: Annotated[tuple[Correlation, ...], Field(strict=False)] = ()
    traffic: Traffic = Traffic()
    classes: Annotated[tuple[Text, Text], Field(strict=False)] = ("no", "yes")
    decimals: Annotated[int, Field(ge=0, le=12)] = 4  # of a regression's target
    truth: Truth = Truth()
    served: Served = Served()
    latency: Latency = Latency()
    labels: Labels = Labels()


class FromFile(BaseModel):
    """The rows of a data file, one an ``interval``; a second file is what they are judged by."""

    model_config = SECTION

    file: Text
    reference: Text
    prediction: Text | None = None
    score: Text | None = None
    label: Text | None = None
    positive: Text | None = None
    segments: Names = ()
    ignore: Names = ()
    interval_ms: Duration = SECOND
    labels: Labels = Labels()


class ReferenceSpec(BaseModel):
    """The rows that the reference is frozen from: drawn like the stream, the days before it."""

    model_config = SECTION

    rows: Annotated[int, Field(ge=100, le=1_000_000)] = 5_000
    over_ms: Duration = DAY
    sample_size: Count = 5_000
    dependence: Dependence = Field(default=Dependence.NONE, strict=False)
