"""What is wrong between the parts of a scenario that are right each for itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from stream_monitor.config import duration
from stream_monitor.config.fields import nearest
from stream_monitor.config.week import longest_slide_ms
from stream_monitor.scenarios.spec import injections as kinds
from stream_monitor.scenarios.spec.base import MAX_EVENTS, Generated
from stream_monitor.scenarios.spec.features import Boolean, Categorical
from stream_monitor.scenarios.spec.scenario import Scenario

#: What the other columns of a stream are called.
RESERVED = ("prediction", "score", "label")

#: How the figures of slices begin: ``slice:SEGMENT:VALUE:METRIC``.
SLICE = "slice:"

Path = tuple[str | int, ...]
Wrong = tuple[Path, str]


def inconsistencies(scenario: Scenario) -> Iterator[Wrong]:
    """Each thing wrong, with its path in the file."""
    length = scenario.duration_ms
    for name, one in scenario.timeline.items():
        if one.at_ms >= length:
            yield (
                ("timeline", name, "at"),
                f"{duration.render(one.at_ms)} is given, and the stream ends after "
                f"{duration.render(length)}; let it begin before, or set a longer duration",
            )
    if longest_slide_ms(scenario.settings.season) is not None and not isinstance(
        scenario.base, Generated
    ):
        yield (
            ("settings", "season"),
            "a season needs the times of the reference's rows; leave it out",
        )
    yield from _of_expectations(scenario)
    yield from _of_segments(scenario)
    if isinstance(scenario.base, Generated):
        yield from _of_generated(scenario, scenario.base)
    else:
        yield from _of_file(scenario)


def _of_expectations(scenario: Scenario) -> Iterator[Wrong]:
    expect = scenario.expect
    paths: list[Path] = [("expect", "found", i, "by") for i in range(len(expect.found))]
    paths += [("expect", "figures", i, "by") for i in range(len(expect.figures))]
    for path, one in zip(paths, expect.due, strict=True):
        after = scenario.begins_ms if one.after_ms is None else one.after_ms
        if one.by_ms <= after:
            yield (
                path,
                f"{duration.render(one.by_ms)} is given, and it can begin after "
                f"{duration.render(after)} only; set a later by or an earlier after",
            )


def _of_segments(scenario: Scenario) -> Iterator[Wrong]:
    """Segments that are not there, and figures of slices that no report will have."""
    base, judged = scenario.base, scenario.settings.slices.segments
    for name, one in scenario.timeline.items():
        for segment, value in one.where.items():
            path: Path = ("timeline", name, "where", segment)
            if segment not in base.segments:
                yield path, f"there is no segment {segment}; {_among(segment, base.segments)}"
            elif isinstance(base, Generated) and value not in base.segments[segment]:
                yield path, f"{segment} is never {value}; {_among(value, base.segments[segment])}"
    for i, figure in enumerate(scenario.expect.figures):
        if figure.figure.startswith(SLICE):
            segment = figure.figure.split(":")[1]
            path = ("expect", "figures", i, "figure")
            if segment not in base.segments:
                yield path, f"there is no segment {segment}; {_among(segment, base.segments)}"
            elif segment not in judged:
                yield path, f"{segment} is not reported; list it in settings.slices.segments"


def _among(name: str, known: Iterable[str]) -> str:
    like = nearest(name, known)
    return f"do you mean {like}?" if like else f"there are {', '.join(known) or 'none'}"


def _of_file(scenario: Scenario) -> Iterator[Wrong]:
    for name, one in scenario.timeline.items():
        if isinstance(one, kinds.ConceptDrift):
            yield (
                ("timeline", name, "inject"),
                "concept_drift needs a base with a true model of its own; leave base.file out",
            )
        if isinstance(one, kinds.LabelDelay) and scenario.base.labels.delay_ms is None:
            yield _with_events(name)


def _of_generated(scenario: Scenario, base: Generated) -> Iterator[Wrong]:
    events = base.traffic.rate * scenario.duration_ms / duration.HOUR
    if events > MAX_EVENTS:
        yield (
            ("base", "traffic", "rate"),
            f"this makes {events:,.0f} events, and a scenario may have {MAX_EVENTS:,}; "
            "lower it, or set a shorter duration",
        )
    for name in base.features:
        if name in RESERVED:
            yield ("base", "features", name), f"{name} is what another column is called"
    for i, correlation in enumerate(base.correlations):
        for name in correlation.between:
            yield from _known(base, name, ("base", "correlations", i, "between"))
    if not correlated(base):
        yield (
            ("base", "correlations"),
            "no features can have all these correlations at once; bring some nearer to 0",
        )
    yield from _of_task(base)
    for where, weights in (("truth", base.truth.weights), ("served", base.served.weights)):
        for name in weights:
            yield from _number(base, name, ("base", where, "weights", name))
    for name, one in scenario.timeline.items():
        yield from _of_injection(base, one, ("timeline", name))
        if isinstance(one, kinds.LabelDelay) and base.labels.delay_ms is None:
            yield _with_events(name)


def _of_task(base: Generated) -> Iterator[Wrong]:
    if base.task == "binary":
        if base.classes[0] == base.classes[1]:
            yield ("base", "classes"), "the two classes have one name; give each its own"
        if base.truth.noise:
            yield (
                ("base", "truth", "noise"),
                "a binary truth is a chance already; leave it out, or set task: regression",
            )
        if "decimals" in base.model_fields_set:
            yield (
                ("base", "decimals"),
                "a binary model answers no number; leave it out, or set task: regression",
            )
        return
    if not base.truth.noise:
        yield (
            ("base", "truth", "noise"),
            "a regression's truth has some; give its standard deviation, in the target's unit",
        )
    for section, key, given in (
        ((), "classes", base.model_fields_set),
        (("served",), "threshold", base.served.model_fields_set),
    ):
        if key in given:
            yield ("base", *section, key), "a regression has no classes; leave it out"


def _of_injection(base: Generated, one: kinds.Injection, path: Path) -> Iterator[Wrong]:
    feature = (*path, "feature")
    match one:
        case kinds.Drift(shares=shares) if shares is not None:
            yield from _known(base, one.feature, feature)
            kind = base.features.get(one.feature)
            if kind is not None and not isinstance(kind, Categorical | Boolean):
                yield feature, f"{one.feature} has no categories; give a shift instead of shares"
            if isinstance(kind, Boolean) and not set(shares) <= {"true", "false"}:
                yield (*path, "shares"), f"{one.feature} is true or false; give these a share"
        case kinds.Drift() | kinds.Seasonal():
            yield from _number(base, one.feature, feature)
        case kinds.DataQuality():
            yield from _known(base, one.feature, feature)
            if one.outliers or one.unit_change != 1:
                yield from _number(base, one.feature, feature)
        case kinds.NewCategory():
            yield from _known(base, one.feature, feature)
            if not isinstance(base.features.get(one.feature, None), Categorical | None):
                yield feature, f"{one.feature} has no categories; choose one that has"
        case kinds.CorrelationBreak() | kinds.SchemaBreak():
            yield from _known(base, one.feature, feature)
        case kinds.RegressionBias() if base.task != "regression":
            yield (
                (*path, "inject"),
                "regression_bias needs answers that are numbers; set base.task: regression",
            )
        case kinds.FeatureSwap():
            for name in one.features:
                yield from _known(base, name, (*path, "features"))
        case kinds.ConceptDrift():
            for name in one.weights:
                yield from _number(base, name, (*path, "weights", name))


def correlated(base: Generated) -> bool:
    """Whether there are features with these correlations: the matrix is positive definite."""
    try:
        np.linalg.cholesky(correlation_matrix(base))
    except np.linalg.LinAlgError:
        return False
    return True


def correlation_matrix(base: Generated) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """The correlations of the normal scores, features in the order of the file."""
    names = list(base.features)
    matrix = np.eye(len(names))
    for correlation in base.correlations:
        if set(correlation.between) <= set(names):
            i, j = (names.index(name) for name in correlation.between)
            if i != j:
                matrix[i, j] = matrix[j, i] = correlation.rho
    return matrix


def _with_events(name: str) -> Wrong:
    return (
        ("timeline", name, "inject"),
        "label_delay needs labels that come on their own; set base.labels.delay",
    )


def _known(base: Generated, name: str, path: Path) -> Iterator[Wrong]:
    if name not in base.features:
        yield path, f"there is no feature {name}; {_among(name, base.features)}"


def _number(base: Generated, name: str, path: Path) -> Iterator[Wrong]:
    yield from _known(base, name, path)
    if isinstance(base.features.get(name), Categorical):
        yield path, f"{name} has categories and no numbers; choose a number or a boolean"
