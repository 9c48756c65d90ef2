"""A record that cannot be read is set aside whole, with what is wrong with it."""

from __future__ import annotations

from faust.types import TP

from stream_monitor.events.batch import Rejected
from stream_monitor.kafka.sending import Sender


async def set_aside(sender: Sender, source: TP, rejected: Rejected) -> None:
    """Put a record on ``dead-letters``, under the same key whenever it is read again.

    Its value is cut where the message would be too large for Kafka.
    """
    record = rejected.record
    key = f"{source.topic}/{source.partition}/{record.offset}".encode()
    ours = [
        ("reason", rejected.reason.value.encode()),
        ("sentence", rejected.sentence.encode()),
        ("topic", source.topic.encode()),
        ("partition", str(source.partition).encode()),
        ("offset", str(record.offset).encode()),
        ("timestamp", str(record.timestamp).encode()),
    ]
    if record.key is not None:
        ours.append(("key", record.key))
    # Ours come last: of two headers with one name the last one counts.
    headers = [*((name, text or b"") for name, text in record.headers), *ours]
    value = record.value
    if value is not None and not sender.fits(key, value, headers):
        headers = [*ours[:_ALWAYS], ("cut_from_bytes", str(len(value)).encode())]
        value = value[:_CUT]
    await sender.send("dead_letters", key, value, headers=headers)


#: Headers of ours that are short whatever the record is.
_ALWAYS = 6

#: Bytes kept of a value that does not fit beside what is said of it.
_CUT = 512
