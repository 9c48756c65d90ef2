"""One thing that a scenario states, beside what was."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was stated and what was; both as people read them."""

    what: str
    stated: str
    was: str
    holds: bool
