"""W3C Trace Context: which request a prediction belongs to.

https://www.w3.org/TR/trace-context/
"""

from __future__ import annotations

import re
from typing import Any

TRACEPARENT, TRACESTATE = "traceparent", "tracestate"

#: The longest ``tracestate`` that is carried, in characters: what the standard asks for.
MAX_STATE = 512

_PARENT = re.compile(
    r"(?!ff)(?P<version>[0-9a-f]{2})-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
    r"(?P<more>-[!-~]{0,64})?",
    re.ASCII,
)
_STATE = re.compile(rf"[ -~]{{1,{MAX_STATE}}}", re.ASCII)


def from_headers(headers: Any) -> tuple[Any, Any]:
    """``traceparent`` and ``tracestate`` of a request's headers, of any mapping with ``get``.

    A plain dict may write them with a capital, as WSGI's servers do.
    """

    def of(name: str) -> Any:
        return headers.get(name) or headers.get(name.capitalize())

    return of(TRACEPARENT), of(TRACESTATE)


def valid(parent: object, state: object) -> tuple[str | None, str | None]:
    """The two as they are carried; None for one that is no such thing.

    As the standard has it, a state without a valid parent is dropped with it. Version 00 ends
    with its flags; later ones may say more.
    """
    found = _PARENT.fullmatch(parent) if isinstance(parent, str) else None
    if found is None or (found["version"] == "00" and found["more"] is not None):
        return None, None
    kept = isinstance(state, str) and _STATE.fullmatch(state) is not None
    return found[0], str(state) if kept else None
