"""A drift, from the engine over a scrape and the rules to whoever is told: real programs."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml

from stream_monitor.config.monitors import DriftSettings, QualitySettings
from stream_monitor.metrics.exporter import Exporter
from stream_monitor.metrics.snapshot import OpenAlert, ReferenceView, Snapshot, WorkerState
from stream_monitor.pipeline.effects import Stream
from stream_monitor.pipeline.engine import LocalEngine
from stream_monitor.reference.registry import References
from stream_monitor.scenarios.acts import drift
from stream_monitor.web.pages import Pages
from stream_monitor.web.server import MonitorServer
from tests.alerting.files import ALERTING, RULES
from tests.alerting.servers import (
    Listener,
    alertmanager,
    get,
    listening,
    mailbox,
    prometheus,
    until,
)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass
class Monitor:
    """A worker's pages over a snapshot that the test changes; it is always of this second."""

    snapshot: Snapshot = field(default_factory=Snapshot)

    def read(self) -> Snapshot:
        return replace(self.snapshot, as_of_ms=now_ms())


def before_and_after() -> tuple[Snapshot, Snapshot]:
    """The demo's drift act, run by the real machines: a worker before it and in it.

    Each column is judged on its own, so that one is critical and another a warning.
    """
    act = drift(7)
    alone = {
        "drift": DriftSettings(decide_numeric="ks", decide_categorical="chi_square"),
        "quality": QualitySettings(decide="test"),
    }
    defaults = act.settings.defaults.model_copy(update=alone)
    settings = act.settings.model_copy(update={"defaults": defaults})
    engine = LocalEngine(settings, References(act.reference))
    said = [each for batch in act.batches() for each in engine.feed_batch(0, batch)]
    said += engine.finish()
    reports = [each.document for each in said if each.stream is Stream.REPORTS]
    opened = [each.document for each in said if each.stream is Stream.ALERTS]
    quiet = Snapshot(
        state=WorkerState.RUNNING,
        started_ms=now_ms(),
        events={"credit": act.rows},
        references={"credit": ReferenceView(act.reference.hash, now_ms())},
        reports={"credit": reports[0]},
    )
    keys = ("model", "family", "monitor", "column", "severity", "alert_id")
    open_alerts = tuple(OpenAlert(*(alert[key] for key in keys)) for alert in opened)
    return quiet, replace(quiet, reports={"credit": reports[-1]}, open_alerts=open_alerts)


def hurried(directory: Path) -> Path:
    """The rules, those on models with waiting times of a second; all else is as it lies there.

    The others wait as long as ever: a Prometheus that has just started knows no worker yet.
    """
    for path in RULES:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        for group in document["groups"]:
            group["interval"] = "1s"
            for rule in group["rules"]:
                if path.stem == "models":
                    rule |= {key: "1s" for key in ("for", "keep_firing_for") if key in rule}
        (directory / path.name).write_text(yaml.safe_dump(document))
    return directory / "*.yml"


def redirected(directory: Path, sink: Listener, mail: str) -> Path:
    """alertmanager.yml with other addresses, files and times; routes and inhibition stay."""
    document: dict[str, Any] = yaml.safe_load((ALERTING / "alertmanager.yml").read_text("utf-8"))
    secrets = {
        "slack-url": f"{sink.url}/slack",
        "pagerduty-key": "a-routing-key",
        "dead-man-token": "a-token",
        "smtp-password": "a-password",
    }
    for name, text in secrets.items():
        (directory / name).write_text(text)
    changed = yaml.safe_dump(document).replace("/etc/alertmanager/secrets", str(directory))
    document = yaml.safe_load(changed)
    document["templates"] = [str(ALERTING / "templates" / "*.tmpl")]
    document["global"] |= {
        "smtp_smarthost": mail,
        "smtp_require_tls": False,
        "pagerduty_url": f"{sink.url}/pagerduty",
    }
    for route in (document["route"], *document["route"]["routes"]):
        route |= {"group_wait": "1s", "group_interval": "1s"}
    for receiver in document["receivers"]:
        for hook in receiver.get("webhook_configs", []):
            hook["url"] = f"{sink.url}/dead-man"
    path = directory / "alertmanager.yml"
    path.write_text(yaml.safe_dump(document))
    return path


def scraping(directory: Path, rules: Path, monitor: MonitorServer, manager: str) -> Path:
    path = directory / "prometheus.yml"
    targets = [f"127.0.0.1:{monitor.port}"]
    document = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(rules)],
        "alerting": {
            "alertmanagers": [{"static_configs": [{"targets": [manager.split("//")[1]]}]}]
        },
        "scrape_configs": [
            {"job_name": "stream-monitor", "static_configs": [{"targets": targets}]}
        ],
    }
    path.write_text(yaml.safe_dump(document))
    return path


@dataclass(frozen=True)
class Stack:
    """Everything at once."""

    monitor: Monitor
    manager: str
    prometheus: str
    told: Listener
    mails: list[str]

    def ask(self, query: str) -> list[dict[str, Any]]:
        url = f"{self.prometheus}/api/v1/query?{urlencode({'query': query})}"
        found: list[dict[str, Any]] = get(url)["data"]["result"]
        return found

    def alerts(self, name: str) -> dict[str, dict[str, Any]]:
        """Alertmanager's alerts of a name, by severity."""
        found = get(f"{self.manager}/api/v2/alerts?{urlencode({'filter': f'alertname={name}'})}")
        return {each["labels"]["severity"]: each for each in found}


@contextmanager
def stack(directory: Path) -> Iterator[Stack]:
    monitor = Monitor()
    pages = Pages(monitor.read, Exporter(monitor.read), now_ms)
    with ExitStack() as open_:
        server = open_.enter_context(MonitorServer(pages))
        told = open_.enter_context(listening())
        address, mails = open_.enter_context(mailbox())
        config = redirected(directory, told, address)
        (directory / "rules").mkdir()
        manager = open_.enter_context(alertmanager(config, directory / "alertmanager"))
        config = scraping(directory, hurried(directory / "rules"), server, manager)
        metrics = open_.enter_context(prometheus(config, directory / "prometheus"))
        yield Stack(monitor, manager, metrics, told, mails)


def test_a_drift_is_told_once_to_everybody_and_its_end_too(tmp_path: Path) -> None:
    quiet, drifted = before_and_after()
    assert {alert.severity for alert in drifted.open_alerts} == {"warning", "critical"}
    with stack(tmp_path) as at:
        told = at.told
        # 1. Nothing is wrong: only the dead man's switch is held.
        at.monitor.snapshot = quiet
        until(lambda: at.ask("up == 1"), "the worker is scraped")
        until(lambda: told.at("/dead-man"), "the dead-man's switch is told")
        assert told.at("/dead-man")[0].headers["authorization"] == "Bearer a-token"
        assert not told.at("/pagerduty")

        # 2. The drift: a warning and a critical one of the same model.
        at.monitor.snapshot = drifted
        until(lambda: told.at("/pagerduty"), "the pager goes")
        held = until(
            lambda: at.alerts("StreamMonitorModelDrift").get("warning"), "the warning is there"
        )
        critical = at.alerts("StreamMonitorModelDrift")["critical"]
        assert held["status"] == {
            "state": "suppressed",
            "inhibitedBy": [critical["fingerprint"]],
            "silencedBy": [],
        }
        assert critical["annotations"]["runbook_url"].endswith("/StreamMonitorModelDrift.md")
        until(lambda: len(told.at("/pagerduty")) == 2, "drift and quality reach the pager")
        paged = {each.document["payload"]["summary"] for each in told.at("/pagerduty")}
        assert paged == {
            "Critical: credit: 1 columns or statistics have drifted (critical)",
            "Critical: credit: 1 data quality checks are in alarm (critical)",
        }
        assert {each.document["routing_key"] for each in told.at("/pagerduty")} == {"a-routing-key"}
        until(lambda: len(told.at("/slack")) >= 2, "the channel is told")
        until(lambda: len(at.mails) >= 2, "mails come")
        assert any("Subject: Critical: credit: 1 columns" in mail for mail in at.mails)
        assert "(warning)" not in "".join(each.body for each in told.told)

        # 3. It is over.
        at.monitor.snapshot = quiet
        until(
            lambda: (
                sum(e.document["event_action"] == "resolve" for e in told.at("/pagerduty")) == 2
            ),
            "the pager is told that it is over",
        )
        until(
            lambda: [e for e in told.at("/slack") if "Resolved: credit" in e.body],
            "the channel is told that it is over",
        )
        sent = [each.document["event_action"] for each in told.at("/pagerduty")]
        assert sorted(sent) == ["resolve", "resolve", "trigger", "trigger"], "each once"
        groups = get(f"{at.prometheus}/api/v1/rules")["data"]["groups"]
        unwell = [rule for group in groups for rule in group["rules"] if rule["health"] != "ok"]
        assert unwell == [], "a query that parses may still fail on real series"
