"""Our topics: which there are, how each is kept, and making those that are missing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from aiokafka.admin import NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from stream_monitor.config.duration import DAY
from stream_monitor.config.settings import KafkaSettings, Settings, Topic
from stream_monitor.errors import BrokerError
from stream_monitor.kafka.clients import administering
from stream_monitor.kafka.disk_age import DELETIONS_KEPT_MS

#: The name of the one table.
STATE_TABLE = "state"


class Outcome(StrEnum):
    """What became of a topic that was to be created."""

    CREATED = "created"
    EXISTS = "exists"


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """A topic as we want it."""

    name: str
    partitions: int
    config: dict[str, str]
    why: str


def topic_specs(settings: Settings) -> tuple[TopicSpec, ...]:
    """Every topic of ours.

    ``joins`` keeps what a label may still come for; ``references`` is one small compacted log
    that every worker reads whole.
    """
    kafka = settings.kafka
    size = {"max.message.bytes": str(kafka.max_message_bytes)}
    week = {"cleanup.policy": "delete", "retention.ms": str(7 * DAY)}
    compacted = {"cleanup.policy": "compact"}
    kinds: dict[Topic, tuple[int, dict[str, str], str]] = {
        "predictions": (kafka.partitions, week | size, "events of model servers"),
        "labels": (kafka.partitions, week | size, "ground truth that comes later"),
        "joins": (
            kafka.partitions,
            {"cleanup.policy": "delete", "retention.ms": str(settings.labels.retention_ms + DAY)}
            | size,
            "predictions and labels on their way to each other",
        ),
        "references": (1, compacted | size, "frozen references, the newest of each model"),
        "summaries": (kafka.partitions, week | size, "stage 1 to stage 2"),
        "reports": (kafka.partitions, week | size, "a document for each window"),
        "alerts": (kafka.partitions, week | size, "alerts: started, grown, over"),
        "dead_letters": (kafka.partitions, week | size, "messages that could not be read"),
    }
    ours = [
        TopicSpec(kafka.topic(topic), partitions, config, why)
        for topic, (partitions, config, why) in kinds.items()
    ]
    # Faust would make it, but with the broker's own limit on a message.
    state = TopicSpec(
        changelog(kafka),
        kafka.partitions,
        compacted | size | {"delete.retention.ms": str(DELETIONS_KEPT_MS)},
        "what stage 2 keeps, for recovery",
    )
    return (*ours, state)


def changelog(kafka: KafkaSettings) -> str:
    """The topic behind the worker's table, as Faust names it."""
    return f"{kafka.topic_prefix}{kafka.group}-{STATE_TABLE}-changelog"


async def create_topics(settings: Settings) -> dict[str, Outcome]:
    """Create what is missing; a topic that exists is left as it is.

    Raises:
        BrokerError: Kafka cannot be reached, or refuses a topic.
    """
    kafka, specs = settings.kafka, topic_specs(settings)
    outcomes: dict[str, Outcome] = {}
    async with administering(kafka) as admin:
        existing = set(await admin.list_topics())
        missing = [spec for spec in specs if spec.name not in existing]
        outcomes |= {spec.name: Outcome.EXISTS for spec in specs if spec.name in existing}
        if missing:
            response = await admin.create_topics(
                [
                    NewTopic(
                        spec.name, spec.partitions, kafka.replication, topic_configs=spec.config
                    )
                    for spec in missing
                ]
            )
            for name, code, *rest in response.topic_errors:
                error = for_code(code)
                if code and error is not TopicAlreadyExistsError:
                    reason = rest[0] if rest and rest[0] else error.__name__
                    raise BrokerError(f"Kafka refuses to create the topic {name}: {reason}")
                outcomes[name] = Outcome.EXISTS if code else Outcome.CREATED
    return outcomes
