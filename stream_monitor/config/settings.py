"""Every setting with its default, its bounds and the checks between settings.

Read ``monitor.example.yaml`` for what each one means to the operator. A field whose name
ends in ``_ms`` is written without the suffix and as a duration in YAML (``window: 1h``);
in Python it has its own name and is whole milliseconds. The models are frozen and refuse
unknown keys; types are strict (``"5"`` is no number, ``true`` is no 1).

The secrets are ``kafka.security.password`` and ``redis.password``, which ``render`` leaves out;
elsewhere the setting is the name of a file that has it.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    model_validator,
)

from stream_monitor.config import duration
from stream_monitor.config.alertmanager import AlertmanagerSettings
from stream_monitor.config.api import ApiSettings
from stream_monitor.config.budget import Budget, FalseAlarms
from stream_monitor.config.duration import DAY, HOUR, MINUTE, SECOND
from stream_monitor.config.kinds import SECTION as _CONFIG
from stream_monitor.config.kinds import Count, Duration, Text, Wait
from stream_monitor.config.monitors import (
    AlertSettings,
    DriftSettings,
    LatencySettings,
    Names,
    PerformanceSettings,
    QualitySettings,
    SliceSettings,
)
from stream_monitor.config.redis import RedisSettings
from stream_monitor.config.season import SeasonSettings
from stream_monitor.config.security import SecuritySettings
from stream_monitor.config.week import longest_slide_ms

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
    security: SecuritySettings = SecuritySettings()

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


class ModelSettings(BaseModel):
    """What one model is judged by."""

    model_config = _CONFIG

    window_ms: Duration = HOUR
    slide_ms: Duration = 5 * MINUTE  # the pane
    allowed_lateness_ms: Wait = MINUTE
    min_samples: Count = 100
    false_alarms: FalseAlarms = Budget(1.0, 30 * DAY)
    season: SeasonSettings = SeasonSettings()
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
        longest = longest_slide_ms(self.season)
        if longest is not None and longest % self.slide_ms:
            raise ValueError(
                f"slide is {slide} and season is by {self.season.by}; a slide has to lie in one "
                f"stratum of the season, so let it be {duration.render(longest)} or a whole part "
                "of that"
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
    alertmanager: AlertmanagerSettings = AlertmanagerSettings()
    redis: RedisSettings = RedisSettings()
    api: ApiSettings = ApiSettings()
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
