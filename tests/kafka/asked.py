"""Questions to the API of live workers, each with who answered, and models in each partition."""

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from aiokafka.partitioner import DefaultPartitioner

from tests.kafka.live import PARTITIONS, PATIENCE_S, Monitor, Site
from tests.pipeline.events import Event

Found = TypeVar("Found")


def partition_of(model: str) -> int:
    """The partition of ``summaries`` whose owner judges a model."""
    partitions = list(range(PARTITIONS))
    return DefaultPartitioner()(model.encode(), partitions, partitions)


#: One model for each partition.
MODELS = {
    partition: next(f"m{n}" for n in range(1_000) if partition_of(f"m{n}") == partition)
    for partition in range(PARTITIONS)
}


class Answer(NamedTuple):
    """What came, and from whom."""

    status: int
    source: str | None
    worker: str | None
    age_s: int
    document: Any


def ask(worker: Monitor, path: str) -> Answer:
    """One answer; its status is 0 when nobody answers."""
    url = f"http://127.0.0.1:{worker.api_port}{path}"
    try:
        with urllib.request.urlopen(url, timeout=10) as got:
            told = got.headers
            return Answer(
                got.status,
                told["Monitor-Source"],
                told["Monitor-Worker"],
                int(told["Age"]),
                json.load(got),
            )
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, None, None, 0, json.load(error))
    except (OSError, http.client.HTTPException):
        return Answer(0, None, None, 0, {})


def drift(worker: Monitor, model: str) -> Answer:
    return ask(worker, f"/monitor/drift?model={model}")


def windows(worker: Monitor, model: str) -> list[Any]:
    """What a worker tells of the model's windows, newest first; nothing if it knows none."""
    found: list[Any] = drift(worker, model).document.get("windows", [])
    return found


def drift_from(worker: Monitor, model: str, source: str) -> Answer | None:
    """What a worker answers, once it answers from there."""
    got = drift(worker, model)
    return got if got.source == source else None


def reports(got: Answer) -> set[str]:
    """The reports that an answer tells of."""
    return {window["report_id"] for window in got.document["windows"]}


def held(worker: Monitor) -> set[int]:
    """The partitions of ``summaries`` that a worker holds, by what it says itself."""
    parts = worker.health().get("partitions", [])
    return {p["partition"] for p in parts if p["topic"].endswith("-summaries")}


def me(worker: Monitor) -> str:
    """A worker's id: it signs what it answers itself."""
    got = ask(worker, "/monitor/models")
    assert got.worker
    return got.worker


def until(what: Callable[[], Found | None], timeout_s: float = PATIENCE_S) -> Found:
    """What is found, once it is there and not empty."""
    end = time.monotonic() + timeout_s
    while not (found := what()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.1)
    return found


def feed(site: Site, rows: range) -> None:
    """Events of every model, all of whose ``x`` have drifted."""
    site.feed(
        [
            Event(at_ms=i * 500, x=9.0, c="abc"[i % 3], id=f"{model}-{i}", model=model)
            for i in rows
            for model in MODELS.values()
        ]
    )
