"""The shapes of answers, as the OpenAPI document describes them.

Answers are made from documents that were checked when they were published; tests hold them to
these shapes.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Status = Literal["ok", "alarm", "thin", "waiting"]


class Accepted(BaseModel):
    """What Kafka has, on all its replicas."""

    accepted: int = Field(description="Events, or labels.")


class Model(BaseModel):
    """A model at a glance."""

    model: str
    reference_hash: str
    status: Status = Field(description="Of its newest window; waiting: there is none yet.")
    window_end: str | None
    window_end_ms: int | None
    rows: int
    drifted: list[str] = Field(description="Columns in alarm, the largest effect first.")
    open_alerts: int
    updated_ms: int = Field(description="When the last report came, by the worker's clock.")


class Models(BaseModel):
    """Every model that has a reference or a report."""

    models: list[Model]


class WindowBounds(BaseModel):
    """The end is not part of it."""

    start_ms: int
    end_ms: int
    start: str
    end: str


class VerdictDocument(BaseModel):
    """One monitor's answer, see docs/verdicts.md; what it does not have is left out."""

    model_config = ConfigDict(extra="allow")

    family: str
    monitor: str
    column: str
    state: Literal["ok", "alarm", "thin", "info"]
    n: int
    reference_n: int
    reference_hash: str
    below: bool
    decides: bool
    statistic: float | None = None
    threshold: float | None = None
    p_value: float | None = None
    effect: float | None = None


class _Window(BaseModel):
    """What is said of one window."""

    model: str
    report_id: str
    revision: int
    reference_hash: str
    window: WindowBounds
    status: Status
    rows: int
    verdicts: list[VerdictDocument]
    warnings: list[str]


class DriftWindow(_Window):
    """The drift verdicts of one window."""

    drifted: list[str]


class PerformanceWindow(_Window):
    """The performance verdicts of one window, in their newest revision."""

    labelled: int
    coverage: float | None = Field(description="The share of rows that have a label.")


class QualityWindow(_Window):
    """The quality verdicts of one window."""

    unknown_features: dict[str, int]


class Drift(BaseModel):
    """Windows, newest first."""

    windows: list[DriftWindow]


class Performance(BaseModel):
    """Windows, newest first."""

    windows: list[PerformanceWindow]


class Quality(BaseModel):
    """Windows, newest first."""

    windows: list[QualityWindow]


class Alert(BaseModel):
    """The last that was said of an alert, see docs/verdicts.md."""

    model_config = ConfigDict(extra="allow")

    alert_id: str
    status: Literal["started", "ongoing", "escalated", "recovered", "withdrawn"]
    severity: Literal["warning", "critical"]
    model: str
    family: str
    monitor: str
    column: str
    columns: list[dict[str, Any]]
    since_ms: int
    started_at: int
    recovered_at: int | None
    look_first: str
    summary: str


class Alerts(BaseModel):
    """Alerts, newest first; ``total`` counts those beyond the limit too."""

    alerts: list[Alert]
    total: int


class Simulated(BaseModel):
    """What is being sent from now on, and what must be found in it."""

    scenario: str
    story: str
    model: str
    reference_hash: str
    events: int
    start: str
    end: str
    drifted: list[str] | None = Field(description="Features that will; null: nobody knows.")
    missing: list[str] | None = Field(description="Features that will be missing more often.")


class Health(BaseModel):
    """The state of the worker, what it reads and how far behind, see docs/operations.md."""

    model_config = ConfigDict(extra="allow")

    ready: bool
    state: str


class Ready(BaseModel):
    """Whether the worker runs."""

    ready: bool
    state: str
    stale: bool
