"""Whether those who are believed to be silent still speak.

A reader that dies has said "silent" as its last word, and that would stand while its partition
fills again. So silence counts only as long as it is repeated.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Hearing:
    """What was heard of each partition, counted: the first word is number 1.

    Of a start, not of a table: whoever listens anew has to hear everybody anew.
    """

    words: int = 0
    _newest: dict[int, tuple[int, int]] = field(default_factory=dict)  # of each the last two

    def hear(self, partition: int) -> None:
        """The reader of a partition has spoken."""
        self.words += 1
        _, newest = self._newest.get(partition, (0, 0))
        self._newest[partition] = (newest, self.words)

    def again(self, partitions: Iterable[int]) -> int:
        """The number of the newest word after which each of these has spoken twice; -1: none.

        Twice, as the first of them may have been under way already.
        """
        return min((self._newest.get(p, (0, 0))[0] for p in partitions), default=0) - 1
