"""How many requests an address may make: a bucket of tokens each."""

from __future__ import annotations

import math
from collections import OrderedDict

#: Addresses that are remembered; the one longest silent is forgotten first.
MAX_ADDRESSES = 10_000


class Rates:
    """At most ``per_second`` requests of an address in the long run, twice that at once.

    Time is integer milliseconds of a clock that never goes back.
    """

    def __init__(self, per_second: int) -> None:
        self._per_ms = per_second / 1000
        self._most = 2.0 * per_second
        self._buckets: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def take(self, address: str, now_ms: int) -> int:
        """0 where the request may go on, else the whole seconds until one may."""
        left, at_ms = self._buckets.pop(address, (self._most, now_ms))
        left = min(self._most, left + (now_ms - at_ms) * self._per_ms)
        free = left >= 1
        self._buckets[address] = (left - 1 if free else left, now_ms)
        if len(self._buckets) > MAX_ADDRESSES:
            self._buckets.popitem(last=False)
        return 0 if free else max(1, math.ceil((1 - left) / self._per_ms / 1000))
