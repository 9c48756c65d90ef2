"""Sample sizes and levels, checked once for all two-sample tests."""

from __future__ import annotations


def effective_size(n: int, m: int) -> float:
    """The effective size nm / (n + m) of two samples; its inverse is 1/n + 1/m.

    Raises ValueError when a sample is empty: there is then nothing to compare.
    """
    if n < 1 or m < 1:
        raise ValueError(f"both samples need at least one row, got {n} and {m}")
    return n * m / (n + m)


def checked_level(alpha: float) -> float:
    """``alpha`` itself. Raises ValueError unless 0 < alpha < 1."""
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"a level lies strictly between 0 and 1, got {alpha}")
    return alpha
