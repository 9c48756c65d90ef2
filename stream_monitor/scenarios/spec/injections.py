"""What may break a stream, each kind with what it is told; times count from the stream's start."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, Field, model_validator

from stream_monitor.config import duration
from stream_monitor.config.duration import DAY
from stream_monitor.config.kinds import SECTION, Duration, Share, Text, Wait
from stream_monitor.scenarios.spec.base import Weights
from stream_monitor.scenarios.spec.kinds import Amount, Hour, Positive, Shares, Size

#: Segments by their names, each with the one value that is struck.
Where = dict[Text, Text]

#: The places on an event's way where something breaks, in their order.
Stage = Literal["world", "truth", "inputs", "serving", "delivery"]


class Injection(BaseModel):
    """From ``at`` on, up to ``until`` or the end; only ``where`` each segment has its value."""

    model_config = SECTION

    stage: ClassVar[Stage]
    at_ms: Wait = 0
    until_ms: Duration | None = None
    where: Where = Field(default_factory=dict)

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.until_ms is not None and self.until_ms <= self.at_ms:
            raise ValueError(
                f"at is {duration.render(self.at_ms)} and until {duration.render(self.until_ms)}; "
                "until has to be later"
            )
        return self


class Drift(Injection):
    """How a feature moves: by ``shift`` standard deviations, ``scale`` times as wide around its
    mean, all of it times ``factor``; or to other ``shares`` of its categories."""

    stage = "world"
    feature: Text
    shift: Size = 0.0
    scale: Annotated[float, Field(ge=0, le=1000)] = 1.0
    factor: Positive = 1.0
    shares: Shares | None = None

    @model_validator(mode="after")
    def _moves(self) -> Self:
        numeric = (self.shift, self.scale, self.factor) != (0, 1, 1)
        if not numeric and not self.shares:
            raise ValueError("nothing moves; give a shift, a scale, a factor, or shares")
        if numeric and self.shares:
            raise ValueError("shares are for categories, the others for numbers; give one of them")
        return self


class SuddenDrift(Drift):
    """A feature moves at once."""

    inject: Literal["sudden_drift"]


class GradualDrift(Drift):
    """A feature moves bit by bit, all of it after ``over``."""

    inject: Literal["gradual_drift"]
    over_ms: Duration


class Seasonal(Injection):
    """A feature goes up and down with a ``period``, by ``swing`` standard deviations."""

    stage = "world"
    inject: Literal["seasonal"]
    feature: Text
    swing: Size
    period_ms: Duration = DAY
    peak_hour: Hour = 14.0


class CorrelationBreak(Injection):
    """A feature's values are dealt out anew: alone it is as before, and goes with no other."""

    stage = "world"
    inject: Literal["correlation_break"]
    feature: Text


class NewCategory(Injection):
    """A ``share`` of a feature's values is a category that was never there."""

    stage = "world"
    inject: Literal["new_category"]
    feature: Text
    category: Text
    share: Share


class ConceptDrift(Injection):
    """The truth follows other weights, over some time or at once; what is seen stays as it was."""

    stage = "truth"
    inject: Literal["concept_drift"]
    intercept: Amount | None = None
    weights: Weights = Field(default_factory=dict)
    over_ms: Wait = 0

    @model_validator(mode="after")
    def _changes(self) -> Self:
        if self.intercept is None and not self.weights:
            raise ValueError("nothing changes; give an intercept, or weights by feature")
        return self


class DataQuality(Injection):
    """Values are gone (``missing``), far out (``outliers``), texts (``type_break``), each a share,
    or in another unit (times ``unit_change``)."""

    stage = "inputs"
    inject: Literal["data_quality"]
    feature: Text
    missing: Share = 0.0
    outliers: Share = 0.0
    outlier_size: Size = 20.0  # standard deviations from the mean
    type_break: Share = 0.0
    unit_change: Positive = 1.0

    @model_validator(mode="after")
    def _breaks(self) -> Self:
        if not (self.missing or self.outliers or self.type_break or self.unit_change != 1):
            raise ValueError(
                "nothing breaks; give missing, outliers or type_break a share, or unit_change a "
                "factor"
            )
        return self


class FeatureSwap(Injection):
    """Two features get each other's values."""

    stage = "inputs"
    inject: Literal["feature_swap"]
    features: Annotated[tuple[Text, Text], Field(strict=False)]


class SchemaBreak(Injection):
    """A feature comes under another name, or without one (``rename: null``) not at all."""

    stage = "inputs"
    inject: Literal["schema_break"]
    feature: Text
    rename: Text | None = None


class CanaryRegression(Injection):
    """A ``share`` of the traffic goes to another version, which is wrong more often: a share
    ``error`` of its answers is another event's."""

    stage = "serving"
    inject: Literal["canary_regression"]
    version: Text = "canary"
    share: Share
    error: Share


class RegressionBias(Injection):
    """The numbers that a regression answers are higher by ``bias``, in the target's unit, and times
    ``factor``."""

    stage = "serving"
    inject: Literal["regression_bias"]
    bias: Amount = 0.0
    factor: Positive = 1.0

    @model_validator(mode="after")
    def _biases(self) -> Self:
        if not self.bias and self.factor == 1:
            raise ValueError("nothing changes; give a bias above or below 0, or a factor")
        return self


class LatencySpike(Injection):
    """A ``share`` of the answers takes ``factor`` times as long."""

    stage = "delivery"
    inject: Literal["latency_spike"]
    factor: Positive
    share: Share = 1.0


class LabelDelay(Injection):
    """Labels come later (the median ``delay``), or ``never`` for a share of the events."""

    stage = "delivery"
    inject: Literal["label_delay"]
    delay_ms: Wait
    never: Share = 0.0


class TrafficDrop(Injection):
    """Only a share of the events comes (``keep``)."""

    stage = "delivery"
    inject: Literal["traffic_drop"]
    keep: Share


class DuplicateStorm(Injection):
    """A ``share`` of the events comes ``copies`` more times, with the same prediction_id."""

    stage = "delivery"
    inject: Literal["duplicate_storm"]
    share: Share
    copies: Annotated[int, Field(ge=1, le=100)] = 1


AnyInjection = Annotated[
    SuddenDrift
    | GradualDrift
    | Seasonal
    | CorrelationBreak
    | NewCategory
    | ConceptDrift
    | DataQuality
    | FeatureSwap
    | SchemaBreak
    | CanaryRegression
    | RegressionBias
    | LatencySpike
    | LabelDelay
    | TrafficDrop
    | DuplicateStorm,
    Field(discriminator="inject"),
]
