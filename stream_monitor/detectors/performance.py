"""How well the model predicts, from the labels that came: verdicts of the figures of its task.

The figures and what is known of them stand in ``classification``, ``means``, ``scored`` and
``regression``. What is undefined is ``None`` and its verdict ``THIN``. ``lower`` and ``upper``
are 95 % intervals; ``least`` and ``most`` are hard bounds of ``roc_auc``,
``average_precision`` and quantiles, which are not exact.
"""

from __future__ import annotations

import sys

from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.classification import (
    accuracy,
    binary,
    class_counts,
    performance,
    weighted,
)
from stream_monitor.detectors.figure import Figure, mean
from stream_monitor.detectors.labels import judge_delays, judge_estimates, judge_labelled_shift
from stream_monitor.detectors.limits import limit_of
from stream_monitor.detectors.regression import regression_figures
from stream_monitor.detectors.scored import scored_figures
from stream_monitor.detectors.verdict import Family, State, Verdict
from stream_monitor.reference.model import NO_REFERENCE, Reference, Task
from stream_monitor.summaries.traffic import TrafficSummary

LESS_IS_BETTER = frozenset({"log_loss", "brier", "ece", "mae", "rmse", "mape"})


def judge_performance(
    traffic: TrafficSummary, reference: Reference | None, settings: ModelSettings
) -> tuple[Verdict, ...]:
    """``coverage`` (the labelled share), ``labels``' verdicts, and the figures of the model's task.

    First the delays of labels and ``labelled_shift``, last what is estimated without labels.

    Classifiers: ``accuracy``, ``precision``, ``recall``, ``f1``; binary ones also those of
    ``classification.binary`` and ``scored``, others the weighted means and ``log_loss``; and
    ``precision`` and ``recall`` of each class, with the column ``class:NAME``. Regressions:
    ``regression``. A figure of the model decides if the settings have a limit for it (alarm
    beyond it, and the effect is how far); all else is ``INFO``. ``THIN`` below ``min_samples``
    labels that the figures are of. A model without classes has ``coverage`` and ``accuracy``
    only.
    """
    found, limits = traffic.performance, settings.performance
    confusion = found.confusion
    labelled = confusion.labelled
    reference_hash = NO_REFERENCE if reference is None else reference.hash

    def verdict(
        monitor: str,
        figure: Figure,
        column: str = "",
        of: int = labelled,
    ) -> Verdict:
        limit = None if column else limit_of(limits, monitor, figure)
        state = State.INFO
        if of < settings.min_samples or figure.value is None:
            state = State.THIN
        elif limit is not None:
            passed = limit.is_passed(figure, certain=limits.certain)
            state = State.ALARM if passed else State.OK
        effect = None
        if limit is not None and figure.value is not None:
            effect = min(max(0.0, limit.excess(figure.value)), sys.float_info.max)
        return Verdict(
            family=Family.PERFORMANCE,
            monitor=monitor,
            column=column,
            state=state,
            statistic=figure.value,
            threshold=None if limit is None else limit.value,
            p_value=None,
            n=figure.n,
            reference_n=0,
            reference_hash=reference_hash,
            below=monitor not in LESS_IS_BETTER if limit is None else limit.below,
            lower=figure.lower,
            upper=figure.upper,
            least=figure.least,
            most=figure.most,
            effect=effect,
            decides=limit is not None,
        )

    covered = min(1.0, confusion.labelled / traffic.rows) if traffic.rows else None
    verdicts = [verdict("coverage", Figure(covered, traffic.rows), of=traffic.rows)]
    verdicts += judge_delays(found, reference_hash, settings)
    verdicts.append(judge_labelled_shift(traffic, reference_hash, settings))
    if reference is not None and reference.task is Task.REGRESSION:
        if found.residuals is not None:
            figures = regression_figures(found.residuals)
            verdicts += [verdict(name, figure, of=figure.n) for name, figure in figures.items()]
        return tuple(verdicts)
    verdicts.append(verdict("accuracy", accuracy(confusion)))
    if reference is None or not reference.classes:
        return tuple(verdicts)
    positive = limits.positive_label or reference.positive
    chosen = positive if reference.task is Task.BINARY else limits.positive_label
    figures = performance(confusion, reference.classes, chosen)
    verdicts += [verdict(name, figure) for name, figure in figures.items()]
    if reference.task is Task.BINARY:
        more = binary(confusion, reference.classes, positive)
    else:
        more = weighted(confusion)
    verdicts += [verdict(name, figure) for name, figure in more.items()]
    if found.scored is not None:
        n = found.scored.n
        of_scores = scored_figures(found.scored)
        verdicts += [verdict(name, figure, of=n) for name, figure in of_scores.items()]
    if found.class_loss is not None:
        loss = found.class_loss
        figure = mean(loss.log_loss, loss.squares, loss.n, 0.0)
        verdicts.append(verdict("log_loss", figure, of=loss.n))
    for of_class in class_counts(confusion, reference.classes):
        column = f"class:{of_class.name}"
        verdicts.append(verdict("precision", of_class.precision, column=column))
        verdicts.append(verdict("recall", of_class.recall, column=column))
    realised = {"accuracy": accuracy(confusion)} | dict(figures)
    if found.scored is not None:
        realised["roc_auc"] = scored_figures(found.scored)["roc_auc"]
    verdicts += judge_estimates(traffic, reference, chosen, realised, settings)
    return tuple(verdicts)
