"""What columns, monitors and figures are called in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from stream_monitor.config.monitors import EVIDENCE
from stream_monitor.detectors.degradation.verdicts import PREFIX
from stream_monitor.detectors.few_rows import MONITOR as ROWS
from stream_monitor.detectors.worse import MONITOR as WORSE

#: How the names of what tells of columns together begin.
DEPENDENCE = "dependence:"
NAMED = 5

#: What is said of a monitor in alarm, and what its statistic is called.
WHAT: dict[str, tuple[str, str]] = {
    "ks": ("the distribution of {name} has moved", "KS distance"),
    "psi": ("the distribution of {name} has moved", "PSI"),
    "wasserstein": ("the distribution of {name} has moved", "Wasserstein-1"),
    "jensen_shannon": ("the distribution of {name} has moved", "Jensen-Shannon distance"),
    "chi_square": ("the mix of categories of {name} has moved", "chi-square"),
    "l_infinity": ("the mix of categories of {name} has moved", "largest change of a share"),
    "missing": ("more values of {name} are missing", "share"),
    "non_finite": ("more values of {name} are NaN or infinite", "share"),
    "wrong_type": ("more values of {name} have the wrong type", "share"),
    "out_of_range": ("more values of {name} lie outside the reference's range", "share"),
    "unseen": ("more values of {name} are categories that the reference never had", "share"),
    "duplicates": ("the same prediction_id comes more than once", "share"),
    ROWS: ("fewer events come than there must be", "events"),
    WORSE: ("{name} is worse than the champion", ""),
    PREFIX + "cusum": ("the errors have risen", "CUSUM"),
    PREFIX + "page_hinkley": ("the errors have risen", "Page-Hinkley"),
    PREFIX + "adwin": ("the errors have risen", "ADWIN"),
    PREFIX + "ddm": ("the errors have risen", "DDM"),
    PREFIX + "hddm_a": ("the errors have risen", "HDDM_A"),
    PREFIX + EVIDENCE: ("the errors have risen", ""),
    "p99": ("the 99th percentile of the latency is above its limit", "ms"),
}
#: Performance figures that are not called by the words of their names.
FIGURE: dict[str, str] = {
    "coverage": "the share of labelled events",
    "f1": "F1",
    "mcc": "Matthews' correlation",
    "precision_weighted": "weighted precision",
    "recall_weighted": "weighted recall",
    "f1_weighted": "weighted F1",
    "roc_auc": "ROC AUC",
    "brier": "the Brier score",
    "ece": "the calibration error",
    "mae": "the mean absolute error",
    "rmse": "the root mean squared error",
    "mape": "the mean absolute relative error",
    "r2": "R²",
    "bias": "the mean error (bias)",
    "residual_p5": "the 5 % quantile of the error",
    "residual_p50": "the median error",
    "residual_p95": "the 95 % quantile of the error",
}
_EFFECT = {
    "ks": "KS {}",
    "wasserstein": "W1 {} sd",
    "psi": "PSI {}",
    "l_infinity": "L∞ {}",
    "jensen_shannon": "JS {}",
}
_RATE = {
    "missing": "missing values of {}",
    "non_finite": "NaN or infinite values of {}",
    "wrong_type": "values of the wrong type of {}",
    "out_of_range": "values out of range of {}",
    "unseen": "unseen categories of {}",
}


def name_of(column: str) -> str:
    """A column as it is called in a sentence.

    >>> name_of("feature:income"), name_of("score"), name_of("missing:feature:income")
    ('income', 'the score', 'missing values of income')
    """
    kind, _, rest = column.partition(":")
    if not rest:
        return f"the {column}" if column else "the model"
    if kind in _RATE:
        return _RATE[kind].format(name_of(rest))
    if kind == "feature":
        return rest
    if column.startswith(DEPENDENCE):
        return f"the dependence of {rest}"
    return f"{kind} {rest}"


def rate_of(column: str) -> tuple[str, str]:
    """The rate and the column of a rate's name; no rate where it has none.

    >>> rate_of("missing:feature:income"), rate_of("feature:income")
    (('missing', 'feature:income'), ('', 'feature:income'))
    """
    rate, _, rest = column.partition(":")
    return (rate, rest) if rate in _RATE else ("", column)


def effect_named(name: str, value: float) -> str:
    """A measure of an effect with its name and unit."""
    return _EFFECT.get(name, name.replace("_", " ") + " {}").format(f"{value:.3g}")


def listed(names: Sequence[str]) -> str:
    """At most five of some names, and how many there are besides.

    >>> listed(["a"]), listed(["a", "b", "c"]), listed(list("abcdefg"))
    ('a', 'a, b and c', 'a, b, c, d, e and 2 more')
    """
    named, more = list(names[:NAMED]), len(names[NAMED:])
    if more:
        return f"{', '.join(named)} and {more:,} more"
    return " and ".join(part for part in (", ".join(named[:-1]), named[-1]) if part)
