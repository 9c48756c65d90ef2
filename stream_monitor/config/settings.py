"""Every setting with its default, its bounds and the checks between settings.

Read ``monitor.example.yaml`` for what each one means to the operator. A field whose name
ends in ``_ms`` is written without the suffix and as a duration in YAML (``window: 1h``);
in Python it has its own name and is whole milliseconds. The models are frozen and refuse
unknown keys; types are strict (``"5"`` is no number, ``true`` is no 1).

No secret is a setting today. One that comes later belongs into a section of its own, so
that ``render`` can leave it out.
"""

from __future__ import annotations

import itertools
import re
from typing import Annotated, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    model_validator,
)

from stream_monitor.config import duration
from stream_monitor.config.degradation import DegradationSettings
from stream_monitor.config.duration import DAY, HOUR, MINUTE, SECOND
from stream_monitor.config.kinds import SECTION as _CONFIG
from stream_monitor.config.kinds import Count, Level, Share, Text, distinct

#: The most panes (window / slide) that a window may hold.
MAX_PANES = 10_000

Topic = Literal[
    "predictions",
    "labels",
    "joins",
    "references",
    "summaries",
    "reports",
    "alerts",
    "dead_letters",
]
TOPICS: tuple[Topic, ...] = get_args(Topic)
NumericMonitor = Literal["ks", "psi", "wasserstein", "jensen_shannon"]
CategoricalMonitor = Literal["chi_square", "jensen_shannon", "l_infinity"]


def _servers(text: str) -> str:
    for server in text.split(","):
        host, _, port = server.strip().rpartition(":")
        if not host or not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) < 65536:
            raise ValueError(
                f"{server.strip()!r} is no broker address; "
                "write host:port, several separated by commas, ports from 1 to 65535"
            )
    return text


def _topic_prefix(text: str) -> str:
    if not re.fullmatch(r"[a-zA-Z0-9._-]{0,200}", text):
        raise ValueError(
            f"{text!r} cannot start a topic's name; "
            "at most 200 letters, digits, dots, underscores and hyphens are allowed"
        )
    return text


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


Duration = Annotated[int, BeforeValidator(duration.parse), Field(ge=1)]
Wait = Annotated[int, BeforeValidator(duration.parse), Field(ge=0)]
Latency = Annotated[float, BeforeValidator(_number_of_ms), Field(gt=0, le=duration.LONGEST)]
# YAML has lists, not tuples: the tuple itself is lax, its items stay strict.
_LIST = Field(strict=False, min_length=1, max_length=20)
Quantiles = Annotated[tuple[Level, ...], _LIST, AfterValidator(_ascending)]
NumericMonitors = Annotated[tuple[NumericMonitor, ...], _LIST, AfterValidator(distinct)]
CategoricalMonitors = Annotated[tuple[CategoricalMonitor, ...], _LIST, AfterValidator(distinct)]
Names = Annotated[tuple[Text, ...], Field(strict=False), AfterValidator(distinct)]


class KafkaSettings(BaseModel):
    """Where Kafka is and what our topics are called."""

    model_config = _CONFIG

    bootstrap_servers: Annotated[str, AfterValidator(_servers)] = "127.0.0.1:9092"
    group: Text = "stream-monitor"
    topic_prefix: Annotated[str, AfterValidator(_topic_prefix)] = ""
    partitions: Annotated[int, Field(ge=1, le=10_000)] = 4
    replication: Annotated[int, Field(ge=1, le=100)] = 1
    block_size: Count = 65_536  # source offsets a block
    max_message_bytes: Annotated[int, Field(ge=1024, le=2**31 - 1)] = 8 * 2**20

    def topic(self, name: Topic) -> str:
        """A topic's full name: ``topic("dead_letters")`` is ``dead-letters`` after the prefix."""
        return self.topic_prefix + name.replace("_", "-")


class WorkerSettings(BaseModel):
    """What one worker process does, whatever the model."""

    model_config = _CONFIG

    data_dir: Text = "var/state"
    host: Text = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 9464  # 0: any free one
    emit_interval_ms: Duration = SECOND
    idle_timeout_ms: Duration = 30 * SECOND
    future_tolerance_ms: Wait = HOUR
    max_models: Count = 1_000
    session_timeout_ms: Duration = 10 * SECOND
    commit_interval_ms: Duration = 2 * SECOND


class LabelSettings(BaseModel):
    """How ground truth that comes later meets its predictions."""

    model_config = _CONFIG

    join: bool = True  # false: only labels that come with the event count
    retention_ms: Duration = 7 * DAY
    max_bytes: Annotated[int, Field(ge=2**20, le=2**40)] = 256 * 2**20  # a partition of joins
    emit_interval_ms: Duration = 5 * SECOND
    revise_interval_ms: Duration = MINUTE


class SliceSettings(BaseModel):
    """Which parts of a model's traffic are judged beside the whole."""

    model_config = _CONFIG

    segments: Names = ()
    max_values: Annotated[int, Field(ge=1, le=1_000)] = 20  # of a segment, and of versions
    champion: Annotated[Text, BeforeValidator(_label)] | None = None
    alpha: Level = 0.05  # of the test that may be read at any time


class DriftSettings(BaseModel):
    """How the distributions of a window are compared with the reference."""

    model_config = _CONFIG

    alpha: Level = 0.001  # a window's chance of any false drift verdict over all columns
    correction: Literal["bonferroni", "none"] = "bonferroni"
    numeric: NumericMonitors = ("ks", "psi", "wasserstein", "jensen_shannon")
    categorical: CategoricalMonitors = ("chi_square", "jensen_shannon", "l_infinity")
    decide_numeric: NumericMonitor = "ks"
    decide_categorical: CategoricalMonitor = "chi_square"
    min_effect: Share = 0.05  # the smallest KS distance or L-infinity that matters
    bins: Annotated[int, Field(ge=2, le=1_000)] = 10

    @model_validator(mode="after")
    def _check(self) -> Self:
        for kind, decides, listed in (
            ("numeric", self.decide_numeric, self.numeric),
            ("categorical", self.decide_categorical, self.categorical),
        ):
            if decides not in listed:
                raise ValueError(
                    f"decide_{kind} is {decides}, but {kind} lists only {', '.join(listed)}; "
                    f"add {decides} to {kind}, or decide by one that is listed"
                )
        return self


class QualitySettings(BaseModel):
    """When the shares of missing, NaN, mistyped, … values are an alarm."""

    model_config = _CONFIG

    alpha: Level = 0.001
    min_increase: Share = 0.01  # the smallest rise of a share that matters
    max_duplicates: Share = 0.01


class PerformanceSettings(BaseModel):
    """What the labels say; a limit of ``None`` is reported and never alarmed."""

    model_config = _CONFIG

    positive_label: Annotated[Text, BeforeValidator(_label)] | None = None
    min_accuracy: Share | None = None
    min_f1: Share | None = None
    degradation: DegradationSettings = DegradationSettings()


class LatencySettings(BaseModel):
    """Which quantiles of the latency are reported, and its limit."""

    model_config = _CONFIG

    quantiles: Quantiles = (0.5, 0.9, 0.99)
    max_p99_ms: Latency | None = None


class AlertSettings(BaseModel):
    """How many windows in a row start and end an alert."""

    model_config = _CONFIG

    consecutive: Count = 2
    recover: Count = 2


class ModelSettings(BaseModel):
    """What one model is judged by."""

    model_config = _CONFIG

    window_ms: Duration = HOUR
    slide_ms: Duration = 5 * MINUTE  # the pane
    allowed_lateness_ms: Wait = MINUTE
    min_samples: Count = 100
    revise_ms: Wait = 7 * DAY  # how long after its end a window is open to revision
    drift: DriftSettings = DriftSettings()
    quality: QualitySettings = QualitySettings()
    performance: PerformanceSettings = PerformanceSettings()
    latency: LatencySettings = LatencySettings()
    alerts: AlertSettings = AlertSettings()
    slices: SliceSettings = SliceSettings()
    ignore: Names = ()  # features that are not judged

    @model_validator(mode="after")
    def _check(self) -> Self:
        window, slide = duration.render(self.window_ms), duration.render(self.slide_ms)
        if self.window_ms % self.slide_ms:
            raise ValueError(
                f"window is {window} and slide is {slide}; "
                "the window has to be a whole multiple of the slide"
            )
        if self.window_ms // self.slide_ms > MAX_PANES:
            raise ValueError(
                f"window {window} holds {self.window_ms // self.slide_ms:,} slides of {slide}; "
                f"at most {MAX_PANES:,} are allowed, so lengthen the slide"
            )
        return self

    @property
    def panes(self) -> int:
        """How many panes a window holds, at least 1."""
        return self.window_ms // self.slide_ms

    @property
    def revision_ms(self) -> int:
        """How long a window is open to revision: as set, but for 10,000 slides at the most."""
        return min(self.revise_ms, MAX_PANES * self.slide_ms)


class Settings(BaseModel):
    """All settings; in ``models`` each entry is complete (``load`` lays it over the defaults)."""

    model_config = _CONFIG

    kafka: KafkaSettings = KafkaSettings()
    worker: WorkerSettings = WorkerSettings()
    labels: LabelSettings = LabelSettings()
    defaults: ModelSettings = ModelSettings()
    models: dict[Text, ModelSettings] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(self.models) > self.worker.max_models:
            raise ValueError(
                f"models names {len(self.models):,} models, but worker.max_models is "
                f"{self.worker.max_models:,}; raise it or list fewer"
            )
        return self

    def for_model(self, name: str) -> ModelSettings:
        """The settings of a model: its own entry, or the defaults where it has none."""
        return self.models.get(name, self.defaults)
