"""What is counted of the labelled rows of one pane of event time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from stream_monitor.detectors.degradation.residuals import ResidualCounts

MOST_ROWS = 2**31 - 1
"""The most labelled rows of a pane, so that products of two counts fit int64."""


class PaneErrors(NamedTuple):
    """The labelled rows of the pane that starts at ``start_ms``: their number and their errors.

    ``errors``: wrong predictions (classifiers). ``absolute`` and ``squared``: Σ |e| and Σ e² of
    e = prediction − truth (regressions), ``residuals`` the counts of e. What a model's task has
    no use for stays 0.
    """

    start_ms: int
    n: int
    errors: int = 0
    absolute: float = 0.0
    squared: float = 0.0
    residuals: ResidualCounts = ResidualCounts()


def check_panes(panes: Sequence[PaneErrors], after_ms: int | None) -> None:
    """ValueError unless the panes ascend from ``after_ms`` on and their counts can be."""
    for pane in panes:
        if after_ms is not None and pane.start_ms <= after_ms:
            raise ValueError(
                f"the pane at {pane.start_ms} does not come after the one at {after_ms}: "
                f"fold panes in the order of event time, each once"
            )
        after_ms = pane.start_ms
        if not 0 <= pane.errors <= pane.n <= MOST_ROWS:
            raise ValueError(
                f"the pane at {pane.start_ms} has {pane.errors} errors in {pane.n} rows: "
                f"give 0 <= errors <= n < 2^31"
            )
        for total in (pane.absolute, pane.squared):
            if math.isnan(total) or total < 0:
                raise ValueError(
                    f"the pane at {pane.start_ms} has a sum of {total}: give 0 or more"
                )
