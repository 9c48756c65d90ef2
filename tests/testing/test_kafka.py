"""The broker for tests."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from confluent_kafka import Consumer

from stream_monitor.errors import ConfigurationError
from stream_monitor.testing.kafka import KafkaServer, fetch_jars, free_port


@pytest.mark.kafka
def test_a_server_answers_while_it_runs_and_leaves_nothing() -> None:
    port = free_port()
    command = [sys.executable, "-m", "stream_monitor.testing.kafka", "--port", str(port)]
    root = Path(__file__).parents[2]
    server = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        words = ""
        for line in server.stdout:
            words = line
            if "ready" in line:
                break
        assert f"127.0.0.1:{port}" in words
        client = Consumer({"bootstrap.servers": f"127.0.0.1:{port}", "group.id": "probe"})
        assert len(client.list_topics(timeout=20).brokers) == 1
        client.close()
        server.terminate()
        assert server.wait(30) == 0
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_without_java_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ConfigurationError, match="Java 17 or newer"):
        KafkaServer().start()


def test_an_old_java_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match=r"11\.0\.2"):
        KafkaServer().start()


def test_without_maven_and_without_jars_the_error_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    assert shutil.which("mvn") is None
    with pytest.raises(ConfigurationError, match="'mvn'"):
        fetch_jars()
