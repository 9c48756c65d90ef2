"""A change in how features move together: seen in the derived columns, in no feature alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pytest

from stream_monitor.config.duration import MINUTE
from stream_monitor.detectors.evidence.cuts import bins_of_column
from stream_monitor.detectors.evidence.detector import Evidence, EvidenceDetector, threshold
from stream_monitor.events.batch import EventBatch
from stream_monitor.reference.build import build
from stream_monitor.reference.data import assign_roles
from stream_monitor.reference.dependence import Dependence
from stream_monitor.reference.model import Reference, ReferenceColumn
from stream_monitor.statistics.arrays import FloatArray
from stream_monitor.summaries.model import ModelSummary

SLIDE = 5 * MINUTE
PANE = 200
MONTH = threshold(slide_ms=SLIDE)
Rng = np.random.Generator


def correlated(rng: Rng, rows: int, rho: float) -> FloatArray:
    """Four standard normal features, the first two correlated."""
    values = rng.normal(size=(rows, 4))
    values[:, 1] = rho * values[:, 0] + np.sqrt(1 - rho**2) * values[:, 1]
    return values


LOADS = np.random.default_rng(99).normal(size=(12, 3))
LOADS *= 0.9 / np.linalg.norm(LOADS, axis=1, keepdims=True)


def factors(rng: Rng, rows: int) -> FloatArray:
    """Twelve standard normal features that follow three hidden ones."""
    own = np.sqrt(1 - 0.9**2) * rng.normal(size=(rows, 12))
    values: FloatArray = rng.normal(size=(rows, 3)) @ LOADS.T + own
    return values


def swapped(rng: Rng, rows: int) -> FloatArray:
    """The same with the first two features in each other's place: each alone is as before."""
    return factors(rng, rows)[:, [1, 0, *range(2, 12)]]


def frozen(values: FloatArray, seed: int) -> Reference:
    table = pa.table({f"f{at:02d}": column for at, column in enumerate(values.T)})
    roles = assign_roles(table)
    return build("m", table, roles, created_ms=0, source="s", dependence=Dependence.AUTO, seed=seed)


def followed(
    reference: Reference, columns: Sequence[ReferenceColumn], stream: FloatArray
) -> list[Evidence]:
    """Where the columns stand after each pane of the stream, under a budget of one a month."""
    bins = [bins_of_column(column, reference.hash) for column in columns]
    detector = EvidenceDetector.of(bins, MONTH)
    state, told = detector.start(), []
    names = [column.name for column in reference.features]
    for at, rows in enumerate(np.split(stream, len(stream) // PANE)):
        offsets = np.arange(PANE)
        features = dict(zip(names, rows.T, strict=True))
        summary = ModelSummary.of(EventBatch("m", offsets, offsets, features), reference)
        counts = {
            column.name: column.count_summary(summary.columns[column.name].distribution, at * SLIDE)
            for column in bins
        }
        state, evidence = detector.update(state, counts, at * SLIDE)
        told.append(evidence)
    return told


Draw = Callable[[Rng, int], FloatArray]
CHANGES: dict[str, tuple[Draw, Draw]] = {
    "a correlation from 0 to .6": (
        lambda rng, rows: correlated(rng, rows, 0.0),
        lambda rng, rows: correlated(rng, rows, 0.6),
    ),
    "a correlation from .6 to 0": (
        lambda rng, rows: correlated(rng, rows, 0.6),
        lambda rng, rows: correlated(rng, rows, 0.0),
    ),
    "a swap of two of twelve": (factors, swapped),
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_dependence_is_in_the_derived_columns_and_in_no_feature(
    change: str, seed: int
) -> None:
    before, after = CHANGES[change]
    rng = np.random.default_rng(seed)
    reference = frozen(before(rng, 10_000), seed)
    stream = np.concatenate((before(rng, 10_000), after(rng, 1_000)))
    told = followed(reference, reference.columns, stream)
    alarms = [at for at, evidence in enumerate(told) if evidence.alarm]
    quiet = 10_000 // PANE
    assert alarms
    assert alarms[0] >= quiet  # none before the change, and one within five panes of it
    first = told[alarms[0]]
    assert first.shares[0][0].startswith("dependence:")
    assert sum(share for name, share in first.shares if name.startswith("feature:")) < 0.01
    assert not any(each.alarm for each in followed(reference, reference.features, stream))


def test_a_product_names_the_two_features_that_moved() -> None:
    rng = np.random.default_rng(1)
    reference = frozen(correlated(rng, 10_000, 0.0), 1)
    last = followed(reference, reference.columns, correlated(rng, PANE, 0.6))[-1]
    assert last.shares[0][0] == "dependence:f00*f01"
    assert reference.sources(reference.by_id[last.shares[0][0]]) == ("f00", "f01")
