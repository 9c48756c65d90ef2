"""Bodies that were sent compressed.

aiohttp would decompress them before anybody is asked who he is, also what it throws away: a
megabyte that becomes a gigabyte would hold up the event loop. Here it is done off the loop, for
whoever may send, and up to the bound of bodies.
"""

from __future__ import annotations

import zlib
from http import HTTPStatus

from stream_monitor.web.api.problems import ProblemError

#: By the name in Content-Encoding, what zlib calls it.
_WINDOWS = {"gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


def require_encoding(encoding: str) -> str:
    """The encoding's name in lower case, "" for none; a 415 :class:`ProblemError` for any other."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return ""
    if name not in _WINDOWS:
        raise ProblemError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "send the body as it is, or with Content-Encoding gzip or deflate",
        )
    return name


def decoded(body: bytes, encoding: str, most: int) -> bytes:
    """The body by an encoding of :func:`require_encoding`, of at most ``most`` bytes.

    Raises:
        ProblemError: 413 where it is larger, 400 where it is not whole or not of that encoding.
    """
    if not encoding:
        return body
    stream = zlib.decompressobj(_WINDOWS[encoding])
    try:
        found = stream.decompress(body, most + 1)
    except zlib.error:
        raise broken() from None
    if len(found) > most:
        raise too_large()
    if not stream.eof or stream.unused_data:
        raise broken()
    return found


def too_large() -> ProblemError:
    """413."""
    return ProblemError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "the body is larger than api.max_body_bytes; send it in several requests",
    )


def broken() -> ProblemError:
    """400."""
    return ProblemError(
        HTTPStatus.BAD_REQUEST,
        "the body is not whole, or not encoded as its headers say; send it again",
    )
