"""After a true change: the events since then become the reference of a worker that runs."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stream_monitor.alerts.times import rfc3339
from stream_monitor.cli.main import run
from stream_monitor.config.limits import MinimumSettings
from stream_monitor.config.monitors import AlertSettings, DriftSettings, PerformanceSettings
from stream_monitor.config.settings import ModelSettings
from stream_monitor.reference.codec import decode
from stream_monitor.reference.model import NumericColumn
from tests.kafka.live import Documents, Monitor, Site, published
from tests.pipeline.events import EPOCH_MS, Event, reference

pytestmark = pytest.mark.kafka

OLD = published(reference())
SLIDE_MS, STEP_MS, PHASE_MS = 20_000, 100, 300_000
PHASE_ROWS = PHASE_MS // STEP_MS


@pytest.fixture
def site(kafka: str, tmp_path: Path) -> Iterator[Site]:
    of_model = ModelSettings(
        window_ms=3 * SLIDE_MS,
        slide_ms=SLIDE_MS,
        allowed_lateness_ms=30_000,
        min_samples=5,
        drift=DriftSettings(alpha=1e-6, min_effect=0.3),
        alerts=AlertSettings(consecutive=2, recover=2),
        performance=PerformanceSettings(min=MinimumSettings(accuracy=0.9)),
    )
    with Site(kafka, tmp_path, {"m": of_model}) as site:
        site.create_topics()
        yield site


def phase(number: int) -> list[Event]:
    """``x`` is three away from the old reference, and half of the predictions are wrong."""
    rng = random.Random(number)
    return [
        Event(
            number * PHASE_MS + i * STEP_MS,
            x=round(rng.gauss(3.0, 1.0), 1),
            c=rng.choice("aaaaabbbcc"),
            prediction=rng.choice("00011"),
            truth=rng.choice("01") if i % 2 else None,
            id=f"{number}-{i}",
        )
        for i in range(PHASE_ROWS)
    ]


def send_labels(site: Site, events: list[Event]) -> None:
    for event in events:
        if event.truth is None:
            label = {"model": "m", "prediction_id": event.id, "ground_truth": event.prediction}
            site.send("labels", json.dumps(label).encode())
    site.flush()


def said(site: Site, capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """The document of a command of ``stream-monitor reference``."""
    assert run(["reference", *arguments, "--config", str(site.config), "--json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def current(worker: Monitor) -> str | None:
    model = worker.health()["models"].get("m")
    return None if model is None else model["reference"]


def test_a_promoted_reference_ends_the_drift_and_nothing_else(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    reports, alerts = Documents(site, "reports", "report_id"), Documents(site, "alerts", "alert_id")
    site.publish(OLD)
    worker = site.worker("a")
    worker.until_running()
    worker.until(lambda: current(worker) == OLD.hash)
    first = phase(0)
    site.feed(first)
    send_labels(site, first)

    def of(family: str, column: str = "") -> list[dict[str, Any]]:
        found = [copies[-1] for copies in alerts.update().values()]
        return [a for a in found if a["family"] == family and a["column"] == column]

    def accuracy() -> list[str]:
        return [a["status"] for a in of("performance") if a["monitor"] == "accuracy"]

    worker.until(lambda: [a["status"] for a in of("drift")] == ["started"])
    worker.until(lambda: accuracy() == ["started"])

    since = rfc3339(EPOCH_MS + 60_000)
    until = rfc3339(EPOCH_MS + 240_000)
    file = tmp_path / "new.reference"
    command = ("promote", "m", "--since", since, "--until", until)
    shown = said(site, capsys, *command, "--dry-run", "-o", str(file))
    assert (shown["published"], shown["replaces"], shown["rows"]) == (False, OLD.hash, 1800)
    # Half of the labels came with their events, the other half on the topic of labels.
    assert shown["labelled"] == 1800
    assert shown["columns"][0]["column"] == "feature:x"
    assert shown["columns"][0]["distance"] > 0.8
    assert (shown["first_ms"], shown["last_ms"]) == (EPOCH_MS + 60_000, EPOCH_MS + 239_900)
    assert current(worker) == OLD.hash

    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert run(["reference", *command, "--config", str(site.config)]) == 130
    assert f"Publish {shown['hash']} in place of {OLD.hash}?" in capsys.readouterr().out
    assert [r["hash"] for r in said(site, capsys, "history", "m")["references"]] == [OLD.hash]
    assert run(["reference", *command, "--ignore", "z", "--config", str(site.config)]) == 3
    assert "no feature 'z' to ignore" in capsys.readouterr().err

    done = said(site, capsys, *command, "--yes")
    assert done["published"]
    new = decode(file.read_bytes())
    assert (done["hash"], new.replaces) == (new.hash, OLD.hash)
    assert since in new.source
    assert until in new.source
    x = new.by_id["feature:x"]
    assert isinstance(x, NumericColumn)
    assert x.mean == pytest.approx(3.0, abs=0.1)
    worker.until(lambda: current(worker) == new.hash)

    second = phase(1)
    site.feed(second)
    send_labels(site, second)
    end_ms = EPOCH_MS + 2 * PHASE_MS - SLIDE_MS
    worker.until(
        lambda: any(
            copies[-1]["reference_hash"] == new.hash and copies[-1]["window"]["end_ms"] >= end_ms
            for copies in reports.update().values()
        )
    )
    (drift,) = of("drift")
    assert (drift["status"], drift["reference_hash"]) == ("recovered", OLD.hash)
    assert "the reference or the configuration was replaced" in drift["summary"]
    # The labels' alert is of no reference: it goes on as it was.
    assert accuracy() == ["started"]
    # Every event of the second phase was counted, and none by the old reference.
    firsts = [copies[0] for copies in reports.update().values()]
    later = [r for r in firsts if r["window"]["start_ms"] >= EPOCH_MS + PHASE_MS]
    assert {r["reference_hash"] for r in later} == {new.hash}
    assert max(r["rows"] for r in later) == 3 * SLIDE_MS // STEP_MS
    assert all(r["processing"]["late_rows"] == 0 for r in firsts)
    assert worker.health()["errors"] == 0

    history = said(site, capsys, "history", "m")["references"]
    assert [(r["hash"], r["replaces"]) for r in history] == [
        (new.hash, OLD.hash),
        (OLD.hash, None),
    ]
    # The same again is no news, and neither is its file.
    again = said(site, capsys, *command, "--yes")
    assert not again["published"]
    assert said(site, capsys, "publish", str(file))["replaces"] == OLD.hash

    capsys.readouterr()
    nothing = ["reference", "promote", "m", "--since", "2031-01-01T00:00:00Z"]
    assert run([*nothing, "--until", "2031-02-01T00:00:00Z", "--config", str(site.config)]) == 3
    told = capsys.readouterr().err
    assert f"it holds {rfc3339(EPOCH_MS)} to {rfc3339(EPOCH_MS + 2 * PHASE_MS - STEP_MS)}" in told
    assert run(["reference", "history", "absent", "--config", str(site.config)]) == 3
    assert "absent has no reference" in capsys.readouterr().err
