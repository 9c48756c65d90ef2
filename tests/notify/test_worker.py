"""A worker as a process: its alerts reach whoever stands in for Alertmanager."""

import asyncio
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from stream_monitor.config.render import to_yaml
from stream_monitor.config.settings import Settings
from stream_monitor.kafka.references import publish
from stream_monitor.kafka.rehearsal import embedded
from stream_monitor.kafka.replay import replay
from stream_monitor.scenarios.acts import Act, drift
from stream_monitor.testing.kafka import free_port
from tests.alerting.servers import Listener, listening, until
from tests.metrics.expositions import promtool_says, read, value


def settings_of(act: Act, reaching: Settings, sink: Listener, home: Path) -> Settings:
    worker = {"data_dir": str(home / "state"), "port": free_port()}
    changes = {
        "worker": reaching.worker.model_copy(update=worker),
        "api": reaching.api.model_copy(update={"port": 0}),
        "alertmanager": reaching.alertmanager.model_copy(update={"urls": (sink.url,)}),
    }
    return reaching.model_copy(update=changes)


def said_by(sink: Listener) -> list[dict[str, Any]]:
    return [alert for told in sink.told for alert in told.document]


def test_a_worker_tells_the_alerts_of_a_drift_and_counts_them(tmp_path: Path) -> None:
    async def play(sink: Listener) -> None:
        act = drift(7)
        async with embedded(act.settings) as reaching:
            settings = settings_of(act, reaching, sink, tmp_path)
            config = tmp_path / "monitor.yaml"
            config.write_text(to_yaml(settings))
            await publish(act.reference, settings.kafka)
            command = [sys.executable, "-m", "stream_monitor", "worker", "--config", str(config)]
            worker = subprocess.Popen([*command, "--no-create-topics"])
            try:
                await asyncio.to_thread(until, lambda: page(settings, "/ready"), "it is ready")
                await replay(act.batches(), settings.kafka)
                await asyncio.to_thread(until, lambda: len(said_by(sink)) >= 2, "alerts come")

                def counted() -> bool:
                    shown = read(page(settings, "/metrics"))
                    return value(shown, "report_delay_seconds_count") > 0

                await asyncio.to_thread(until, counted, "a report is counted")
                text = page(settings, "/metrics")
                assert promtool_says(text) == [], "of a live worker, process and all"
                shown = read(text)
                assert value(shown, "record_delay_seconds_count") > 0
                assert value(shown, "notifications_total", alertmanager=sink.url) >= 2
            finally:
                worker.send_signal(signal.SIGTERM)
                assert worker.wait(30) == 0

    with listening() as sink:
        asyncio.run(play(sink))
        about = {
            (alert["labels"]["alertname"], alert["annotations"]["columns"])
            for alert in said_by(sink)
        }
        assert about == {
            ("StreamMonitorModelDrift", "feature:income, feature:region"),
            ("StreamMonitorDataQuality", "missing:feature:tenure_months"),
        }
        assert {told.path for told in sink.told} == {"/api/v2/alerts"}


def page(settings: Settings, path: str) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{settings.worker.port}{path}", timeout=5) as it:
        return it.read().decode()
