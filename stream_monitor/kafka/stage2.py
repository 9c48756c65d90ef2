"""Stage 2 on Kafka: slots and progress in, reports and alerts out, state in a Faust table.

A machine is made anew from its table whenever its partition is assigned or sought.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import faust
import msgspec

from stream_monitor.config.settings import Settings
from stream_monitor.errors import BrokerError, ConfigurationError
from stream_monitor.kafka.clock import now_ms
from stream_monitor.kafka.scheduler import Batch
from stream_monitor.kafka.sending import Sender, partition_of
from stream_monitor.kafka.table import StateTable
from stream_monitor.kafka.view import WorkerView
from stream_monitor.pipeline.effects import Delete, EvaluateEffect, Publish, Put, Settle
from stream_monitor.pipeline.engine import evaluator_config
from stream_monitor.pipeline.evaluate import Evaluator
from stream_monitor.pipeline.messages import BadSummaryMessageError, decode_message
from stream_monitor.reference.registry import References


class Stage2:
    """The evaluators of the ``summaries`` partitions this worker holds."""

    def __init__(
        self,
        settings: Settings,
        references: References,
        sender: Sender,
        table: StateTable,
        view: WorkerView,
        on_document: Callable[[Publish], None],
    ) -> None:
        self.machines: dict[int, Evaluator] = {}
        self._config = evaluator_config(settings, references)
        self._sender = sender
        self._table = table
        self._view = view
        self._on_document = on_document

    def seek(self, partition: int, offset: int) -> None:
        """The partition is read from ``offset`` from now on; its table knows the rest."""
        self.machines.pop(partition, None)

    def revoke(self, partition: int) -> None:
        """The partition is another worker's."""
        self.machines.pop(partition, None)

    def recover(self, partitions: Iterable[int]) -> None:
        """Read what the table has of partitions that are this worker's and have had no message.

        Else nothing is known of their models until somebody writes. A partition is passed over
        while its table lacks something that was written: there is a next time.
        """
        for partition in partitions:
            if not self._table.unacknowledged(partition):
                self._machine(partition)

    async def agent(self, stream: faust.StreamT[Batch]) -> None:
        """What Faust runs over the batches of ``summaries``."""
        async for batch in stream:
            partition = batch.partition.partition
            with self._view.timing("evaluate"):
                for record in batch.records:
                    try:
                        message = decode_message(record.value or b"")
                    except BadSummaryMessageError as exc:
                        self._view.complain(str(exc))
                        continue
                    if partition not in self.machines and self._table.unacknowledged(partition):
                        await self._sender.flush()  # what is still on its way is state too
                    machine = self._machine(partition)
                    await self._perform(partition, machine.handle(message, now_ms()))

    def _machine(self, partition: int) -> Evaluator:
        machine = self.machines.get(partition)
        if machine is None:
            if self._table.unacknowledged(partition):
                raise BrokerError("the broker did not take what was to be kept in its changelog")
            machine = Evaluator(self._config, self._view.evaluating)
            machine.restore(self._table.items(partition))
            self._check_place(partition, machine)
            self.machines[partition] = machine
        return machine

    def _check_place(self, partition: int, machine: Evaluator) -> None:
        partitions = self._sender.partitions("summaries")
        for model in machine.models:
            its = partition_of(model.encode(), partitions)
            if its != partition:
                raise ConfigurationError(
                    f"the state of {model} is in partition {partition}, and as the topic summaries "
                    f"has {partitions} partitions now, its summaries go to partition {its}: begin "
                    "anew with another kafka.group, which reads again what Kafka still has"
                )

    async def _perform(self, partition: int, effects: Iterable[EvaluateEffect]) -> None:
        for effect in effects:
            match effect:
                case Put(key=key, value=value):
                    self._table.put(partition, key, value)
                case Delete(key=key):
                    self._table.delete(partition, key)
                case Settle():
                    await self._sender.flush()
                case Publish(stream=stream, model=model, id=id_, document=document):
                    body = msgspec.json.encode(document)
                    headers = [("id", id_.encode())]
                    if not self._sender.fits(model.encode(), body, headers):
                        self._view.evaluating.dropped["document_too_large"] += 1
                        self._view.complain(
                            f"{stream} of {model}: {id_} is {len(body):,} bytes, more than "
                            "kafka.max_message_bytes, and is not published"
                        )
                        continue
                    # Kept as judged only once the broker has it: a stop between says it again.
                    await (
                        await self._sender.send(stream.value, model.encode(), body, headers=headers)
                    )
                    self._view.published(effect, now_ms())
                    self._on_document(effect)
