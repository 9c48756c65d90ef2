"""How a model's errors are watched for a rise: which detectors, and what they are set to."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator

from stream_monitor.config.kinds import SECTION, Count, Share, distinct

Detector = Literal["evidence", "cusum", "page_hinkley", "adwin", "ddm", "hddm_a"]
Detectors = Annotated[
    tuple[Detector, ...], Field(strict=False, max_length=6), AfterValidator(distinct)
]
Confidence = Annotated[float, Field(ge=1e-12, le=0.5)]
Rows = Annotated[int, Field(ge=1, le=1_000_000)]


class PageHinkleySettings(BaseModel):
    """The Page–Hinkley test; see ``detectors.change.page_hinkley``."""

    model_config = SECTION

    delta: Annotated[float, Field(ge=0, le=1_000)] = 0.005
    threshold: Annotated[float, Field(ge=1e-12, le=1_000_000)] = 50.0
    min_samples: Rows = 30


class AdwinSettings(BaseModel):
    """River's ADWIN."""

    model_config = SECTION

    delta: Confidence = 0.002
    clock: Rows = 32
    max_buckets: Annotated[int, Field(ge=2, le=1_000)] = 5
    min_window_length: Rows = 5
    grace_period: Rows = 10


class DdmSettings(BaseModel):
    """River's DDM."""

    model_config = SECTION

    warm_start: Rows = 30
    drift_threshold: Annotated[float, Field(ge=0.1, le=100)] = 3.0


class HddmASettings(BaseModel):
    """River's HDDM_A."""

    model_config = SECTION

    drift_confidence: Confidence = 0.001


class DegradationSettings(BaseModel):
    """When a rise of the errors is an alarm; the first detector decides, the others report."""

    model_config = SECTION

    detectors: Detectors = ("evidence",)
    # evidence: the smallest rise of the error rate that matters, and that of the mean absolute
    # error as a share of the usual one
    min_rise: Share = 0.01
    min_relative_rise: Share = 0.05
    # cusum: labelled rows to a false alarm, on average
    run_length: Annotated[int, Field(ge=1_000, le=1_000_000_000)] = 1_000_000
    # the smallest rise that matters: of the error rate, or of the mean absolute error in
    # standard deviations of a row's
    smallest_rise: Annotated[float, Field(ge=0.001, le=1)] = 0.05
    smallest_shift: Annotated[float, Field(ge=0.1, le=10)] = 0.5
    learn: Count = 1_000  # labelled rows that the baseline is learned from
    baseline_error: Share | None = None
    baseline_mean: Annotated[float, Field(ge=0, le=1e100)] | None = None
    baseline_deviation: Annotated[float, Field(gt=0, le=1e100)] | None = None
    page_hinkley: PageHinkleySettings = PageHinkleySettings()
    adwin: AdwinSettings = AdwinSettings()
    ddm: DdmSettings = DdmSettings()
    hddm_a: HddmASettings = HddmASettings()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.baseline_mean is None) != (self.baseline_deviation is None):
            raise ValueError(
                "one of baseline_mean and baseline_deviation is given; "
                "give both, or neither to have them learned"
            )
        return self
