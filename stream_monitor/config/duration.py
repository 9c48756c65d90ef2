"""Durations as people write them (``1h30m``) and as the code holds them (whole ms)."""

from __future__ import annotations

import re

MILLISECOND = 1
SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

#: The longest duration: a hundred years; every sum of two such fits into 64 bits.
LONGEST = 36_525 * DAY

#: Unit to ms, largest first: the order in which parts may stand.
UNITS = {"d": DAY, "h": HOUR, "m": MINUTE, "s": SECOND, "ms": MILLISECOND}

_TEXT = re.compile(
    r"\s*(?=[0-9])" + "".join(rf"(?:(?P<{u}>[0-9]{{1,16}}){u}\s*)?" for u in UNITS), re.ASCII
)
_FORMS = "write 250ms, 30s, 5m, 1h, 7d, 1h30m or a whole number of milliseconds"


def parse(value: object) -> int:
    """Milliseconds of a duration: a text of parts from days to ms, or whole milliseconds.

    Each unit stands at most once, the larger ones first (``1h30m``); a text of digits only
    is milliseconds. Negative durations and durations above a hundred years are refused.
    Raises ``ValueError`` with one sentence that says what is allowed.

    >>> parse("1h30m"), parse(250)
    (5400000, 250)
    """
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f"{value!r} is no duration; {_FORMS}")
    ms = value if isinstance(value, int) else _parse_text(value)
    if ms < 0:
        raise ValueError(f"{value!r} is a negative duration; {_FORMS}")
    if ms > LONGEST:
        raise ValueError(f"{value!r} is longer than a hundred years (36525d); {_FORMS}")
    return ms


def _parse_text(text: str) -> int:
    stripped = text.strip()
    if re.fullmatch(r"[0-9]{1,16}", stripped):
        return int(stripped)
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no duration; {_FORMS}")
    return sum(int(match[unit] or 0) * ms for unit, ms in UNITS.items())


def render(ms: int) -> str:
    """The shortest exact text of a duration of at least 0 ms: ``parse(render(ms)) == ms``.

    >>> render(5_400_000), render(0)
    ('1h30m', '0ms')
    """
    if ms < 0:
        raise ValueError(f"{ms} is a negative duration")
    parts = []
    rest = ms
    for unit, size in UNITS.items():
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0ms"
