"""A made-up lender: applicants, a true risk nobody sees, and the model that is served.

What is broken, from when on, is known, so what the monitor must name is known too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

REGIONS = ("north", "east", "south", "west", "centre")
_MIX = (0.30, 0.25, 0.20, 0.15, 0.10)
_MIX_AFTER = (0.18, 0.20, 0.20, 0.20, 0.22)
MISSING_TENURE_AFTER = 0.12
INCOME_FACTOR_AFTER = 0.75


@dataclass(frozen=True, slots=True)
class Truth:
    """What must be found in a stream, and nothing else of its kind."""

    drifted: frozenset[str]  # features whose distribution moved
    missing: frozenset[str]  # features that are missing more often
    from_row: int | None  # the first row of the change


#: Nothing is wrong with the stream.
NOTHING = Truth(frozenset(), frozenset(), None)


def applications(rows: int, seed: int, *, change_at: int | None = None) -> pa.Table:
    """``rows`` applications with the model's answers and the truth, one a row.

    Columns: age (years), income (a month), utilisation (share of credit in use), tenure_months,
    existing_loans, has_card, region; prediction (``repay`` or ``default``), score (probability
    of default), latency_ms, label, prediction_id. From row ``change_at`` on incomes are a
    quarter lower, applicants come from other regions, and an eighth of the tenures is missing.
    """
    rng = np.random.default_rng(seed)
    changed = np.arange(rows) >= (rows if change_at is None else change_at)
    age = np.clip(np.round(rng.normal(43, 12, rows)), 18, 85).astype(np.int64)
    income = np.round(rng.lognormal(8.0, 0.45, rows), 2)
    income = np.where(changed, np.round(income * INCOME_FACTOR_AFTER, 2), income)
    utilisation = np.round(rng.beta(2, 5, rows), 4)
    tenure = rng.gamma(2.0, 30.0, rows).round(1)
    loans = rng.poisson(1.3, rows)
    card = rng.random(rows) < 0.7
    before = rng.choice(len(REGIONS), rows, p=_MIX)
    after = rng.choice(len(REGIONS), rows, p=_MIX_AFTER)
    region = np.array(REGIONS)[np.where(changed, after, before)]
    missing = changed & (rng.random(rows) < MISSING_TENURE_AFTER)
    # The served model knows utilisation, loans and age; the truth depends on income as well.
    served = -2.2 + 4.0 * utilisation + 0.35 * loans - 0.012 * (age - 43)
    risk = served - 0.8 * (np.log(income) - 8.0)
    score = 1 / (1 + np.exp(-served))
    truth = rng.random(rows) < 1 / (1 + np.exp(-risk))
    columns: dict[str, Any] = {
        "prediction_id": [f"app-{seed}-{i:07d}" for i in range(rows)],
        "age": age,
        "income": income,
        "utilisation": utilisation,
        "tenure_months": [
            None if gone else value for gone, value in zip(missing, tenure.tolist(), strict=True)
        ],
        "existing_loans": loans,
        "has_card": card,
        "region": region,
        "prediction": np.where(score > 0.3, "default", "repay"),
        "score": np.round(score, 6),
        "latency_ms": np.round(rng.lognormal(2.5, 0.4, rows), 3),
        "label": np.where(truth, "default", "repay"),
    }
    return pa.table(columns)


def truth(change_at: int | None) -> Truth:
    """What :func:`applications` with this ``change_at`` has broken."""
    if change_at is None:
        return NOTHING
    return Truth(frozenset({"income", "region"}), frozenset({"tenure_months"}), change_at)
