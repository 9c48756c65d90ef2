"""The run lengths of a Bernoulli CUSUM on a rational grid, free of cancellation."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import numpy as np

from stream_monitor.statistics.arrays import FloatArray


def run_lengths(p: float, down: int, up: int) -> Iterator[float]:
    """The average run lengths from 0 to a state ≥ H, for H = 1, 2, 3, …, without end.

    The walk on 0, 1, 2, … goes ``up`` ≥ 1 states with probability 0 < ``p`` < 1 and otherwise
    ``down`` ≥ 1 states, but never under 0. It passes H through its records (states higher than
    all before), so the run length is Σ over j < H of P(j is a record) · E[steps from there to the
    next record]. Both come from the records below j by censoring one state after the other
    (Grassmann, Taksar and Heyman, Operations Research 33, 1985). That is Gaussian elimination on
    the Markov chain's linear system, shared by all H, without a single subtraction: every run
    length is right to rounding, however long. Memory O(down · up), time O(down · up) for each H.
    """
    nexts: deque[FloatArray] = deque(maxlen=down)  # where the records j - down … j - 1 lead
    steps: deque[float] = deque(maxlen=down)  # how long they take
    records = np.zeros(up + 1)  # P(j is a record), … for j … j + up
    records[0] = 1.0
    length = 0.0
    while True:
        below = len(nexts)
        reach = np.zeros(below + up + 1)  # from the state reached by going down, to j + up
        reach[0] = 1.0 - p
        reach[-1] += p
        taken = 1.0
        for c, (following, duration) in enumerate(zip(nexts, steps, strict=True)):
            taken += reach[c] * duration
            reach[c + 1 : c + up + 1] += reach[c] * following
        above = reach[below + 1 :]
        leaves = float(above.sum())  # otherwise it is back at j and begins again
        nexts.append(above / leaves)
        steps.append(float(taken) / leaves)
        length += float(records[0]) * steps[-1]
        yield length
        records[1:] += records[0] * nexts[-1]
        records[:-1] = records[1:]
        records[-1] = 0.0
