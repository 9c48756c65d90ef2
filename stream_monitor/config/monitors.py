"""What each kind of monitor is set to; see ``monitor.example.yaml`` for what it means."""

from __future__ import annotations

import itertools
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, model_validator

from stream_monitor.config import duration
from stream_monitor.config.degradation import DegradationSettings
from stream_monitor.config.duration import HOUR
from stream_monitor.config.kinds import SECTION as _CONFIG
from stream_monitor.config.kinds import Count, Level, Share, Text, Wait, distinct
from stream_monitor.config.limits import MaximumSettings, MinimumSettings

NumericMonitor = Literal["ks", "psi", "wasserstein", "jensen_shannon"]
CategoricalMonitor = Literal["chi_square", "jensen_shannon", "l_infinity"]
NumericDecider = Literal["evidence", "ks", "psi", "wasserstein", "jensen_shannon"]
CategoricalDecider = Literal["evidence", "chi_square", "jensen_shannon", "l_infinity"]
EVIDENCE = "evidence"
"""The monitor that holds the budget of false alarms; the others are judged window by window."""


def _label(value: object) -> object:
    """A label as the text that events' categories have: 1 is "1", 1.0 too, true is "true"."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | float) else value


def _number_of_ms(value: object) -> object:
    """A duration's text as a number of ms; a number stays (latencies may be fractions)."""
    return float(duration.parse(value)) if isinstance(value, str) else value


def _ascending(values: tuple[float, ...]) -> tuple[float, ...]:
    if any(a >= b for a, b in itertools.pairwise(values)):
        raise ValueError("the quantiles are not ascending; list each once, the smallest first")
    return values


Latency = Annotated[float, BeforeValidator(_number_of_ms), Field(gt=0, le=duration.LONGEST)]
# YAML has lists, not tuples: the tuple itself is lax, its items stay strict.
_LIST = Field(strict=False, min_length=1, max_length=20)
Quantiles = Annotated[tuple[Level, ...], _LIST, AfterValidator(_ascending)]
NumericMonitors = Annotated[tuple[NumericMonitor, ...], _LIST, AfterValidator(distinct)]
CategoricalMonitors = Annotated[tuple[CategoricalMonitor, ...], _LIST, AfterValidator(distinct)]
Names = Annotated[tuple[Text, ...], Field(strict=False), AfterValidator(distinct)]


class SliceSettings(BaseModel):
    """Which parts of a model's traffic are judged beside the whole."""

    model_config = _CONFIG

    segments: Names = ()
    max_values: Annotated[int, Field(ge=1, le=1_000)] = 20  # of a segment, and of versions
    champion: Annotated[Text, BeforeValidator(_label)] | None = None
    alpha: Level = 0.05  # of the test that may be read at any time
    decide_versions: bool = True  # whether a version that is worse is an alarm
    # the smallest rise of the error rate above the champion's that matters, and that of the mean
    # absolute error as a share of the champion's
    min_rise: Share = 0.01
    min_relative_rise: Share = 0.05


class DriftSettings(BaseModel):
    """How the distributions of a window are compared with the reference."""

    model_config = _CONFIG

    alpha: Level = 0.001  # a window's chance of any false drift verdict over all columns
    correction: Literal["bonferroni", "holm", "benjamini_hochberg", "none"] = "bonferroni"
    numeric: NumericMonitors = ("ks", "psi", "wasserstein", "jensen_shannon")
    categorical: CategoricalMonitors = ("chi_square", "jensen_shannon", "l_infinity")
    decide_numeric: NumericDecider = "evidence"
    decide_categorical: CategoricalDecider = "evidence"
    min_effect: Share = 0.05  # the smallest KS distance or L-infinity that matters
    bins: Annotated[int, Field(ge=2, le=1_000)] = 10

    @model_validator(mode="after")
    def _check(self) -> Self:
        for kind, decides, listed in (
            ("numeric", self.decide_numeric, self.numeric),
            ("categorical", self.decide_categorical, self.categorical),
        ):
            if decides != EVIDENCE and decides not in listed:
                raise ValueError(
                    f"decide_{kind} is {decides}, but {kind} lists only {', '.join(listed)}; "
                    f"add {decides} to {kind}, or decide by one that is listed"
                )
        ordered = self.correction in ("holm", "benjamini_hochberg")
        if ordered and self.decide_numeric == self.decide_categorical == EVIDENCE:
            raise ValueError(
                f"correction is {self.correction}, which orders p-values, and evidence, which "
                "decides, has none; decide_numeric or decide_categorical by a test (ks, "
                "chi_square), or leave correction out"
            )
        return self


class QualitySettings(BaseModel):
    """When the shares of missing, NaN, mistyped, … values are an alarm."""

    model_config = _CONFIG

    decide: Literal["evidence", "test"] = "evidence"
    alpha: Level = 0.001  # of the test
    min_increase: Share = 0.01  # the smallest rise of a share that matters
    max_duplicates: Share = 0.01
    min_rows: Count | None = None  # of a window


class PerformanceSettings(BaseModel):
    """What the labels say; a limit of ``None`` is reported and never alarmed."""

    model_config = _CONFIG

    positive_label: Annotated[Text, BeforeValidator(_label)] | None = None
    degradation: DegradationSettings = DegradationSettings()
    min: MinimumSettings = MinimumSettings()
    max: MaximumSettings = MaximumSettings()
    certain: bool = False  # whether an alarm needs the whole interval beyond the limit

    @model_validator(mode="after")
    def _limits(self) -> Self:
        most = self.max.model_dump()
        for name, least in self.min.model_dump().items():
            if least is not None and most.get(name) is not None and least > most[name]:
                raise ValueError(
                    f"min.{name} is {least} and max.{name} is {most[name]}; "
                    "the minimum cannot be above the maximum"
                )
        return self


class LatencySettings(BaseModel):
    """Which quantiles of the latency are reported, and its limit."""

    model_config = _CONFIG

    quantiles: Quantiles = (0.5, 0.9, 0.99)
    max_p99_ms: Latency | None = None


class AlertSettings(BaseModel):
    """What starts and ends an alert; ``consecutive`` is not for evidence, which needs one."""

    model_config = _CONFIG

    consecutive: Count = 2
    recover: Count = 2
    recover_below: Share = 0.8  # of the smallest effect that matters; below it, it is over
    cooldown_ms: Wait = HOUR  # what comes again so soon is the same alert
