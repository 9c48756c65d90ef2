"""Every panel has data on a run, from a real Prometheus with the real rules."""

from __future__ import annotations

import math
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml

from stream_monitor.config.duration import MINUTE
from tests.alerting.files import RULES, rules
from tests.alerting.servers import get, program, prometheus, until
from tests.dashboards import files
from tests.dashboards.run import Hitch, Monitor, history
from tests.dashboards.stream import Span, credit, survey, versioned

QUIET, DRIFTING = "quiet", "drifting"
STEPS = 100


@dataclass(frozen=True, slots=True)
class Empty:
    """Why a panel shows nothing when all is well, and whether the drift is there to see."""

    reason: str
    drifts: bool


#: By the panel's title; every other panel always has data.
EMPTY: Mapping[str, Empty] = {
    "Open alerts": Empty("no alert is open", True),
    "Open drift alerts": Empty("no alert is open", True),
    "Open quality alerts": Empty("no alert is open", True),
    "Open performance alerts": Empty("no alert is open", False),
    "Firing in Prometheus": Empty("no alert fires", True),
    "Alerts that began and ended": Empty("no alert has begun or ended", True),
    "Versions beside the champion": Empty("one version is served", False),
    "Rise of a version's errors": Empty("one version is served", False),
    "Records rejected": Empty("every record can be read", True),
    "Dropped at a limit": Empty("no limit is reached", False),
    "Alerts told": Empty("no notifier is set up", False),
    "Requests failed, alerts given up": Empty("no notifier is set up", False),
    "Alerts waiting to be told": Empty("no notifier is set up", False),
}
#: Parts of the monitor itself that the drift of a model does not reach.
ELSEWHERE = {"pipeline/Firing in Prometheus", "health/Firing in Prometheus"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A Prometheus with a past of a job without a fault and of one with a drift."""

    url: str

    def __call__(self, expr: str) -> list[dict[str, Any]]:
        """What a query answers now."""
        return self._get("query", query=expr)

    def drawn(self, expr: str) -> list[dict[str, Any]]:
        """The series of a graph of all steps that have a point."""
        now_s = time.time()
        start_s = now_s - STEPS * MINUTE / 1000
        found = self._get("query_range", query=expr, start=start_s, end=now_s, step=60)
        return [
            each
            for each in found
            if any(not math.isnan(float(value)) for _, value in each["values"])
        ]

    def _get(self, what: str, **asked: str | float) -> list[dict[str, Any]]:
        answer = get(f"{self.url}/api/v1/{what}?{urlencode(asked)}")
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found


def hurried(directory: Path) -> Path:
    """The rules, every second, those on models without waiting times; all else is as it is.

    The others wait as ever: after its last scrape a worker of the past looks as if it hung.
    """
    for path in RULES:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        for group in document["groups"]:
            group["interval"] = "1s"
            for rule in group["rules"]:
                if path.stem == "models":
                    rule.pop("for", None)
        (directory / path.name).write_text(yaml.safe_dump(document))
    return directory / "*.yml"


def past(file: Path) -> None:
    """Both jobs until now, as scrapes every minute."""
    now_ms = time.time_ns() // 1_000_000
    span = Span(now_ms - STEPS * MINUTE, MINUTE, STEPS)
    well = Monitor(QUIET, [credit("cards", span, change_at=None, seed=11)], span)
    drifting = Monitor(
        DRIFTING,
        [
            credit("credit", span, change_at=0.5, seed=7),
            versioned(survey(span, seed=7), sure=0.8),
        ],
        span,
    )
    with file.open("w") as out:
        for line in history(well, span):
            out.write(f"{line}\n")
        for line in history(drifting, span, hitch=Hitch(30, 40), broken_every=STEPS // 2):
            out.write(f"{line}\n")
        out.write("# EOF\n")


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    directory = tmp_path_factory.mktemp("prometheus")
    past(directory / "history")
    subprocess.run(
        [
            program("promtool"),
            *("tsdb", "create-blocks-from", "openmetrics"),
            *(directory / "history", directory / "data"),
        ],
        check=True,
        capture_output=True,
    )
    (directory / "rules").mkdir()
    config = directory / "prometheus.yml"
    config.write_text(yaml.safe_dump({"rule_files": [str(hurried(directory / "rules"))]}))
    with prometheus(config, directory / "data") as url:
        asked = Asked(url)
        recorded = {rule["record"] for rule in rules() if "record" in rule}
        until(
            lambda: (
                recorded <= {each["metric"]["__name__"] for each in asked('{__name__=~".+:.+"}')}
            ),
            "every rule is recorded",
        )
        until(lambda: asked('ALERTS{job="drifting", alertname="StreamMonitorModelDrift"}'), "fires")
        yield asked


def test_every_panel_has_data_on_a_run_or_none_because_all_is_well(ask: Asked) -> None:
    nothing: list[str] = []
    too_much: list[str] = []
    for target in files.targets():
        empty = EMPTY.get(target.panel["title"])
        expects = [(QUIET, empty is None)]
        if empty is None or empty.drifts:
            expects.append((DRIFTING, str(target).rpartition("/")[0] not in ELSEWHERE))
        for job, expected in expects:
            model = "cards" if job == QUIET else "credit"
            graph = target.panel["type"] == "timeseries"
            found = (ask.drawn if graph else ask)(target.of(job, model))
            if expected and not found:
                nothing.append(f"{job}: {target}")
            if not expected and found:
                too_much.append(f"{job}: {target}: {found[:2]}")
    assert (nothing, too_much) == ([], [])


def test_every_panel_that_may_be_empty_is_there_and_says_so() -> None:
    found = {panel["title"]: panel for _, panel in files.panels()}
    for title in EMPTY:
        assert found[title]["fieldConfig"]["defaults"]["noValue"]


def test_variables_offer_the_jobs_and_their_models(ask: Asked) -> None:
    for board in files.boards().values():
        for variable, offered in zip(
            board["templating"]["list"][1:],
            ([DRIFTING, QUIET], ["cards", "credit", "employment"]),
            strict=True,
        ):
            selector, label = variable["query"][len("label_values(") : -1].rsplit(", ", 1)
            match = selector.replace("$job", f"{QUIET}|{DRIFTING}")
            url = f"{ask.url}/api/v1/label/{label}/values?{urlencode({'match[]': match})}"
            assert get(url)["data"] == offered


def test_the_drift_is_what_the_dashboards_show(ask: Asked) -> None:
    def value(board: str, title: str, job: str, model: str) -> float:
        (target,) = [t for t in files.targets() if (t.board, t.panel["title"]) == (board, title)]
        (found,) = ask(target.of(job, model))
        return float(found["value"][1])

    assert value("fleet", "Critical alerts", QUIET, ".+") == 0
    assert value("fleet", "Critical alerts", DRIFTING, "credit") == 2
    assert value("model", "Verdict", QUIET, "cards") == 1
    assert value("model", "Verdict", DRIFTING, "credit") == 2
    assert value("quality", "Checks beyond their threshold", QUIET, "cards") == 0
    assert value("quality", "Checks beyond their threshold", DRIFTING, "credit") == 1
    assert value("health", "Workers up", QUIET, ".+") == 1
    assert value("health", "Budget left", QUIET, ".+") == 1
    assert 0 < value("health", "Budget left", DRIFTING, ".+") < 1


def test_a_version_that_is_worse_is_beyond_its_limit_beside_the_champion(ask: Asked) -> None:
    def last(title: str, legend: str) -> float:
        (target,) = [
            each
            for each in files.targets()
            if (each.panel["title"], each.legend) == (title, legend)
        ]
        (found,) = ask.drawn(target.of(DRIFTING, "employment"))
        return float(found["values"][-1][1])

    evidence = last("Versions beside the champion", "version {{version}}")
    assert evidence > last("Versions beside the champion", "limit: alarm") > 0
    assert last("Rise of a version's errors", "version {{version}}") > 0.05
