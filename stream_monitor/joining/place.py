"""Whether what is in a partition of ``joins`` belongs there, by the number of its partitions."""

from __future__ import annotations

import numpy as np

from stream_monitor.errors import ConfigurationError
from stream_monitor.joining.messages import JoinMessage
from stream_monitor.joining.outbox import target_of


def check_place(message: JoinMessage, partition: int, partitions: int) -> None:
    """See that the rows of a message belong into a partition of so many, as their ids say.

    Raises:
        ConfigurationError: they do not.
    """
    for part in message.parts:
        if np.any(target_of(part.ids, partitions) != partition):
            raise ConfigurationError(
                f"the topic joins has {partitions} partitions now, and what is in its partition "
                f"{partition} was told when it had another number: labels would not find their "
                "predictions; delete joins and begin anew with another kafka.group, which reads "
                "again what Kafka still has"
            )
