"""The demo's acts: a reference, a stream, settings, and what must be found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from stream_monitor.config.duration import HOUR, MINUTE, SECOND
from stream_monitor.config.monitors import AlertSettings, DriftSettings
from stream_monitor.config.settings import LabelSettings, ModelSettings, Settings, WorkerSettings
from stream_monitor.data import path
from stream_monitor.events.batch import EventBatch
from stream_monitor.events.labels import LabelBatch
from stream_monitor.reference.build import build
from stream_monitor.reference.data import assign_roles, join_labels, read, to_batches
from stream_monitor.reference.model import Reference
from stream_monitor.scenarios.credit import Truth, applications, truth
from stream_monitor.scenarios.delays import LabelDelay

#: 2024-01-01T00:00:00Z, a whole number of every slide used here.
START_MS = 1_704_067_200_000


@dataclass(frozen=True, slots=True)
class Act:
    """A stream to watch. ``truth`` is what must be found; ``None``: nobody knows, look.

    ``labels`` come on their own, when all windows have been judged without them.
    """

    name: str
    story: str
    settings: Settings
    reference: Reference
    rows: int
    batches: Callable[[], Iterator[EventBatch]]
    truth: Truth | None
    labels: LabelBatch | None = None


def drift(seed: int) -> Act:
    """Two hours of applications; in the second, three columns are broken."""
    rows = 24_000
    return _credit(
        "drift",
        "Two hours of loan applications. After one hour incomes drop by a quarter, applicants "
        "come from other regions, and an eighth of the tenures is missing.",
        rows,
        seed,
        change_at=rows // 2,
    )


def no_drift(seed: int) -> Act:
    """The same two hours with nothing wrong: not one alert is right."""
    return _credit(
        "no-drift", "Two hours of loan applications in which nothing changes.", 24_000, seed
    )


def employment(seed: int) -> Act:
    """Real people: the American Community Survey, Massachusetts, 2015 against 2016 to 2018."""
    survey = _survey(seed, slides=4)
    return Act(
        "employment",
        "A survey of 18,000 people, 2016 to 2018, a year judged each quarter, against 2015.",
        survey.settings,
        survey.reference,
        survey.stream.num_rows,
        survey.batches,
        None,
    )


def late_labels(seed: int) -> Act:
    """The same people; whether they were employed is known later, of one in five never."""
    survey = _survey(seed)
    batches = [replace(batch, ground_truth=None) for batch in survey.batches()]
    times = np.concatenate([batch.timestamps for batch in batches])
    drawn = LabelDelay(HOUR, never=0.2, seed=seed).times(times)
    came = np.flatnonzero(drawn.comes)
    came = came[np.argsort(drawn.at[came], kind="stable")]
    ids = [str(id_) for id_ in survey.stream["id"].to_pylist()]
    truths = survey.stream["employed"].to_pylist()
    return Act(
        "late-labels",
        "The survey again, without labels. The scores promise an accuracy; when the labels come, "
        "an hour later in the median and one in five never, the reports are revised.",
        survey.settings,
        survey.reference,
        survey.stream.num_rows,
        lambda: iter(batches),
        None,
        LabelBatch(
            survey.reference.model,
            np.arange(len(came)),
            drawn.at[came],
            [ids[row] for row in came.tolist()],
            [truths[row] for row in came.tolist()],
        ),
    )


class _Survey(NamedTuple):
    reference: Reference
    settings: Settings
    stream: pa.Table
    start_ms: int

    def batches(self) -> Iterator[EventBatch]:
        return to_batches(
            self.stream,
            assign_roles(self.stream, **_ROLES),
            self.reference.model,
            start_ms=self.start_ms,
            interval_ms=SECOND,
            chunk=_CHUNK,
        )


def _survey(seed: int, slides: int = 1) -> _Survey:
    """One window is one year, judged so many times a year."""
    table = read(path("employment_reference.parquet"))
    reference = build(
        "employment",
        table,
        assign_roles(table, **_ROLES),
        created_ms=0,
        source="ACS 2015",
        seed=seed,
    )
    stream = join_labels(
        read(path("employment_analysis.parquet")),
        read(path("employment_labels.parquet")),
        "id",
        "employed",
    )
    year = np.asarray(read(path("employment_labels.parquet"))["year"].to_pylist())
    # The survey's rows are sorted within a year; people are not. One window is one year.
    order = np.lexsort((np.random.default_rng(seed).random(len(year)), year))
    a_year = len(year) // len(set(year.tolist())) * SECOND
    settings = Settings(
        worker=_WORKER,
        labels=LabelSettings(emit_interval_ms=SECOND, revise_interval_ms=SECOND),
        defaults=ModelSettings(
            window_ms=a_year,
            slide_ms=a_year // slides,
            allowed_lateness_ms=0,
            drift=DriftSettings(min_effect=0.03),
        ),
    )
    start = START_MS - START_MS % a_year + a_year
    return _Survey(reference, settings, stream.take(pa.array(order)), start)


#: Every act by its name.
ACTS: Mapping[str, Callable[[int], Act]] = {
    "drift": drift,
    "no-drift": no_drift,
    "employment": employment,
    "late-labels": late_labels,
}


def _credit(name: str, story: str, rows: int, seed: int, change_at: int | None = None) -> Act:
    table = applications(10_000, seed)
    roles = {"label": "label", "id": "prediction_id"}
    reference = build(
        "credit",
        table,
        assign_roles(table, **roles),
        created_ms=0,
        source="10,000 made-up applications",
        seed=seed,
        positive="default",
    )
    stream = applications(rows, seed + 1, change_at=change_at)
    return Act(
        name,
        story,
        Settings(
            worker=_WORKER,
            defaults=ModelSettings(
                window_ms=20 * MINUTE,
                slide_ms=10 * MINUTE,
                allowed_lateness_ms=MINUTE,
                alerts=AlertSettings(consecutive=2, recover=2),
            ),
        ),
        reference,
        rows,
        lambda: to_batches(
            stream,
            assign_roles(stream, **roles),
            "credit",
            start_ms=START_MS,
            interval_ms=2 * HOUR // rows,
            chunk=_CHUNK,
        ),
        truth(change_at),
    )


_CHUNK = 500
_ROLES = {"label": "employed", "id": "id"}
_WORKER = WorkerSettings(
    idle_timeout_ms=2 * SECOND, emit_interval_ms=SECOND // 2, session_timeout_ms=10 * SECOND
)
