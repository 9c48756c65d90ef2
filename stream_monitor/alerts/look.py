"""What to look at first: where a change of this kind and this pattern usually comes from."""

from __future__ import annotations

from stream_monitor.alerts.columns import ranked
from stream_monitor.alerts.event import AlertEvent
from stream_monitor.alerts.names import DEPENDENCE, listed, name_of, rate_of
from stream_monitor.detectors.few_rows import MONITOR as ROWS
from stream_monitor.detectors.verdict import Carrier, Family
from stream_monitor.detectors.worse import MONITOR as WORSE

_OF_RATE = {
    "missing": "the last deployment of the producer: whether it still fills {name}",
    "non_finite": "how {name} is computed: a division by zero, an overflow, a logarithm of 0",
    "wrong_type": "the last deployment of the producer: whether the schema of {name} has changed",
    "out_of_range": "the units and the scaling of {name}, and values that stand for missing ones",
    "unseen": "new categories of {name}: another spelling or coding upstream, or really new ones",
}
_OF_MODEL = {
    "duplicates": "retries of the producer: whether it sends one prediction more than once",
    "coverage": "the source of the labels: whether it still delivers",
    ROWS: "who calls the model: whether its requests, or the events that tell of them, get lost",
}
_FEW = 3  # so many are named
_PERFORMANCE = (
    "which class or range of values got worse, drift alerts of the same hours, and whether the "
    "labels themselves have changed"
)
_LATENCY = "the load and the last deployment of the model server"


def look_first(event: AlertEvent) -> str:
    """Where to look first, as the end of a sentence; empty for an alert that is over."""
    if not event.is_open:
        return ""
    match event.family:
        case Family.DRIFT:
            return _of_drift(event)
        case Family.QUALITY:
            return _of_quality(event)
        case Family.PERFORMANCE if event.monitor == WORSE:
            return (
                f"what {name_of(event.column)} does otherwise (its training data, its features, "
                "how it was packed), and give it no more traffic until then"
            )
        case Family.PERFORMANCE:
            return _OF_MODEL.get(event.monitor, _PERFORMANCE)
        case _:
            return _LATENCY


def _of_drift(event: AlertEvent) -> str:
    features = [c for c in event.columns if c.column.startswith("feature:")]
    if len(features) > 1:
        names = listed([name_of(c.column) for c in ranked(features)])
        these = names if len(features) <= _FEW else f"these {len(features):,} features"
        shared = f"what {these} have in common: a job upstream, a join, a release"
        first = _first(features)
        return shared + (f"; {first} moved first" if first else "")
    if features:
        name = name_of(features[0].column)
        return f"the source of {name}: its units, its encoding, another kind of traffic"
    if event.columns and all(c.column.startswith(DEPENDENCE) for c in event.columns):
        return (
            "how these columns belong together: two that were swapped, rows that were shuffled, "
            "a join by another key; no column has moved on its own"
        )
    if event.column:
        return (
            "alerts on features of the same hours; if there is none, at the model itself: "
            "whether another version was deployed"
        )
    return "the model itself: whether another version was deployed, as no feature has moved"


def _of_quality(event: AlertEvent) -> str:
    if event.monitor in _OF_MODEL:
        return _OF_MODEL[event.monitor]
    if event.column:
        rates = {(event.monitor, event.column)}
    else:
        rates = {rate_of(c.column) for c in event.columns}
    if len(rates) == 1:
        ((rate, column),) = rates
        if rate in _OF_RATE:
            return _OF_RATE[rate].format(name=name_of(column))
    columns = {column for _, column in rates}
    if len(columns) > 1:
        return "the last deployment of the producer, and what joins these columns upstream"
    return "the last deployment of the producer, and its schema"


def _first(columns: list[Carrier]) -> str:
    """Who moved before all others, if one did."""
    begun = min(carrier.since_ms for carrier in columns)
    first = [carrier for carrier in columns if carrier.since_ms == begun]
    return name_of(first[0].column) if len(first) == 1 else ""
