"""Real HTTP against a server of these tests."""

import http.client
from collections.abc import Mapping
from dataclasses import dataclass

from stream_monitor.web.server import MonitorServer


@dataclass(frozen=True)
class Got:
    """An answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def ask(server: MonitorServer, path: str, method: str = "GET", **headers: str) -> Got:
    """One request over a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        names = {name.replace("_", "-"): text for name, text in headers.items()}
        connection.request(method, path, headers=names)
        answer = connection.getresponse()
        lower = {name.lower(): text for name, text in answer.getheaders()}
        return Got(answer.status, lower, answer.read())
    finally:
        connection.close()
