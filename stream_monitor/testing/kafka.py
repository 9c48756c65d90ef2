"""One real Apache Kafka node on 127.0.0.1, from the JVM, without Docker.

``with KafkaServer() as kafka: kafka.bootstrap_servers`` gives a KRaft node (broker and
controller in one process) with its data in a temporary directory, gone at exit.
``python -m stream_monitor.testing.kafka --port 9092`` keeps one running until Ctrl-C.

It needs Java 17 or newer. Maven fetches the jars (about 45 MB) from Maven Central once,
into ``$XDG_CACHE_HOME/stream-monitor/kafka-<version>``.
"""

from __future__ import annotations

import argparse
import base64
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path

from stream_monitor.errors import BrokerError, ConfigurationError
from stream_monitor.testing.listeners import Listeners

KAFKA_VERSION = "4.4.0"
_MIN_JAVA = 17
_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 15.0
_READY = b"Kafka Server started"

_POM = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>stream-monitor</groupId>
  <artifactId>test-kafka</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>{version}</version>
    </dependency>
    <!-- Without a binding the broker logs nothing, not even why it stopped. -->
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-simple</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
"""

# One node holds every replica, so all internal topics have factor 1; the group
# coordinator does not wait for more members before the first rebalance.
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners={listeners},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners={listeners}
controller.listener.names=CONTROLLER
log.dirs={log_dir}
num.partitions=4
auto.create.topics.enable=false
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
log.cleaner.backoff.ms=200
log.cleaner.dedupe.buffer.size=16777216
"""


def _require_java() -> str:
    java = shutil.which("java")
    if java is None:
        raise ConfigurationError(
            f"Apache Kafka needs Java {_MIN_JAVA} or newer, and no 'java' is on the PATH: "
            "install a JDK or JRE, or point STREAM_MONITOR_TEST_KAFKA at a running broker."
        )
    words = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', words)
    if found is None or int(found.group(1)) < _MIN_JAVA:
        first = words.splitlines()[0] if words else "an unknown version"
        raise ConfigurationError(
            f"Apache Kafka needs Java {_MIN_JAVA} or newer, and 'java' here says: {first}."
        )
    return java


def cache_directory() -> Path:
    """Where the jars of :data:`KAFKA_VERSION` are kept between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "stream-monitor" / f"kafka-{KAFKA_VERSION}"


def fetch_jars() -> Path:
    """The directory of the broker's jars, fetched with Maven if it is not there yet.

    Raises:
        ConfigurationError: the jars are not cached and ``mvn`` is not on the PATH.
        BrokerError: Maven failed; the sentence ends with its last line.
    """
    cache = cache_directory()
    if cache.is_dir():
        return cache
    mvn = shutil.which("mvn")
    if mvn is None:
        raise ConfigurationError(
            "Apache Kafka's jars have to be fetched once, and no 'mvn' is on the PATH: install "
            "Maven, or point STREAM_MONITOR_TEST_KAFKA at a running broker."
        )
    cache.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache.parent) as scratch:
        pom = Path(scratch) / "pom.xml"
        pom.write_text(_POM.format(version=KAFKA_VERSION), encoding="utf-8")
        jars = Path(scratch) / "jars"
        goal = ["dependency:copy-dependencies", f"-DoutputDirectory={jars}"]
        done = subprocess.run(
            [mvn, "-q", "-B", "-f", str(pom), *goal], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            last = (done.stdout + done.stderr).strip().splitlines()[-1:]
            raise BrokerError(f"Maven could not fetch Apache Kafka {KAFKA_VERSION}: {last}.")
        try:
            jars.rename(cache)  # whole or not at all; a second fetch at the same time is harmless
        except OSError:
            if not cache.is_dir():
                raise
    return cache


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return int(port)


class KafkaServer:
    """One Apache Kafka node for a test: ``start`` returns when it answers, ``stop`` leaves nothing.

    Topics are not created on first use. The heap is 512 MB; the data directory is
    temporary. ``more`` stands beside the plain listener. A server can be started once.
    """

    def __init__(
        self, port: int | None = None, heap_mb: int = 512, more: Listeners | None = None
    ) -> None:
        self.port = free_port() if port is None else port
        self._more = more or Listeners()
        self._heap_mb = heap_mb
        self._process: subprocess.Popen[bytes] | None = None
        self._home: Path | None = None

    @property
    def bootstrap_servers(self) -> str:
        """``host:port`` for any Kafka client."""
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> KafkaServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the node and wait until it serves.

        Raises:
            ConfigurationError: Java or Maven is missing.
            BrokerError: the node stopped or did not serve within a minute; the sentence
                carries the last lines of its log.
        """
        java = _require_java()
        classpath = f"{fetch_jars()}/*"
        home = self._home = Path(tempfile.mkdtemp(prefix="stream-monitor-kafka-"))
        properties = home / "server.properties"
        text = _PROPERTIES.format(
            listeners=",".join((f"PLAINTEXT://{self.bootstrap_servers}", *self._more.addresses)),
            controller_port=free_port(),
            log_dir=home / "logs",
        )
        properties.write_text("\n".join((text, *self._more.properties)), encoding="utf-8")
        options = [
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",
        ]
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        log = home / "server.log"
        with log.open("wb") as out:
            tool = ["kafka.tools.StorageTool", "format", f"-t={cluster_id}", "-c", str(properties)]
            tool += [word for user in self._more.scram for word in ("--add-scram", user)]
            formatted = subprocess.run(
                [java, "-cp", classpath, *options, *tool], stdout=out, stderr=out, check=False
            )
            if formatted.returncode != 0:
                self._fail("Apache Kafka could not format its storage")
            self._process = subprocess.Popen(
                [
                    java,
                    f"-Xmx{self._heap_mb}m",
                    "-XX:TieredStopAtLevel=1",  # a test broker lives for seconds: start fast
                    "-cp",
                    classpath,
                    *options,
                    "kafka.Kafka",
                    str(properties),
                ],
                stdout=out,
                stderr=out,
                start_new_session=True,  # Ctrl-C is ours to handle: clients stop first
            )
        deadline = time.monotonic() + _START_TIMEOUT_S
        while _READY not in log.read_bytes():
            if self._process.poll() is not None:
                self._fail("Apache Kafka stopped while starting")
            if time.monotonic() > deadline:
                self._fail("Apache Kafka did not start within a minute")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop the node and delete its data; stopping twice is harmless."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        home, self._home = self._home, None
        if home is not None:
            shutil.rmtree(home, ignore_errors=True)

    def _fail(self, what: str) -> None:
        home = self._home
        words = (home / "server.log").read_text("utf-8", "replace") if home is not None else ""
        self.stop()
        tail = "\n".join(words.strip().splitlines()[-15:])
        raise BrokerError(f"{what}; the end of its log:\n{tail}")


def main(arguments: list[str] | None = None) -> int:
    """Run a node in the foreground until Ctrl-C or SIGTERM; the process's exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m stream_monitor.testing.kafka",
        description="Run one Apache Kafka node on 127.0.0.1 until Ctrl-C.",
    )
    parser.add_argument("--port", type=int, default=9092, help="port to serve (9092)")
    port = parser.parse_args(arguments).port
    wake = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: wake.set())
    try:
        if not cache_directory().is_dir():
            print(f"Fetching Apache Kafka {KAFKA_VERSION} with Maven, once ...", flush=True)
        print(f"Starting Apache Kafka {KAFKA_VERSION} ...", flush=True)
        with KafkaServer(port) as kafka:
            print(
                f"Kafka is ready at {kafka.bootstrap_servers}. Give workers this address; "
                "Ctrl-C stops it and deletes its data.",
                flush=True,
            )
            wake.wait()
            print("Stopping ...", flush=True)
    except (BrokerError, ConfigurationError) as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
