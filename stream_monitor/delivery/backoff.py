"""How long to wait before the next attempt."""

from __future__ import annotations

FIRST_MS = 500
LONGEST_MS = 60_000


def wait_ms(failures: int, draw: float, longest_ms: int = LONGEST_MS) -> int:
    """Doubles from half a second to ``longest_ms``; ``draw`` of [0, 1) picks from the upper half.

    Workers that lost the same service thus do not all come back at the same moment.
    """
    if failures < 1:
        return 0
    longest = min(longest_ms, FIRST_MS * 2 ** min(failures - 1, 16))
    return int(longest * (0.5 + draw / 2))
