"""Is a version worse than the champion? A verdict that may be read after every window.

Both are compared over the panes in which both have labels, so that an hour that is hard for either
counts for both; what each of them lost there is all that is looked at, whenever the labels came.

A classifier is worse if its error rate is higher by more than ``slices.min_rise``: the evidence
against "it is not" is exact (``statistics.sequential``). A regression is worse if its mean absolute
error is higher by more than the share ``slices.min_relative_rise`` of the champion's; the evidence
is asymptotic (``statistics.means``), from :data:`.comparison.LEAST_ROWS` rows a side on.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from stream_monitor.config.duration import DAY
from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.comparison import LEAST_ROWS, TIGHTEST_AT
from stream_monitor.detectors.verdict import Family, State, Verdict
from stream_monitor.statistics.means import Moments, mean_difference_sequence
from stream_monitor.statistics.sequential import log_e_value_above

MONITOR = "version_worse"
#: How the names of versions as columns begin.
COLUMN = "version:"
#: So many versions are compared at the most, however many are kept.
MOST = 20
#: Of the mean of the squares; a variance below may be rounding only.
_NOISE = 1e-9


class Loss(NamedTuple):
    """What ``n`` labelled rows lost: wrong answers, or absolute errors and the squares of these."""

    n: int = 0
    total: float = 0.0
    squares: float = 0.0

    def plus(self, other: Loss) -> Loss:
        """That of both."""
        return Loss(self.n + other.n, self.total + other.total, self.squares + other.squares)


class Beside(NamedTuple):
    """A version beside the champion, over the panes in which both have labels.

    ``is_served``: whether any event of the window is the version's.
    """

    version: str
    champion: str
    of_version: Loss
    of_champion: Loss
    is_served: bool


class _Answer(NamedTuple):
    log_e_value: float | None
    rise: float | None


def most_compared(settings: ModelSettings) -> int:
    """How many versions are compared, the champion among them."""
    return min(settings.slices.max_values, MOST)


def threshold(settings: ModelSettings) -> float:
    """log10 of the evidence that a version is in alarm from.

    All comparisons that a reference will ever see have together the chance of a false alarm that
    half of the model's budget allows in a day, and not more than ``slices.alpha``. It is shared out
    evenly to the comparisons that there can be: of every version with the champion, or where the
    champion is not given, so that any may become it, of every two.
    """
    versions = most_compared(settings)
    pairs = versions - 1
    if settings.slices.champion is None:
        pairs = pairs * versions // 2
    budget = settings.false_alarms
    chance = min(settings.slices.alpha, budget.false_alarms * DAY / budget.per_ms / 2)
    return math.log10(max(pairs, 1) / chance)


def judge_version(
    beside: Beside, settings: ModelSettings, reference_hash: str, *, regression: bool
) -> Verdict:
    """``version_worse`` of the column ``version:NAME``; it decides.

    ``statistic`` and ``threshold`` are decimal logarithms of evidence, ``effect`` is the rise of
    the error rate, or of the mean absolute error as a share of the champion's. ``n`` and
    ``reference_n`` are the labelled rows of the version and of the champion. ``ALARM`` if the
    evidence has reached its threshold and the version is served in the window; ``THIN`` below
    ``min_samples`` rows of either, or where there is no evidence (there is no share of a mean
    absolute error of 0).
    """
    found = _means(beside, settings) if regression else _rates(beside, settings)
    limit = threshold(settings)
    statistic = None if found.log_e_value is None else found.log_e_value / math.log(10)
    if statistic is None or min(beside.of_version.n, beside.of_champion.n) < settings.min_samples:
        state = State.THIN
    else:
        state = State.ALARM if beside.is_served and statistic >= limit else State.OK
    return Verdict(
        family=Family.PERFORMANCE,
        monitor=MONITOR,
        column=COLUMN + beside.version,
        state=state,
        statistic=statistic,
        threshold=limit,
        p_value=None,
        n=beside.of_version.n,
        reference_n=beside.of_champion.n,
        reference_hash=reference_hash,
        effect=found.rise,
        decides=True,
    )


def _rates(beside: Beside, settings: ModelSettings) -> _Answer:
    new, old = beside.of_version, beside.of_champion
    if not new.n or not old.n:
        return _Answer(None, None)
    log_e = log_e_value_above(new.total, new.n, old.total, old.n, settings.slices.min_rise)
    return _Answer(log_e, new.total / new.n - old.total / old.n)


def _means(beside: Beside, settings: ModelSettings) -> _Answer:
    new, old = _moments(beside.of_version), _moments(beside.of_champion)
    if new is None or old is None or not old.mean > 0:
        return _Answer(None, None)
    rise = new.mean / old.mean - 1
    if not math.isfinite(rise):
        return _Answer(None, None)
    if min(new.n, old.n) < LEAST_ROWS:
        return _Answer(None, rise)
    scale = 1 + settings.slices.min_relative_rise
    least = Moments(old.n, scale * old.mean, scale * scale * old.variance)
    found = mean_difference_sequence(new, least, TIGHTEST_AT, 10 ** -threshold(settings))
    if found is None:
        return _Answer(None, rise)
    # Evidence of a difference is two-sided; that it is smaller accuses nobody.
    log_e = found.log_e_value if new.mean > least.mean else min(found.log_e_value, 0.0)
    return _Answer(log_e, rise)


def _moments(loss: Loss) -> Moments | None:
    """``None`` with fewer than two rows, or what overflows a double."""
    if loss.n < 2 or not (math.isfinite(loss.total) and math.isfinite(loss.squares)):
        return None
    mean = loss.total / loss.n
    variance = (loss.squares - loss.total * mean) / (loss.n - 1)
    if not math.isfinite(variance):
        return None
    return Moments(loss.n, mean, variance if variance > _NOISE * loss.squares / loss.n else 0.0)
