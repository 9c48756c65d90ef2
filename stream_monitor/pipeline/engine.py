"""Both stages in one process, without Kafka: for files, scenarios and tests.

The machines are the live ones; only the topics between them are left out, so the same events
get the same verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from stream_monitor.config.settings import Settings
from stream_monitor.events.batch import EventBatch, RecordLike
from stream_monitor.events.decode import Decoder
from stream_monitor.events.labels import LabelDecoder
from stream_monitor.events.limits import Limits
from stream_monitor.joining.joiner import Joiner, JoinerConfig
from stream_monitor.pipeline.effects import (
    EvaluateEffect,
    Publish,
    SendDeadLetter,
    SendJoin,
    SendProgress,
    SendSlot,
    SummariseEffect,
)
from stream_monitor.pipeline.evaluate import Evaluator
from stream_monitor.pipeline.messages import LabelSlot
from stream_monitor.pipeline.model_state import EvaluatorConfig
from stream_monitor.pipeline.read_labels import LabelCounts, LabelReader
from stream_monitor.pipeline.summarise import Summariser, SummariserConfig
from stream_monitor.reference.registry import References
from stream_monitor.summaries.slices import Slicing
from stream_monitor.windows.panes import WindowSpec


def summariser_config(
    settings: Settings, references: References, joins: int = 0
) -> SummariserConfig:
    """Stage 1 as the settings have it; ``joins`` is the number of partitions of ``joins``."""
    return SummariserConfig(
        spec=lambda model: WindowSpec.of(settings.for_model(model)),
        reference=references.current,
        block_size=settings.kafka.block_size,
        idle_timeout_ms=settings.worker.idle_timeout_ms,
        slicing=partial(slicing, settings),
        joins=joins if settings.labels.join else 0,
        max_message_bytes=join_bytes(settings),
        heartbeat_ms=_HEARTBEAT_EMITS * settings.worker.emit_interval_ms,
        max_models=settings.worker.max_models,
    )


def evaluator_config(settings: Settings, references: References) -> EvaluatorConfig:
    """Stage 2 as the settings have it."""
    return EvaluatorConfig(
        settings=settings.for_model,
        reference=references.get,
        idle_timeout_ms=settings.worker.idle_timeout_ms,
        settle_ms=_SETTLE_EMITS * settings.worker.emit_interval_ms,
        retention_ms=settings.labels.retention_ms if settings.labels.join else 0,
        revise_interval_ms=settings.labels.revise_interval_ms,
        block_size=settings.kafka.block_size,
    )


def slicing(settings: Settings, model: str) -> Slicing:
    """A model's slices as the settings have them."""
    of_model = settings.for_model(model).slices
    return Slicing(of_model.segments, of_model.max_values)


def joiner_config(settings: Settings, references: References) -> JoinerConfig:
    """A joiner as the settings have it."""
    return JoinerConfig(
        slide_ms=lambda model: settings.for_model(model).slide_ms,
        slicing=partial(slicing, settings),
        reference=references.get,
        retention_ms=settings.labels.retention_ms,
        max_bytes=settings.labels.max_bytes,
        max_models=settings.worker.max_models,
    )


def label_reader(
    settings: Settings,
    references: References,
    partition: int,
    joins: int,
    counts: LabelCounts | None = None,
) -> LabelReader:
    """A reader of labels as the settings have it."""
    return LabelReader(
        partition,
        LabelDecoder(Limits(future_tolerance_ms=settings.worker.future_tolerance_ms)),
        references.current,
        joins,
        join_bytes(settings),
        counts,
    )


def join_bytes(settings: Settings) -> int:
    """How large a message to the joiners is meant to be."""
    return min(2**20, settings.kafka.max_message_bytes // 2)


def decoder(settings: Settings) -> Decoder:
    """The decoder as the settings have it."""
    return Decoder(Limits(future_tolerance_ms=settings.worker.future_tolerance_ms))


class LocalEngine:
    """A whole monitor over ``partitions`` source partitions, one stage-2 machine behind them.

    With ``labels`` a joiner is there too, and ground truth may be fed on its own. The clock
    stands still while there is input: event time alone decides what is due, until
    :meth:`finish` says that nothing more will come.
    """

    def __init__(
        self,
        settings: Settings,
        references: References,
        partitions: int = 1,
        *,
        labels: bool = False,
    ) -> None:
        self._settings = settings
        self._references = references
        joins = 1 if labels else 0
        self.summarisers = [self._summariser(p, partitions, joins) for p in range(partitions)]
        self.evaluator = Evaluator(evaluator_config(settings, references))
        self.joiner = Joiner(joiner_config(settings, references))
        self.labels = label_reader(settings, references, 0, joins)
        self._now_ms = 0

    def feed(self, partition: int, records: Sequence[RecordLike]) -> Iterator[Publish]:
        """Records of one partition, in offset order; what they complete comes out."""
        return self._evaluate(self.summarisers[partition].handle(records, self._now_ms))

    def feed_batch(self, partition: int, batch: EventBatch) -> Iterator[Publish]:
        """The same for events that are columns already."""
        first, last = int(batch.offsets[0]), int(batch.offsets[-1])
        machine = self.summarisers[partition]
        return self._evaluate(machine.absorb([batch], first, last, self._now_ms))

    def feed_labels(self, records: Sequence[RecordLike]) -> Iterator[Publish]:
        """Records of ``labels``, in offset order."""
        return self._evaluate(self.labels.handle(records))

    def flush(self) -> Iterator[Publish]:
        """Hand on what stage 1 and the joiner hold; windows that are complete come out."""
        for machine in self.summarisers:
            yield from self._evaluate(machine.flush(self._now_ms, caught_up=False))
        yield from self._joined()

    def finish(self) -> Iterator[Publish]:
        """Nothing more will come: judge what is left, and revise what labels have changed."""
        self._now_ms = _END_OF_TIME
        yield from self._rest()
        yield from self._joined()
        settle_ms = evaluator_config(self._settings, self._references).settle_ms
        # Silence is heard thrice before a step counts on it, and the first step may still be
        # the one from before the last flush.
        for _ in range(6):
            self._now_ms += settle_ms
            yield from self._rest()
        while self.evaluator.unrevised:
            self._now_ms += self._settings.labels.revise_interval_ms
            yield from _published(self.evaluator.tick(self._now_ms))

    def _rest(self) -> Iterator[Publish]:
        for machine in self.summarisers:
            yield from self._evaluate(machine.flush(self._now_ms, caught_up=True))

    def _summariser(self, partition: int, partitions: int, joins: int) -> Summariser:
        return Summariser(
            partition,
            partitions,
            decoder(self._settings),
            summariser_config(self._settings, self._references, joins),
        )

    def _joined(self) -> Iterator[Publish]:
        for labels in self.joiner.flush():
            slot = LabelSlot(0, labels)
            yield from _published(self.evaluator.handle(slot, self._now_ms))

    def _evaluate(self, effects: Iterable[SummariseEffect]) -> Iterator[Publish]:
        for effect in effects:
            out: list[EvaluateEffect] = []
            match effect:
                case SendSlot(slot=slot):
                    out = self.evaluator.handle(slot, self._now_ms)
                case SendProgress(progress=progress):
                    out = self.evaluator.handle(progress, self._now_ms)
                case SendJoin(message=message):
                    self.joiner.handle(self.joiner.position, message.encode())
                case SendDeadLetter():
                    continue
            yield from _published(out)


def _published(effects: Iterable[EvaluateEffect]) -> Iterator[Publish]:
    return (effect for effect in effects if isinstance(effect, Publish))


def run(
    engine: LocalEngine,
    batches: Iterable[EventBatch],
    *,
    progress: Callable[[int], None] = lambda rows: None,
) -> Iterator[Publish]:
    """Every report and alert of a file's events, in order; ``progress`` is told rows done."""
    for batch in batches:
        yield from engine.feed_batch(0, batch)
        yield from engine.flush()
        progress(len(batch))
    yield from engine.finish()


#: Later than any event: 9999-12-31.
_END_OF_TIME = 253_402_300_799_999

#: A partition that is not silent any more says so at the next emit or the one after; a step of
#: the watermark that counts on its silence waits longer.
_SETTLE_EMITS = 3

#: A reader that has nothing new says so at every second emit.
_HEARTBEAT_EMITS = 2
