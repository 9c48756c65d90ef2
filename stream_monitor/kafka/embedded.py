"""An in-process Kafka for the demo: librdkafka's mock cluster, no JVM and no Docker.

It serves producing, consuming, consumer groups and committed offsets to any client on this
machine. It is a mock: everything is in memory, a partition keeps its newest 5 MB and drops
what is older *whether or not it was consumed*, topics have 4 partitions and appear at first
use, there is no compaction, no topic creation and no transaction log. Whoever produces has
to keep less than :data:`MAX_UNREAD_BYTES` unread a partition.
"""

from __future__ import annotations

from confluent_kafka import Producer

from stream_monitor.errors import BrokerError

#: Partitions of every topic; librdkafka's fixed default.
PARTITIONS = 4

#: Half of what a partition keeps: a producer that stays below it loses nothing.
MAX_UNREAD_BYTES = 2_500_000


class EmbeddedBroker:
    """A mock cluster of one broker on 127.0.0.1, on librdkafka's own threads.

    The broker's work is done in C outside the GIL, so a busy event loop does not stall it.
    Workers connect with ``create_topics=False``: topics cannot be created, only touched, and
    that before a worker starts (the changelogs too). A new group waits about 3 seconds for
    more members.
    """

    def __init__(self) -> None:
        self._client: Producer | None = None
        self._address = ""

    @property
    def bootstrap_servers(self) -> str:
        """``host:port`` for any Kafka client, once started."""
        return self._address

    def start(self) -> None:
        """Start the cluster.

        Raises:
            BrokerError: the cluster did not come up within 10 seconds.
        """
        client = Producer(
            # Below "notice" librdkafka says on stderr that it is a mock: we know.
            {"bootstrap.servers": "mock:1", "test.mock.num.brokers": 1, "log_level": 4}
        )
        brokers = client.list_topics(timeout=10).brokers.values()
        if not brokers:
            raise BrokerError("The embedded broker did not start.")
        broker = next(iter(brokers))
        self._client = client
        self._address = f"{broker.host}:{broker.port}"

    def touch(self, *topics: str) -> None:
        """Make topics appear, with :data:`PARTITIONS` partitions; harmless for those there."""
        if self._client is None:
            raise BrokerError("The embedded broker is not running.")
        for topic in topics:
            self._client.list_topics(topic, timeout=10)

    def stop(self) -> None:
        """Take the cluster down with everything in it; stopping twice is harmless."""
        self._client = None  # the mock cluster lives and dies with its client
        self._address = ""

    def __enter__(self) -> EmbeddedBroker:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
