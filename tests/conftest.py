"""The broker that tests marked ``kafka`` run against."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from stream_monitor.testing.kafka import KAFKA_VERSION, KafkaServer, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

# A failed assertion of a helper says what differed, as one of a test does.
pytest.register_assert_rewrite("tests.kafka.live")


def _docker_answers() -> bool:
    # Asked by its command: docker's Python client leaks a socket when nobody answers.
    docker = shutil.which("docker")
    if docker is None:
        return False
    asked = subprocess.run([docker, "info"], capture_output=True, check=False)
    return asked.returncode == 0


@contextmanager
def _container() -> Iterator[str]:
    """Apache Kafka's own image, one node, on a free port of 127.0.0.1."""
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy

    port = free_port()
    # The image makes a property of each variable; one node holds every replica. The port is
    # the same inside and outside, so the address is right for clients and for the node itself.
    properties = {
        "NODE_ID": "1",
        "PROCESS_ROLES": "broker,controller",
        "CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "LISTENERS": f"PLAINTEXT://:{port},CONTROLLER://:9093",
        "ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port}",
        "LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "NUM_PARTITIONS": "4",
        "AUTO_CREATE_TOPICS_ENABLE": "false",
        "OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR": "1",
        "SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR": "1",
        "GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "GROUP_MIN_SESSION_TIMEOUT_MS": "1000",
    }
    container = DockerContainer(f"apache/kafka:{KAFKA_VERSION}")
    container.with_envs(**{f"KAFKA_{name}": value for name, value in properties.items()})
    # The library's own type of a port knows no address, which it hands on to Docker as it is.
    ports: dict[str, Any] = {f"{port}/tcp": ("127.0.0.1", port)}
    container.ports = ports
    container.waiting_for(LogMessageWaitStrategy("Kafka Server started").with_startup_timeout(60))
    with container:
        yield f"127.0.0.1:{port}"


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """``host:port`` of a real Apache Kafka.

    In this order: STREAM_MONITOR_TEST_KAFKA, Docker, the JVM. Without any of them the tests
    that need it fail. A broker of your own needs ``group.min.session.timeout.ms`` of 3,000 or
    less.
    """
    given = os.environ.get("STREAM_MONITOR_TEST_KAFKA")
    if given:
        yield given
    elif _docker_answers():
        with _container() as address:
            yield address
    else:
        with KafkaServer() as server:
            yield server.bootstrap_servers
