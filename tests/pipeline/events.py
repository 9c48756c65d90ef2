"""Small worlds for the pipeline's tests: a reference, settings, and records."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from stream_monitor.config.monitors import DriftSettings
from stream_monitor.config.settings import KafkaSettings, ModelSettings, Settings
from stream_monitor.events.batch import Record
from stream_monitor.reference.model import (
    CategoricalColumn,
    Kind,
    NumericColumn,
    Reference,
    Role,
    Task,
)
from stream_monitor.statistics.grid import Grid

EPOCH_MS = 1_700_000_000_000
SLIDE_MS = 20_000
WINDOW_MS = 60_000
LATENESS_MS = 30_000

SETTINGS = Settings(
    kafka=KafkaSettings(block_size=16),
    defaults=ModelSettings(
        window_ms=WINDOW_MS,
        slide_ms=SLIDE_MS,
        allowed_lateness_ms=LATENESS_MS,
        min_samples=5,
        drift=DriftSettings(alpha=0.2),
    ),
)


def reference(model: str = "m", hash_: str = "0123456789abcdef", shift: float = 0.0) -> Reference:
    """Normal ``x``, three categories ``c``, a binary prediction and a uniform score."""
    rng = np.random.default_rng(7)
    x = np.round(rng.normal(size=200) + shift, 1)
    score = np.linspace(0.0, 1.0, 101)
    return Reference(
        model=model,
        columns=(
            _numeric(Role.FEATURE, "x", x),
            CategoricalColumn(
                Role.FEATURE,
                "c",
                Kind.CATEGORICAL,
                ("a", "b", "c"),
                np.array([50, 30, 20]),
                0,
                100,
                0.0,
            ),
            CategoricalColumn(
                Role.PREDICTION,
                "prediction",
                Kind.CATEGORICAL,
                ("0", "1"),
                np.array([60, 40]),
                0,
                100,
                0.0,
            ),
            _numeric(Role.SCORE, "score", score),
        ),
        rows=200,
        task=Task.BINARY,
        classes=("0", "1"),
        positive="1",
        source="test",
        created_ms=0,
        hash=hash_,
    )


def _numeric(role: Role, name: str, values: Any) -> NumericColumn:
    return NumericColumn(
        role,
        name,
        Grid.from_sample(values),
        len(values),
        0.0,
        float(values.min()),
        float(values.max()),
        float(values.mean()),
        float(values.std()),
    )


@dataclass(frozen=True)
class Event:
    """One event, ``at_ms`` after the epoch of these tests."""

    at_ms: int
    x: object = 0.5
    c: object = "a"
    prediction: str = "0"
    truth: str | None = None
    id: str | None = None
    model: str = "m"
    latency_ms: float = 12.5
    version: str | None = None

    def encode(self) -> bytes:
        return msgspec.json.encode(
            {
                "model": self.model,
                "timestamp": EPOCH_MS + self.at_ms,
                "features": {"x": self.x, "c": self.c},
                "prediction": self.prediction,
                "score": (self.at_ms % 101) / 100,
                "latency_ms": self.latency_ms,
            }
            | ({} if self.truth is None else {"ground_truth": self.truth})
            | ({} if self.version is None else {"model_version": self.version})
            | ({} if self.id is None else {"prediction_id": self.id})
        )


def log(events: Sequence[Event], partition: int = 0, first: int = 0) -> list[Record]:
    """The events as a partition's records."""
    return [
        Record("predictions", partition, first + i, 0, event.encode())
        for i, event in enumerate(events)
    ]


def judged(document: dict[str, Any]) -> dict[str, Any]:
    """A report without what tells of the run and not of the window."""
    return {key: value for key, value in document.items() if key != "processing"}
