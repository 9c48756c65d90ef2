"""Has the data become worse than the reference was? Every column's checks, and the model's.

Of each column the checks of :mod:`.checks`, with ``alpha`` split over all checks of the model:
the chance that a window like the reference has any of them in alarm is at most ``alpha``. They
decide, unless the evidence does (``quality.decide``). ``statistic``, ``threshold`` and ``effect``
(the rise) are shares of rows.

Of the model ``duplicates``: the share of prediction ids that came before, in alarm above
``max_duplicates`` (``lower`` and ``upper`` are ± 1.96 standard errors where it is estimated).
With a reference also ``unknown_features``, how many features it does not have were sent, and
``score``, see :func:`quality_score`; both for information.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.checks import CHECKS, Check, Question, problem_share
from stream_monitor.detectors.verdict import Family, State, Verdict, empty_verdict
from stream_monitor.reference.model import NO_REFERENCE, ReferenceColumn
from stream_monitor.summaries.model import ModelSummary

_TWO_SIDED_95 = 1.96


def judge_quality(
    summary: ModelSummary,
    columns: Sequence[ReferenceColumn],
    reference_hash: str,
    settings: ModelSettings,
) -> tuple[Verdict, ...]:
    """The checks of all columns in their order, then those of the model.

    ``THIN`` where the window has fewer than ``min_samples`` rows, or, for ``out_of_range`` and
    ``unseen``, which are shares of the usable values, fewer of these; for ``duplicates``, fewer
    prediction ids.
    """
    alpha = settings.quality.alpha / max(1, sum(len(CHECKS[column.kind]) for column in columns))
    tests = settings.quality.decide == "test"
    verdicts: list[Verdict] = []
    for column in columns:
        facts = summary.columns[column.id].facts
        question = Question(column, facts, alpha, settings.quality.min_increase)
        for monitor, check in CHECKS[column.kind].items():
            blank = replace(_blank(monitor, column.id, reference_hash), decides=tests)
            verdicts.append(_filled(blank, check(question), settings.min_samples))
    verdicts.append(_duplicates(summary, reference_hash, settings))
    if reference_hash == NO_REFERENCE:
        return tuple(verdicts)
    information = {
        "unknown_features": float(len(summary.unknown_features.hashes)),
        "score": quality_score(summary, columns),
    }
    state = State.INFO if summary.rows >= settings.min_samples else State.THIN
    for monitor, figure in information.items():
        blank = _blank(monitor, "", reference_hash)
        verdicts.append(
            replace(blank, state=state, statistic=figure, n=summary.rows, decides=False)
        )
    return tuple(verdicts)


def quality_score(summary: ModelSummary, columns: Sequence[ReferenceColumn]) -> float | None:
    """One figure in [0, 1] for a glance: (1 - mean problem share) · (1 - duplicate share).

    A column's problem share is that of its rows with any problem, less what the reference has
    of it (see ``checks.problem_share``): a column that was always half empty costs nothing,
    and one broken column of ten costs a tenth. Duplicates spoil every column, hence the
    product. ``None`` without rows.
    """
    if not summary.rows:
        return None
    shares = [problem_share(column, summary.columns[column.id].facts) for column in columns]
    problems = [share for share in shares if share is not None]
    mean = math.fsum(problems) / len(problems) if problems else 0.0
    return (1.0 - mean) * (1.0 - summary.ids.duplicates().share)


def _blank(monitor: str, column: str, reference_hash: str) -> Verdict:
    """The verdict on nothing at all; it decides."""
    return replace(empty_verdict(Family.QUALITY, monitor, column, reference_hash), decides=True)


def _filled(blank: Verdict, check: Check | None, min_samples: int) -> Verdict:
    if check is None:
        return blank
    state = State.ALARM if check.bad > check.limit else State.OK
    return replace(
        blank,
        state=state if check.rows >= min_samples else State.THIN,
        statistic=check.bad / check.rows,
        threshold=check.limit / check.rows,
        p_value=check.p_value,
        n=check.rows,
        reference_n=check.reference_rows,
        effect=check.rise,
    )


def _duplicates(summary: ModelSummary, reference_hash: str, settings: ModelSettings) -> Verdict:
    ids, limit = summary.ids, settings.quality.max_duplicates
    blank = replace(_blank("duplicates", "", reference_hash), threshold=limit)
    if not ids.total:
        return blank
    found = ids.duplicates()
    reach = _TWO_SIDED_95 * found.standard_error
    state = State.ALARM if found.share > limit else State.OK
    return replace(
        blank,
        state=state if ids.total >= settings.min_samples else State.THIN,
        statistic=found.share,
        n=ids.total,
        lower=max(0.0, found.share - reach),
        upper=min(1.0, found.share + reach),
        effect=found.share,
    )
