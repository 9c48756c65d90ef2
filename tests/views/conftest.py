"""A Redis for the tests of this folder."""

from collections.abc import Iterator

import pytest

from stream_monitor.testing.redis import RedisServer


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    """A server that runs; a test that stops it takes one of its own."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def own() -> Iterator[RedisServer]:
    """A server that a test may stop."""
    with RedisServer() as server:
        yield server
