"""What both loggers share: taking rows, and no more of the model's time than that takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from time import sleep, time_ns
from typing import TYPE_CHECKING, Any

from stream_monitor.client.batches import event_rows
from stream_monitor.client.counts import Statistics
from stream_monitor.client.courier import EXIT_TIMEOUT_S, Courier
from stream_monitor.client.exposition import Exposition
from stream_monitor.client.lane import Lane
from stream_monitor.client.pack import Packer, encode_events, encode_labels
from stream_monitor.client.refusals import Refusal, RefusedError
from stream_monitor.client.ring import Bounds
from stream_monitor.client.rows import Event, Label, captured, weight
from stream_monitor.client.sending import KafkaSender, Sender, options
from stream_monitor.client.setup import (
    MAX_MESSAGE_BYTES,
    check_options,
    check_size,
    check_topics,
    kafka_settings,
)
from stream_monitor.client.trace import from_headers

if TYPE_CHECKING:
    from datetime import datetime

    from prometheus_client import CollectorRegistry

    from stream_monitor.config.settings import KafkaSettings

_BREATH_S = 20e-6  # as short as the system lets a thread sleep


class BaseLogger:
    """All of a logger but its end, which is awaited in asyncio."""

    def __init__(
        self,
        model: str,
        *,
        bootstrap_servers: str | None = None,
        settings: KafkaSettings | None = None,
        topic: str | None = None,
        labels_topic: str | None = None,
        version: str | float | None = None,
        max_queue: int = 10_000,
        max_queue_bytes: int = 64 * 2**20,
        batch_rows: int = 500,
        linger_ms: int = 500,
        registry: CollectorRegistry | None = None,
        sender: Callable[[], Sender] | None = None,
    ) -> None:
        """A logger of one model's predictions; nothing is connected before the first is logged.

        ``settings`` is the ``kafka`` section of a worker's settings (TLS, SASL and the topics'
        prefix with it), ``bootstrap_servers`` alone is an address without any. ``max_queue`` and
        ``max_queue_bytes`` bound the events that wait, and as many labels; the bytes are an
        estimate of the memory they hold. A message goes out when ``batch_rows`` wait, or
        ``linger_ms`` after the one before. ``sender`` makes another way than Kafka, for tests.
        Raises ``ConfigurationError``, with what to do, where something cannot be.
        """
        check_options(
            model, version, max_queue=max_queue, batch_rows=batch_rows, linger_ms=linger_ms
        )
        check_size(max_queue_bytes)
        check_topics(topic=topic, labels_topic=labels_topic)
        kafka = kafka_settings(bootstrap_servers, settings)
        configuration = options(kafka)
        size = min(MAX_MESSAGE_BYTES, kafka.max_message_bytes)
        self._version = version
        self._batch_rows = min(batch_rows, max_queue)
        bounds = Bounds(max_queue, max_queue_bytes, self._batch_rows)
        self._events = Lane(
            "events",
            topic or kafka.topic("predictions"),
            Packer(model, encode_events, size, breathe=_breathe),
            bounds,
            weight,
        )
        self._event_ring = self._events.ring
        self._labels = Lane(
            "labels",
            labels_topic or kafka.topic("labels"),
            Packer(model, encode_labels, size, breathe=_breathe),
            bounds,
            weight,
        )
        lanes = (self._events, self._labels)
        told = _nobody if registry is None else Exposition(model, registry, ("events", "labels"))
        self._courier = Courier(
            lanes,
            sender or (lambda: KafkaSender(configuration)),
            batch_rows=self._batch_rows,
            linger_s=linger_ms / 1000,
            told=told,
        )

    def log(
        self,
        features: object,
        prediction: object = None,
        *,
        score: object = None,
        scores: Mapping[str, object] | None = None,
        prediction_id: str | int | None = None,
        timestamp: int | datetime | None = None,
        ground_truth: object = None,
        latency_ms: object = None,
        version: str | float | None = None,
        segments: Mapping[str, object] | None = None,
        traceparent: str | None = None,
        tracestate: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Log one prediction: takes some microseconds, never waits and never raises.

        ``features`` is a mapping, a pandas Series, a named tuple or a pydantic model; a copy is
        made, one level deep. ``timestamp`` (ms since 1970, or a datetime with its offset) is
        now unless given. ``headers`` are those of the request, for their trace context, unless
        it is given. Whatever cannot be sent is counted, see ``statistics``.
        """
        try:
            if headers is not None and traceparent is None:
                traceparent, tracestate = from_headers(headers)
            ring = self._event_ring  # as in ``_put``, without the call: see ``Ring``
            ring.append(
                Event(
                    features.copy() if type(features) is dict else captured(features),
                    prediction,
                    score,
                    None if scores is None else captured(scores),
                    latency_ms,
                    ground_truth,
                    prediction_id,
                    time_ns() // 1_000_000 if timestamp is None else timestamp,
                    self._version if version is None else version,
                    None if segments is None else captured(segments),
                    traceparent,
                    tracestate,
                )
            )
            if len(ring.new) >= ring.calm:
                self._courier.attend(self._events)
        except RefusedError as error:
            self._events.refuse(error.reason)
        except Exception:  # of an object that was logged: not the model's concern
            self._events.refuse(Refusal.UNEXPECTED)

    def log_batch(
        self,
        features: Any,
        prediction: Iterable[object] | None = None,
        *,
        score: Iterable[object] | None = None,
        scores: Mapping[str, Iterable[object]] | None = None,
        prediction_id: Iterable[object] | None = None,
        timestamp: Iterable[object] | int | datetime | None = None,
        ground_truth: Iterable[object] | None = None,
        latency_ms: Iterable[object] | float | None = None,
        version: str | float | None = None,
        segments: Mapping[str, object] | None = None,
        traceparent: str | None = None,
        tracestate: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Log many predictions as columns of one length; it takes some microseconds a row.

        ``features`` is a mapping of name to column or a pandas DataFrame; columns are lists,
        arrays or Series. ``timestamp``, ``latency_ms`` and each segment may be one value for
        all rows. Columns of unlike length are refused together. More than ``max_queue`` rows
        push each other out: give them in parts, with a ``flush`` after each.
        """
        try:
            if headers is not None and traceparent is None:
                traceparent, tracestate = from_headers(headers)
            now = time_ns() // 1_000_000
            rows = event_rows(
                features,
                prediction=prediction,
                score=score,
                scores=scores,
                latency_ms=latency_ms,
                ground_truth=ground_truth,
                prediction_id=prediction_id,
                timestamp=now if timestamp is None else timestamp,
                model_version=self._version if version is None else version,
                segments=segments,
                traceparent=traceparent,
                tracestate=tracestate,
            )
            for at, row in enumerate(rows):
                try:
                    self._put(self._events, row)
                except RefusedError as error:
                    raise RefusedError(error.reason, len(rows) - at) from error
        except RefusedError as error:
            self._events.refuse(error.reason, error.rows)
        except Exception:
            self._events.refuse(Refusal.UNEXPECTED)

    def log_label(
        self,
        prediction_id: str | int,
        ground_truth: object,
        *,
        timestamp: int | datetime | None = None,
    ) -> None:
        """Log the truth about a prediction that was logged with this id; as cheap as ``log``."""
        try:
            when = time_ns() // 1_000_000 if timestamp is None else timestamp
            self._put(self._labels, Label(prediction_id, ground_truth, when))
        except RefusedError as error:
            self._labels.refuse(error.reason)
        except Exception:
            self._labels.refuse(Refusal.UNEXPECTED)

    @property
    def statistics(self) -> Statistics:
        """What became of everything logged in this process, predictions and labels together."""
        return self._courier.statistics()

    def _put(self, lane: Lane[Any], row: Event | Label) -> None:
        ring = lane.ring
        ring.append(row)
        if len(ring.new) >= ring.calm:
            self._courier.attend(lane)

    def _close(self, timeout_s: float) -> bool:
        self._courier.close(timeout_s)
        counts = self.statistics
        return not (counts.waiting or counts.lost)

    def __del__(self) -> None:
        courier = getattr(self, "_courier", None)  # none where __init__ raised
        if courier is not None:
            courier.ask_to_end(EXIT_TIMEOUT_S)


def _breathe() -> None:
    sleep(_BREATH_S)


def _nobody(lanes: Sequence[Lane[Any]]) -> None:
    """Where no registry is."""
