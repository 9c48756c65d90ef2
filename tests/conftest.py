"""The broker that tests marked ``kafka`` run against."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from stream_monitor.testing.kafka import KafkaServer

if TYPE_CHECKING:
    from collections.abc import Iterator


def _docker_answers() -> bool:
    # Asked by its command: docker's Python client leaks a socket when nobody answers.
    docker = shutil.which("docker")
    if docker is None:
        return False
    asked = subprocess.run([docker, "info"], capture_output=True, check=False)
    return asked.returncode == 0


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """``host:port`` of a real Apache Kafka.

    In this order: STREAM_MONITOR_TEST_KAFKA, Docker, the JVM. Without any of them the tests
    that need it fail.
    """
    given = os.environ.get("STREAM_MONITOR_TEST_KAFKA")
    if given:
        yield given
    elif _docker_answers():
        from testcontainers.kafka import KafkaContainer

        with KafkaContainer("confluentinc/cp-kafka:7.9.0").with_kraft() as container:
            yield container.get_bootstrap_server()
    else:
        with KafkaServer() as server:
            yield server.bootstrap_servers
