"""What machines of stage 1 count of the records they read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counts:
    """What machines have done, one or several that share it; only ever grows."""

    records: int = 0
    events: Counter[str] = field(default_factory=Counter)  # by model
    rejected: Counter[str] = field(default_factory=Counter)  # by reason
    dropped: Counter[str] = field(default_factory=Counter)  # by limit
    without_reference: Counter[str] = field(default_factory=Counter)  # by model
    without_id: Counter[str] = field(default_factory=Counter)  # by model: no label can join
