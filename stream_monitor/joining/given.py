"""Labels with all that is known of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stream_monitor.events.columns import OK
from stream_monitor.joining.columns import RowStore
from stream_monitor.joining.messages import LabelPart
from stream_monitor.statistics.arrays import BoolArray, IntArray
from stream_monitor.summaries.outcomes import Encoded


class GivenLabels(NamedTuple):
    """n labels, each as a class and as a number, when it was known, and its offset on ``joins``."""

    texts: Encoded
    numbers: Encoded
    at: IntArray
    offsets: IntArray

    @classmethod
    def of(cls, kept: RowStore, rows: IntArray) -> GivenLabels:
        return cls(
            Encoded(kept.get("text", rows), kept.get("text_code", rows)),
            Encoded(kept.get("number", rows), kept.get("number_code", rows)),
            kept.get("at", rows),
            kept.get("offset", rows),
        )

    @classmethod
    def of_part(cls, part: LabelPart, offset: int, rows: IntArray) -> GivenLabels:
        return cls(
            part.texts.take(rows),
            part.numbers.take(rows),
            part.timestamps[rows],
            np.full(len(rows), offset),
        )

    def chosen(self, numeric: BoolArray) -> Encoded:
        """As numbers where the row's reference has numbers, as classes elsewhere."""
        return Encoded(
            np.where(numeric, self.numbers.words, self.texts.words),
            np.where(numeric, self.numbers.codes, self.texts.codes),
        )


def same(one: Encoded, other: Encoded) -> BoolArray:
    """Which of the answers are equal."""
    same: BoolArray = (one.codes == other.codes) & ((one.words == other.words) | (one.codes != OK))
    return same
