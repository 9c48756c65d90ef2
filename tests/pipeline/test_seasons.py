"""A daily cycle is no change where each hour has a reference of its own."""

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from stream_monitor.config.budget import parse
from stream_monitor.config.duration import DAY, HOUR
from stream_monitor.config.monitors import DriftSettings
from stream_monitor.config.season import By, SeasonSettings
from stream_monitor.config.settings import ModelSettings, Settings
from stream_monitor.events.batch import Record
from stream_monitor.pipeline.effects import Publish, Stream
from stream_monitor.pipeline.engine import LocalEngine, run
from stream_monitor.reference.build import build
from stream_monitor.reference.data import assign_roles, to_batches
from stream_monitor.reference.dependence import Dependence
from stream_monitor.reference.model import Reference
from stream_monitor.reference.registry import References
from stream_monitor.testing.cluster import FakeCluster
from tests.pipeline.events import judged

START_MS = 1_700_006_400_000  # midnight
A_DAY = 24 * 40
STEP_MS = DAY // A_DAY
FEATURES = ("load", "rate")


def rows(days: int, seed: int, shift: float = 0.0, together: float = 0.0) -> pa.Table:
    """Two features that follow the hour; ``together`` is their correlation beside that."""
    rng = np.random.default_rng(seed)
    n = days * A_DAY
    wave = np.sin(2 * np.pi * np.arange(n) / A_DAY)
    load, noise = rng.normal(size=n), rng.normal(size=n)
    rate = together * load + np.sqrt(1 - together**2) * noise
    return pa.table({"load": 2 * wave + load + shift, "rate": wave + rate})


def reference(by: By, dependence: Dependence = Dependence.NONE) -> Reference:
    table = rows(20, 1)
    times = START_MS - 20 * DAY + np.arange(table.num_rows, dtype=np.int64) * STEP_MS
    return build(
        "m",
        table,
        assign_roles(table, features=FEATURES),
        created_ms=0,
        source="test",
        times=times,
        season=SeasonSettings(by=by),
        dependence=dependence,
    )


def settings_of(by: By) -> Settings:
    return Settings(
        defaults=ModelSettings(
            window_ms=6 * HOUR,
            slide_ms=HOUR,
            min_samples=50,
            false_alarms=parse("1 per 90d"),
            season=SeasonSettings(by=by),
            drift=DriftSettings(min_effect=0.1, numeric=("ks",)),
        )
    )


def published(against: Reference, by: By, stream: pa.Table) -> list[Publish]:
    settings = settings_of(by)
    references = References()
    references.put(against)
    batches = to_batches(
        stream,
        assign_roles(stream, features=FEATURES),
        "m",
        start_ms=START_MS,
        interval_ms=STEP_MS,
        chunk=A_DAY,
    )
    return list(run(LocalEngine(settings, references), batches))


def alerts(against: Reference, by: By, stream: pa.Table) -> list[Publish]:
    return [each for each in published(against, by, stream) if each.stream is Stream.ALERTS]


def test_sixty_days_of_the_same_cycle_are_silent_with_a_reference_for_each_hour() -> None:
    assert alerts(reference("hour"), "hour", rows(60, 2)) == []


def test_without_strata_the_same_cycle_is_a_change() -> None:
    assert alerts(reference("hour"), "none", rows(2, 2)) != []


def test_a_shift_that_is_smaller_than_the_cycle_is_found_within_the_hours() -> None:
    stream = pa.concat_tables([rows(5, 3), rows(3, 4, shift=1.0)])
    (first, *_) = alerts(reference("hour"), "hour", stream)
    event = first.document
    assert [each["column"] for each in event["columns"]] == ["feature:load"]
    change = START_MS + 5 * DAY
    assert change <= event["since_ms"] <= event["started_at"] <= change + 8 * HOUR


@pytest.mark.parametrize("kind", [Dependence.PAIRS])
def test_derived_columns_have_strata_too(kind: Dependence) -> None:
    against = reference("hour", kind)
    assert alerts(against, "hour", rows(20, 5)) == []
    stream = pa.concat_tables([rows(5, 3), rows(4, 4, together=0.8)])
    (first, *_) = alerts(against, "hour", stream)
    assert [each["column"] for each in first.document["columns"]] == ["dependence:load*rate"]


@pytest.mark.parametrize(
    ("against", "by", "told"), [("none", "hour", 1), ("hour", "hour", 0), ("hour", "none", 0)]
)
def test_a_reference_of_another_season_is_said_in_each_report(
    against: By, by: By, told: int
) -> None:
    found = published(reference(against), by, rows(1, 6))
    reports = [each.document for each in found if each.stream is Stream.REPORTS]
    assert {len(report["warnings"]) for report in reports} == {told}


def records(stream: pa.Table) -> list[Record]:
    """The rows as events of one partition."""
    return [
        Record(
            "predictions",
            0,
            at,
            0,
            msgspec.json.encode(
                {"model": "m", "timestamp": START_MS + at * STEP_MS, "features": features}
            ),
        )
        for at, features in enumerate(stream.to_pylist())
    ]


def test_crashes_change_no_report_where_each_hour_has_a_reference_of_its_own() -> None:
    against = reference("hour")
    log = records(pa.concat_tables([rows(1, 3), rows(1, 4, shift=1.0)]))
    engine = LocalEngine(settings_of("hour"), References(against))
    one_pass = [*engine.feed(0, log), *engine.finish()]
    expected = {p.id: judged(dict(p.document)) for p in one_pass}
    assert any(p.stream is Stream.ALERTS for p in one_pass)
    cluster = FakeCluster(settings_of("hour"), References(against), [log])
    for hour in range(48):
        cluster.read(0, 40)
        cluster.flush(0)
        cluster.deliver(0)
        cluster.read_summaries(len(cluster.summaries))
        if hour % 7 == 6:
            cluster.commit_evaluator()
        if hour % 3 == 2:
            cluster.crash_evaluator(hour / 48)
    cluster.finish()
    said = cluster.published
    assert {p.id for p in said} == expected.keys()
    assert all(judged(dict(p.document)) == expected[p.id] for p in said)
