"""Prometheus, Alertmanager and those who are told, as processes and threads of a test."""

import json
import shutil
import socketserver
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from stream_monitor.testing.kafka import free_port

PATIENCE_S = 90.0


def program(*names: str) -> str:
    """The first of these programs that is installed (Debian has other names)."""
    found = next((path for name in names if (path := shutil.which(name))), None)
    assert found is not None, f"install one of {names}: .ci/run does"
    return found


def get(url: str) -> Any:
    """A JSON document, or the text where it is none."""
    with urllib.request.urlopen(url, timeout=5) as answer:
        body = answer.read().decode()
    try:
        return json.loads(body)
    except ValueError:
        return body


def until(done: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
    """What ``done`` returns as soon as it is something; an error after too long."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            found = done()
        except (urllib.error.URLError, OSError):
            found = None
        if found:
            return found
        assert time.monotonic() < deadline, f"after {patience_s:.0f} s still not: {what}"
        time.sleep(0.1)


@contextmanager
def _running(command: list[str], log: Path, ready: str) -> Iterator[None]:
    with log.open("w") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said)
    try:
        until(lambda: process.poll() is not None or get(ready), f"{command[0]} is ready")
        assert process.poll() is None, log.read_text()
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def alertmanager(config: Path, data: Path, port: int | None = None) -> Iterator[str]:
    """A real Alertmanager on a port of 127.0.0.1; its URL."""
    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    command = [
        program("alertmanager", "prometheus-alertmanager"),
        f"--config.file={config}",
        f"--storage.path={data}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        "--log.level=debug",
    ]
    with _running(command, data.with_suffix(".log"), f"{url}/-/ready"):
        yield url


@contextmanager
def prometheus(config: Path, data: Path) -> Iterator[str]:
    """A real Prometheus; its URL."""
    url = f"http://127.0.0.1:{free_port()}"
    command = [
        program("prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        f"--web.listen-address={url.removeprefix('http://')}",
        # What is sent before Alertmanager is discovered is lost, and by default said again in 1 m.
        "--rules.alert.resend-delay=1s",
    ]
    with _running(command, data.with_suffix(".log"), f"{url}/-/ready"):
        yield url


@dataclass(frozen=True)
class Told:
    """A request that came: where to, its headers in lower case, its body."""

    path: str
    headers: dict[str, str]
    body: str

    @property
    def document(self) -> Any:
        return json.loads(self.body)


@dataclass
class Listener:
    """Whoever is told: keeps every request and mail; ``url`` is where it listens."""

    told: list[Told] = field(default_factory=list)
    url: str = ""
    status: int = 200

    def at(self, path: str) -> list[Told]:
        return [each for each in self.told if each.path == path]


@contextmanager
def listening(certificate: Path | None = None) -> Iterator[Listener]:
    """An HTTP server that answers every POST with the listener's status.

    With a ``certificate`` (a PEM file with its key) it speaks TLS.
    """
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            names = {name.lower(): text for name, text in self.headers.items()}
            listener.told.append(Told(self.path, names, body))
            self.send_response(listener.status)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    with _serving(server) as port:
        listener.url = f"{'https' if certificate else 'http'}://127.0.0.1:{port}"
        yield listener


@contextmanager
def mailbox() -> Iterator[tuple[str, list[str]]]:
    """A mail server that takes anything: ``host:port`` and the mails that came."""
    mails: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 ready")
            while line := self.rfile.readline().decode().strip():
                command = line.split()[0].upper()
                if command == "DATA":
                    self._say("354 go on")
                    lines = iter(lambda: self.rfile.readline().decode(), ".\r\n")
                    mails.append("".join(lines))
                self._say("221 bye" if command == "QUIT" else "250 ok")
                if command == "QUIT":
                    return

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    with _serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"127.0.0.1:{port}", mails


@contextmanager
def _serving(server: socketserver.TCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.socket.getsockname()[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
