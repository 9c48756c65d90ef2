from __future__ import annotations

import re
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest

from stream_monitor.client import PredictionLogger, Refusal
from stream_monitor.client.exposition import COUNTERS, LABELS, PREFIX, WAITING
from stream_monitor.client.ring import Full
from tests.client.fakes import FakeKafka

PAGE = Path(__file__).parents[2] / "docs" / "client.md"


def values(registry: CollectorRegistry, name: str) -> dict[tuple[str, ...], float]:
    return {
        tuple(label for key, label in sorted(sample.labels.items()) if key != "model"): sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == PREFIX + name
    }


def test_counters_tell_what_became_of_all_rows() -> None:
    registry, kafka = CollectorRegistry(), FakeKafka()
    with PredictionLogger("m", sender=kafka.make, registry=registry) as log:
        log.log({"x": 1})
        log.log({"x": object()})
        log.log_label("a", "yes")
        log.log("no row")
    counts = log.statistics
    assert values(registry, "logged_total") == {("events",): 3, ("labels",): 1}
    assert values(registry, "sent_total") == {("events",): 1, ("labels",): 1}
    refused = values(registry, "refused_total")
    assert {key: value for key, value in refused.items() if value} == {
        ("events", "unserialisable"): 1,
        ("events", "wrong_type"): 1,
    }
    assert len(refused) == 2 * len(Refusal)
    assert sum(values(registry, "messages_total").values()) == counts.messages == 2
    assert sum(values(registry, "bytes_total").values()) == counts.bytes
    assert values(registry, "waiting") == {("events",): 0, ("labels",): 0}


def test_series_are_there_before_anything_happens_and_two_models_share_a_registry() -> None:
    registry, kafka = CollectorRegistry(), FakeKafka()
    with (
        PredictionLogger("a", sender=kafka.make, registry=registry) as one,
        PredictionLogger("b", sender=kafka.make, registry=registry),
    ):
        text = generate_latest(registry).decode()
        for model in "ab":
            labels = f'kind="events",model="{model}"'
            for reason in Full:
                series = f'stream_monitor_client_dropped_total{{{labels},reason="{reason}"}}'
                assert f"{series} 0.0" in text
        one.log({"x": 1})
        assert one.flush()
    text = generate_latest(registry).decode()
    assert 'stream_monitor_client_sent_total{kind="events",model="a"} 1.0' in text
    assert 'stream_monitor_client_sent_total{kind="events",model="b"} 0.0' in text


def quoted(labels: tuple[str, ...]) -> str:
    return ", ".join(f"`{label}`" for label in labels)


def test_the_page_lists_every_metric_reason_and_label() -> None:
    text = PAGE.read_text("utf-8")
    rows = {
        name: (labels, meaning)
        for name, labels, meaning in re.findall(
            r"^\| `(stream_monitor_client_\w+)` \| (.*?) \| (.*?) \|$", text, re.M
        )
    }
    expected = {
        f"{PREFIX}{name}_total": (quoted((*LABELS, *more)), meaning)
        for name, (more, meaning) in COUNTERS.items()
    }
    assert rows == expected | {PREFIX + WAITING[0]: (quoted(LABELS), WAITING[1])}
    reasons = text[text.index("| reason |") :].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", reasons, re.M)) == set(Refusal)
