"""What every change detector can be asked, whatever is behind it."""

from __future__ import annotations

from typing import Protocol

from stream_monitor.statistics.arrays import FloatArray


class ChangeDetector(Protocol):
    """A detector that remembers what it has seen.

    There is no state to read or restore: river's detectors are mutable objects whose only
    serialised form is a pickle, which is neither stable between versions nor safe to read. Where a
    state must be kept, use ``Cusum`` or ``PageHinkley`` themselves, which are pure, or
    ``detectors.degradation``, which reads its own pickles from an allow-list of classes.
    """

    def update(self, values: FloatArray) -> tuple[int, ...]:
        """See float64 (n,) in order; the ascending indices in them where it fired.

        After it fired it starts anew. The same values give the same indices, however they are
        split into batches. Raises ValueError, having seen none of them, unless all values are
        within ±1e100 (0 or 1 for a detector of errors).
        """
        ...
