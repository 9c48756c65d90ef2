"""From a table with labels to the baseline of a reference, or to its residuals."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from stream_monitor.reference.calibration import (
    BINARY_GRID,
    MULTICLASS_GRID,
    Baseline,
    Calibration,
    score_bins,
)
from stream_monitor.reference.cells import numbers, places
from stream_monitor.reference.data import Roles
from stream_monitor.reference.model import Task
from stream_monitor.reference.sampling import sampled
from stream_monitor.statistics.arrays import IntArray
from stream_monitor.statistics.grid import Grid

#: Runs of score bins, of about equally many rows.
BINARY_RUNS = 100
MULTICLASS_RUNS = 10


def baseline_of(
    table: pa.Table,
    roles: Roles,
    task: Task,
    classes: tuple[str, ...],
    positive: str | None,
    *,
    boolean: bool,
) -> Baseline | None:
    """What the labels of a table say of the predictions beside them; ``None`` without any.

    Only a binary or a multiclass model has one. Its calibration is of the rows that have a
    score in [0, 1] as well, in at most 100 (binary) or 10 runs of score bins that hold about
    equally many rows; ``None`` without such a row. ``boolean``: the classes are true and false.
    """
    if task not in (Task.BINARY, Task.MULTICLASS) or not (roles.prediction and roles.label):
        return None
    side = len(classes) + 1
    labels = places(table[roles.label], classes, boolean=boolean)
    predictions = places(table[roles.prediction], classes, boolean=boolean)
    both = (labels >= 0) & (predictions >= 0)
    if not both.any():
        return None
    pairs = labels[both] * side + predictions[both]
    confusion = np.bincount(pairs, minlength=side * side).reshape(side, side)
    if not roles.score:
        return Baseline(confusion, None)
    scores = numbers(table[roles.score])
    both &= (scores >= 0) & (scores <= 1)
    if not both.any():
        return Baseline(confusion, None)
    place = None if positive is None else classes.index(positive)
    binary = task is Task.BINARY
    grid, runs = (BINARY_GRID, BINARY_RUNS) if binary else (MULTICLASS_GRID, MULTICLASS_RUNS)
    bins = score_bins(scores[both], grid)
    starts = _starts(np.bincount(bins, minlength=grid), runs)
    run = starts.searchsorted(bins, side="right") - 1
    cells = (predictions[both] * len(starts) + run) * side + labels[both]
    counts = np.bincount(cells, minlength=side * len(starts) * side)
    shaped = counts.reshape(side, len(starts), side)
    return Baseline(confusion, Calibration(grid, place, starts, shaped))


def residuals_of(
    table: pa.Table, roles: Roles, task: Task, sample_size: int, seed: int
) -> Grid | None:
    """A sample of the errors of a regression, prediction − truth of the rows that have both.

    ``None`` without any, and for other tasks. Errors that overflow are left out.
    """
    if task is not Task.REGRESSION or not (roles.prediction and roles.label):
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        errors = numbers(table[roles.prediction]) - numbers(table[roles.label])
    errors = errors[np.isfinite(errors)]
    return sampled(errors, sample_size, seed, "residuals") if errors.size else None


def _starts(counts: IntArray, runs: int) -> IntArray:
    """The first bin of each run: cut after the bins in which the quantiles lie."""
    upto = np.cumsum(counts)
    levels = np.arange(1, runs) * int(upto[-1]) / runs
    cuts = upto.searchsorted(levels, side="left") + 1
    inner = cuts[(cuts < len(counts)) & (upto[np.minimum(cuts, len(counts)) - 1] < upto[-1])]
    return np.unique(np.append(inner, 0)).astype(np.int64)
