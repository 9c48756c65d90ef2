"""One real Redis on 127.0.0.1 from the ``redis-server`` command, that can be stopped and started.

``with RedisServer() as redis: redis.url`` keeps everything in memory; a start begins empty, unless
the server was stopped with ``keep=True``.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from stream_monitor.errors import ConfigurationError, StreamMonitorError
from stream_monitor.testing.kafka import free_port
from stream_monitor.testing.listeners import Certificates

_START_TIMEOUT_S = 10.0
_READY = "Ready to accept connections"


class RedisServer:
    """A server on a port of its own.

    ``password`` is asked for if given; with ``certificates`` it speaks TLS alone, for which its
    certificate is good for 127.0.0.1.

    Raises:
        ConfigurationError: there is no ``redis-server`` command.
    """

    def __init__(self, password: str = "", certificates: Certificates | None = None) -> None:
        command = shutil.which("redis-server")
        if command is None:
            raise ConfigurationError("there is no redis-server on the PATH; install redis-server")
        self._command = command
        self._password = password
        self._certificates = certificates
        self._home = tempfile.TemporaryDirectory(prefix="redis-")
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        """The address, without the password."""
        return f"redis{'s' if self._certificates else ''}://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start, and wait until it answers.

        Raises:
            StreamMonitorError: it has ended, or does not answer in time.
        """
        log = Path(self._home.name) / "log"
        log.unlink(missing_ok=True)
        options = ["--bind", "127.0.0.1", "--dir", self._home.name, "--logfile", str(log)]
        options += ["--save", "", "--appendonly", "no"]
        if self._password:
            options += ["--requirepass", self._password]
        if self._certificates is None:
            options += ["--port", str(self.port)]
        else:
            files = self._certificates
            options += ["--port", "0", "--tls-port", str(self.port), "--tls-auth-clients", "no"]
            options += ["--tls-cert-file", str(files.broker), "--tls-key-file", str(files.broker)]
            options += ["--tls-ca-cert-file", str(files.ca)]
        self._process = subprocess.Popen([self._command, *options], stdout=subprocess.DEVNULL)
        until = time.monotonic() + _START_TIMEOUT_S
        while not log.exists() or _READY not in log.read_text(errors="replace"):
            if self._process.poll() is not None or time.monotonic() > until:
                self.stop()
                said = log.read_text(errors="replace") if log.exists() else ""
                raise StreamMonitorError(f"redis-server did not start: {said[-2000:]}")
            time.sleep(0.02)

    def stop(self, *, keep: bool = False) -> None:
        """Stop; what it has is lost, unless it is to ``keep`` that for the next start."""
        process, self._process = self._process, None
        if process is None:
            return
        if keep:
            self.ask("SAVE")
        process.kill()
        process.wait()
        if not keep:
            (Path(self._home.name) / "dump.rdb").unlink(missing_ok=True)

    def freeze(self) -> None:
        """Let it answer nothing, with its connections open, until :meth:`thaw`."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on where it was."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None, "it was not started"
        self._process.send_signal(number)

    def ask(self, *words: str) -> str:
        """What ``redis-cli`` answers, for a server without TLS."""
        cli = shutil.which("redis-cli")
        assert cli is not None  # it is in the same package
        command = [cli, "-p", str(self.port), *words]
        env = {"REDISCLI_AUTH": self._password} if self._password else None
        done = subprocess.run(command, env=env, capture_output=True, check=True, text=True)
        return done.stdout.strip()

    def __enter__(self) -> RedisServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._home.cleanup()
