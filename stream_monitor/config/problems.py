"""What is wrong with a configuration: where it stands, what was given, what is allowed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stream_monitor.errors import ConfigurationError

#: The most problems that one error message lists.
MAX_LISTED = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong: ``path`` is the setting's full name or the variable's, ``where`` the
    line or the variable that it came from, empty where ``path`` says it all."""

    path: str
    sentence: str
    where: str = ""

    def __str__(self) -> str:
        at = f" ({self.where})" if self.where else ""
        return f"{self.path}{at}: {self.sentence}"


def error_of(problems: Sequence[Problem], source: str) -> ConfigurationError:
    """All problems as one error, one line each, at most MAX_LISTED of them."""
    if len(problems) == 1:
        return ConfigurationError(f"{source} cannot be used: {problems[0]}")
    rest = len(problems) - MAX_LISTED
    more = [f"and {rest:,} more"] if rest > 0 else []
    return ConfigurationError(
        f"{source} cannot be used, {len(problems):,} settings are wrong:"
        + _lines([*map(str, problems[:MAX_LISTED]), *more])
    )


def _lines(texts: Iterable[str]) -> str:
    return "".join(f"\n  - {text}" for text in texts)
