"""Building a reference: each column of a table frozen into what a window is compared with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds_of

from stream_monitor.config.season import SeasonSettings
from stream_monitor.errors import DataError
from stream_monitor.events.columns import text
from stream_monitor.reference.calibrate import baseline_of, residuals_of
from stream_monitor.reference.codec import content_hash
from stream_monitor.reference.data import Roles, plain
from stream_monitor.reference.dependence import Dependence, derive
from stream_monitor.reference.infer import finite, infer_kind, is_text, number
from stream_monitor.reference.model import (
    CategoricalColumn,
    Kind,
    NumericColumn,
    Reference,
    ReferenceColumn,
    Role,
)
from stream_monitor.reference.sampling import sampled
from stream_monitor.reference.stratify import strata_of, with_derived
from stream_monitor.reference.task import task_of
from stream_monitor.statistics.arrays import FloatArray, IntArray

MAX_FEATURES = 10_000
_TOLD = 5  # how many of the columns that cannot be used an error names


def build(
    model: str,
    table: pa.Table,
    roles: Roles,
    *,
    created_ms: int,
    source: str,
    sample_size: int = 5000,
    max_categories: int = 1000,
    seed: int = 0,
    kinds: Mapping[str, Kind] | None = None,
    positive: str | None = None,
    classes: Sequence[str] = (),
    dependence: Dependence = Dependence.NONE,
    times: IntArray | None = None,
    season: SeasonSettings | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Reference:
    """The reference of the rows of ``table``; equal rows, options and seed give an equal one.

    A column's kind is what ``kinds`` says, or else inferred (see :mod:`.infer`); the score is
    numeric. A numeric column keeps all its finite values if no more than ``sample_size`` of
    them are distinct (their counts cost nothing), else ``sample_size`` of them, drawn
    uniformly without replacement; its range, mean and deviation
    (population) are of all finite values, and null, NaN and ±inf count as missing. A
    categorical column keeps its ``max_categories`` most frequent values. A label column adds
    to the classes, and gives a classifier its baseline and a regression its residuals (see
    :mod:`.calibrate`), a sample like that of a numeric column. ``classes`` of a classifier are its
    classes even if no row has them. ``dependence`` adds columns computed from several numeric
    features, where these and the rows are enough (see :mod:`.dependence`). With a ``season`` that
    has strata, the columns are also counted by stratum, at the rows' ``times`` (int64, ms since
    1970 in UTC; see :mod:`.stratify`). ``progress(done, total)`` is called after each column.

    Raises :class:`DataError` for a column that cannot be used, more than 10,000 features, a
    positive class that is none of the classes, or a season without times.
    """
    if not model:
        raise DataError("The model has no name.")
    if len(roles.features) > MAX_FEATURES:
        raise DataError(
            f"There are {len(roles.features):,} features, and a reference may have "
            f"{MAX_FEATURES:,}: choose the ones that matter (--feature)."
        )
    if sample_size < 1 or max_categories < 1:
        raise DataError("The sample size and the number of categories must be at least 1.")
    kinds = dict(kinds or {})
    wanted = [(Role.FEATURE, name) for name in roles.features]
    wanted += [(Role.PREDICTION, roles.prediction)] if roles.prediction else []
    wanted += [(Role.SCORE, roles.score)] if roles.score else []
    if not wanted:
        raise DataError("There is nothing to monitor: no feature, prediction or score is left.")
    unknown = sorted(kinds.keys() - {name for _, name in wanted})
    if unknown:
        raise DataError(f"A kind is given for {unknown[0]!r}, which is no column in use.")
    if roles.score:
        kinds.setdefault(roles.score, Kind.NUMERIC)

    def freeze(role: Role, name: str, kind: Kind | None) -> ReferenceColumn:
        column = plain(table[name])
        kind = kind or infer_kind(column, name)
        if kind is Kind.NUMERIC:
            return _numeric(role, name, column, sample_size, seed)
        return _categorical(role, name, kind, column, max_categories)

    columns: list[ReferenceColumn] = []
    problems: list[str] = []
    for done, (role, name) in enumerate(wanted, 1):
        try:
            columns.append(freeze(role, name, kinds.get(name)))
        except DataError as error:
            problems.append(str(error))
        if progress is not None:
            progress(done, len(wanted))
    if problems:
        more = f" And {len(problems) - _TOLD:,} more columns." if len(problems) > _TOLD else ""
        raise DataError(" ".join(problems[:_TOLD]) + more)

    label = None
    if roles.label and table[roles.label].null_count < table.num_rows:
        label = freeze(Role.PREDICTION, roles.label, None)
    prediction = next((c for c in columns if c.role is Role.PREDICTION), None)
    if prediction is not None and label is not None and roles.prediction not in kinds:
        # Whole-numbered predictions of a regression look like codes; the labels tell.
        values = plain(table[prediction.name])
        if label.kind is Kind.NUMERIC is not prediction.kind and not is_text(values.type):
            place = columns.index(prediction)
            prediction = freeze(Role.PREDICTION, prediction.name, Kind.NUMERIC)
            columns[place] = prediction
    task, found, chosen = task_of(prediction, label, positive, classes)
    boolean = prediction is not None and prediction.kind is Kind.BOOLEAN
    baseline = baseline_of(table, roles, task, found, chosen, boolean=boolean)
    residuals = residuals_of(table, roles, task, sample_size, seed)
    strata = None
    if season is not None and season.by != "none":
        if times is None:
            raise DataError(f"The season is by {season.by}, which needs the rows' times.")
        cells = {column.id: table[column.name] for column in columns}
        strata = strata_of(columns, cells, times, season, sample_size=sample_size, seed=seed)
    made_of = derive(table, columns, dependence, seed)
    if made_of is not None:
        of_features: list[NumericColumn] = []
        for name, made in zip(made_of.derived.inputs, made_of.values, strict=True):
            known = made[~np.isnan(made)] + 0.0
            of_features.append(_sampled(Role.DEPENDENCE, name, known, len(made), sample_size, seed))
        columns += of_features
        if strata is not None and times is not None:
            strata = with_derived(
                strata,
                of_features,
                made_of.values,
                times[made_of.rows],
                sample_size=sample_size,
                seed=seed,
            )
    derived = None if made_of is None else made_of.derived
    frozen = tuple(columns)
    return Reference(
        model=model,
        columns=frozen,
        rows=table.num_rows,
        task=task,
        classes=found,
        positive=chosen,
        source=source,
        created_ms=created_ms,
        hash=content_hash(
            frozen, table.num_rows, task, found, chosen, baseline, residuals, derived, strata
        ),
        baseline=baseline,
        residuals=residuals,
        derived=derived,
        strata=strata,
    )


def _numeric(
    role: Role, name: str, column: pa.ChunkedArray, sample_size: int, seed: int
) -> NumericColumn:
    kind = column.type
    if is_text(kind):
        values = np.array([number(t) for t in column.drop_null().to_pylist()], dtype=np.float64)
        values = values[np.isfinite(values)] + 0.0
    elif kinds_of.is_integer(kind) or kinds_of.is_floating(kind) or kinds_of.is_null(kind):
        values = finite(column)
    else:
        raise DataError(f"The column {name!r} holds {kind} and cannot be numeric.")
    if not len(values):
        raise DataError(
            f"The column {name!r} has no finite number: leave it out (--ignore {name})."
        )
    return _sampled(role, name, values, len(column), sample_size, seed)


def _sampled(
    role: Role, name: str, values: FloatArray, rows: int, sample_size: int, seed: int
) -> NumericColumn:
    """The column of the finite values of so many rows; at least one."""
    mean, sd = _moments(values)
    return NumericColumn(
        role=role,
        name=name,
        grid=sampled(values, sample_size, seed, f"{role}:{name}"),
        rows=rows,
        missing=1 - len(values) / rows,
        minimum=float(values.min()),
        maximum=float(values.max()),
        mean=mean,
        sd=sd,
    )


def _moments(values: FloatArray) -> tuple[float, float]:
    """Mean and population standard deviation, free of overflow at any scale."""
    scale = float(np.abs(values).max())
    if scale == 0.0:
        return 0.0, 0.0
    with np.errstate(under="ignore"):
        scaled = values / scale
        # Rounding may take either beyond 1, and a product beyond the largest float.
        mean = min(max(float(scaled.mean()), -1.0), 1.0)
        return mean * scale, min(float(scaled.std()), 1.0) * scale


def _categorical(
    role: Role, name: str, kind: Kind, column: pa.ChunkedArray, max_categories: int
) -> CategoricalColumn:
    counted = pc.value_counts(column.drop_null())
    values = counted.field("values").to_pylist()
    times = counted.field("counts").to_pylist()
    texts = text(values, len(values), boolean=kind is Kind.BOOLEAN)
    found: Counter[str] = Counter()
    for category, count in zip(texts.texts, times, strict=True):
        if category is not None:
            found[category] += count
    usable = sum(found.values())
    if not usable:
        raise DataError(f"The column {name!r} has no usable value: leave it out (--ignore {name}).")
    if kind is Kind.BOOLEAN:
        kept = [("false", found["false"]), ("true", found["true"])]
    else:
        kept = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:max_categories]
    counts = np.array([count for _, count in kept], dtype=np.int64)
    return CategoricalColumn(
        role=role,
        name=name,
        kind=kind,
        categories=tuple(category for category, _ in kept),
        counts=counts,
        other=usable - int(counts.sum()),
        rows=len(column),
        missing=1 - usable / len(column),
    )
