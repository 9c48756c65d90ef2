"""The headers of every answer."""

from __future__ import annotations

from aiohttp import web

_HEADERS = {
    "Server": "stream-monitor",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
#: Of what is no page.
_POLICY = "default-src 'none'; frame-ancestors 'none'"


def dress(response: web.StreamResponse) -> None:
    """Add them; a page has brought its own policy."""
    for name, value in _HEADERS.items():
        response.headers[name] = value
    response.headers.setdefault("Content-Security-Policy", _POLICY)
