"""What is known of a change of each column: of all strata together, a row a column.

Both recursions are of the columns' e-values: M says whether there is a change (see ``detector``),
S since when. S ← max(S, 0) + ln e, 0 at the start, is the log-likelihood ratio of the best place
of a change so far (Page, Biometrika 41, 1954); that place is where S last began from 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from stream_monitor.statistics.arrays import FloatArray, IntArray

NEVER = int(np.iinfo(np.int64).min)
"""The start of a change where there were no rows yet."""


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What a pane says of one group's F columns.

    ``log_e``: float64 (F, Q); ``weights``: float64 (F,), w; ``seen``: bool (F,), which have rows;
    ``recent``: the histograms after it.
    """

    log_e: FloatArray
    weights: FloatArray
    seen: npt.NDArray[np.bool_]
    recent: FloatArray

    @classmethod
    def nothing(cls, held: Tracks) -> Said:
        """To be written into: no column has rows."""
        columns = held.log_m.shape[0]
        seen = np.zeros(columns, dtype=np.bool_)
        return cls(np.zeros(held.log_m.shape), np.zeros(columns), seen, held.recent.copy())


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
    """Of one group's F columns, with Q alternatives, A of which are histograms: read-only arrays.

    ``recent``: float64 (F, A, K), the histograms of the newest panes. ``log_m``: float64 (F, Q),
    ln of the Shiryaev–Roberts statistics; -inf at the start and after an alarm. ``cusum``: float64
    (F, Q), S; ``began``: int64 (F, Q), the start of the pane with which it last began from 0.
    """

    recent: FloatArray
    log_m: FloatArray
    cusum: FloatArray
    began: IntArray

    @classmethod
    def begun(cls, columns: int, size: int, histograms: int, bins: int) -> Tracks:
        """Before the first pane."""
        return cls(
            np.zeros((columns, histograms, bins)),
            np.full((columns, size), -np.inf),
            np.zeros((columns, size)),
            np.full((columns, size), NEVER, dtype=np.int64),
        ).frozen()

    def arrays(self) -> tuple[FloatArray | IntArray, ...]:
        return self.recent, self.log_m, self.cusum, self.began

    def frozen(self) -> Tracks:
        """The same, made read-only."""
        for array in self.arrays():
            array.flags.writeable = False
        return self

    def after(self, pane_ms: int, said: Said) -> Tracks:
        """After a pane; a column without rows has e = 1 and w = 0, and keeps its S."""
        given, rows = said.weights[:, None], said.seen[:, None]
        log_weights = np.log(given, out=np.full_like(given, -np.inf), where=given > 0)
        log_m = said.log_e + np.maximum(np.logaddexp(self.log_m, log_weights), 0.0)
        cusum = np.where(rows, np.maximum(self.cusum, 0.0) + said.log_e, self.cusum)
        began = np.where(rows & (self.cusum <= 0.0), pane_ms, self.began)
        return Tracks(said.recent, log_m, cusum, began)

    def log_means(self) -> FloatArray:
        """ln of each column's M, the mean over its alternatives, float64 (F,); after a pane."""
        highest = self.log_m.max(axis=1, keepdims=True)
        total = np.exp(self.log_m - highest).sum(axis=1) / self.log_m.shape[1]
        mean: FloatArray = highest[:, 0] + np.log(total)
        return mean

    def since(self, row: int, pane_ms: int) -> int:
        """Since when that column has most likely changed; ``pane_ms`` if it had no rows."""
        began = int(self.began[row, self.cusum[row].argmax()])
        return pane_ms if began == NEVER else began

    def again(self, rows: list[int], *, others: bool) -> Tracks:
        """After an alarm: M and S of the columns that carried it, at ``rows``, are 0.

        M of the ``others`` too, if what is spent with those is less than the threshold.
        """
        cusum, log_m = self.cusum.copy(), self.log_m.copy()
        cusum[rows] = 0.0
        log_m[slice(None) if others else rows] = -np.inf
        return replace(self, log_m=log_m, cusum=cusum)
