"""A scenario made: its reference, its stream, its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from stream_monitor.config.settings import LabelSettings, Settings
from stream_monitor.errors import DataError
from stream_monitor.events.batch import IntArray
from stream_monitor.reference.build import build
from stream_monitor.reference.data import Roles
from stream_monitor.reference.model import Kind, Reference
from stream_monitor.scenarios.delays import LabelDelay
from stream_monitor.scenarios.from_file import rows_of
from stream_monitor.scenarios.generate import models
from stream_monitor.scenarios.generate.features import draw, moments, segments
from stream_monitor.scenarios.generate.seeds import generator
from stream_monitor.scenarios.generate.stream import NEVER, Column, Stream
from stream_monitor.scenarios.generate.traffic import event_times
from stream_monitor.scenarios.inject.apply import inject
from stream_monitor.scenarios.inject.context import Context
from stream_monitor.scenarios.inject.values import numbers
from stream_monitor.scenarios.spec.base import FromFile, Generated, Labels
from stream_monitor.scenarios.spec.injections import ConceptDrift
from stream_monitor.scenarios.spec.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is sent and what judges it; ``start_ms`` is the first moment of the stream."""

    reference: Reference
    stream: Stream
    settings: Settings
    start_ms: int


@dataclass(frozen=True, slots=True)
class Tables:
    """The rows of the files that a base names."""

    stream: pa.Table
    reference: pa.Table


def prepare(
    scenario: Scenario, seed: int, *, start_ms: int | None = None, tables: Tables | None = None
) -> Prepared:
    """The same scenario, seed and start give the same bytes; another start gives other times only.

    ``start_ms`` stands in the place of the scenario's own. ``tables`` are needed where the base is
    a file. Raises DataError for a file that cannot be used.
    """
    start = scenario.start_ms if start_ms is None else start_ms
    if isinstance(scenario.base, Generated):
        before, stream = _generated(scenario, scenario.base, seed, start)
        binary = scenario.base.task == "binary"
        positive = scenario.base.classes[1] if binary else None
        kinds = {} if binary else {"prediction": Kind.NUMERIC}
    else:
        if tables is None:
            raise DataError(f"The rows of {scenario.base.file} are needed.")
        before, stream = _from_file(scenario, scenario.base, tables, seed, start)
        positive, kinds = scenario.base.positive, {}
    reference = _frozen(scenario, before, seed, positive, kinds)
    settings = Settings(
        labels=LabelSettings(revise_interval_ms=scenario.settings.slide_ms),
        models={scenario.model: scenario.settings},
    )
    return Prepared(reference, stream, settings, start)


def _generated(
    scenario: Scenario, base: Generated, seed: int, start_ms: int
) -> tuple[Stream, Stream]:
    over = scenario.reference.over_ms
    rows = scenario.reference.rows
    at = event_times(base.traffic, start_ms - over, over, seed, "reference", rows)
    features = draw(base, at, seed, "reference")
    given = models.linear(base, features, base.truth.intercept, base.truth.weights)
    answers = models.serve(base, features)
    before = Stream(
        at,
        _ids(start_ms, seed, rows),
        features,
        answers.prediction,
        answers.score,
        models.truth(base, given, seed, "reference"),
    )
    times = event_times(base.traffic, start_ms, scenario.duration_ms, seed, "stream")
    stream = Stream(
        times,
        _ids(start_ms, seed, len(times)),
        draw(base, times, seed, "stream"),
        segments=segments(base, len(times), seed),
    )

    def usual(name: str) -> tuple[float, float]:
        return moments(base.features[name])

    stream = inject(scenario.injections("world"), stream, start_ms, seed, usual)
    given = _truth_given(scenario, base, stream, start_ms, seed)
    stream = replace(stream, truth=models.truth(base, given, seed, "stream"))
    stream = inject(scenario.injections("inputs"), stream, start_ms, seed, usual)
    answers = models.serve(base, stream.features)
    latency = generator(seed, "stream", "latency").standard_normal(len(times))
    stream = replace(
        stream,
        prediction=answers.prediction,
        score=answers.score,
        latency_ms=np.round(base.latency.median_ms * np.exp(base.latency.sigma * latency), 3),
        version=np.full(len(times), base.served.version, dtype=np.object_),
        label_at=_label_times(base.labels, times, seed),
    )
    for stage in ("serving", "delivery"):
        stream = inject(scenario.injections(stage), stream, start_ms, seed, usual)
    return before, stream


def _truth_given(
    scenario: Scenario, base: Generated, stream: Stream, start_ms: int, seed: int
) -> Column:
    """What the truth is drawn around (see ``linear``), with every change of concept on the way."""
    intercept, weights = base.truth.intercept, dict(base.truth.weights)
    given = models.linear(base, stream.features, intercept, weights)
    for name, one in scenario.injections("truth").items():
        assert isinstance(one, ConceptDrift)
        context = Context(start_ms, generator(seed, "inject", name), lambda feature: (0.0, 1.0))
        intercept = intercept if one.intercept is None else one.intercept
        weights = {**weights, **one.weights}
        after = models.linear(base, stream.features, intercept, weights)
        given = given + context.strength(one, stream, one.over_ms) * (after - given)
    return given


def _from_file(
    scenario: Scenario, base: FromFile, tables: Tables, seed: int, start_ms: int
) -> tuple[Stream, Stream]:
    before = rows_of(tables.reference, base, base.reference)
    stream = rows_of(tables.stream, base, base.file)
    rows = min(len(stream), scenario.duration_ms // base.interval_ms)
    stream = stream.take(np.arange(rows))
    times = start_ms + np.arange(rows, dtype=np.int64) * base.interval_ms
    stream = replace(
        stream,
        times=times,
        ids=_ids(start_ms, seed, rows),
        label_at=None if stream.truth is None else _label_times(base.labels, times, seed),
    )

    def usual(name: str) -> tuple[float, float]:
        if name not in before.features:
            raise DataError(f"{base.reference} has no feature {name}, which an injection names.")
        values = numbers(before.features[name])
        if not np.isfinite(values).any():
            raise DataError(f"{name} of {base.reference} has no numbers to be moved.")
        return float(np.nanmean(values)), float(np.nanstd(values)) or 1.0

    gone = [name for name in base.segments if name not in stream.segments]
    if gone:
        raise DataError(f"{base.file} has no column {gone[0]} for the segment of that name.")
    for one in scenario.timeline.values():
        for name, value in one.where.items():
            if value not in set(stream.segments[name].tolist()):
                raise DataError(f"No row of {base.file} has the {name} {value} of an injection.")
        for name in (getattr(one, "feature", None), *getattr(one, "features", ())):
            if name is not None and name not in stream.features:
                raise DataError(f"{base.file} has no feature {name}, which an injection names.")
    for stage in ("world", "inputs", "serving", "delivery"):
        stream = inject(scenario.injections(stage), stream, start_ms, seed, usual)
    return before, stream


def _label_times(labels: Labels, times: IntArray, seed: int) -> IntArray | None:
    if labels.delay_ms is None:
        return None
    drawn = LabelDelay(labels.delay_ms, labels.never, seed).times(times)
    return np.where(drawn.comes, drawn.at, NEVER)


def _ids(start_ms: int, seed: int, rows: int) -> Column:
    """Ids that no other start and no other seed has."""
    return np.array([f"{start_ms // 1000:x}-{seed}-{row:06d}" for row in range(rows)], np.object_)


def _frozen(
    scenario: Scenario, before: Stream, seed: int, positive: str | None, kinds: Mapping[str, Kind]
) -> Reference:
    columns = {name: column.tolist() for name, column in before.features.items()}
    others = {"prediction": before.prediction, "score": before.score, "label": before.truth}
    there = {role: column.tolist() for role, column in others.items() if column is not None}
    roles = Roles(
        features=tuple(columns),
        prediction="prediction" if "prediction" in there else None,
        score="score" if "score" in there else None,
        label="label" if "label" in there else None,
    )
    season = scenario.settings.season
    return build(
        scenario.model,
        pa.table(columns | there),
        roles,
        created_ms=0,
        source=f"a scenario's {len(before):,} rows of the time before",
        sample_size=scenario.reference.sample_size,
        seed=seed,
        kinds=kinds,
        positive=positive,
        dependence=scenario.reference.dependence,
        times=before.times if season.by != "none" else None,
        season=season if season.by != "none" else None,
    )
