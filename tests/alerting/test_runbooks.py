"""Runbooks: one for each alert, with queries that Prometheus can answer."""

import re
from pathlib import Path

import pytest

from stream_monitor.config.fields import at
from stream_monitor.errors import Reason
from stream_monitor.metrics.names import LIMITS
from tests.alerting.files import RUNBOOKS, names, rules, series
from tests.alerting.promql import problems_of

PAGES = sorted(RUNBOOKS.glob("StreamMonitor*.md"))
QUERY = re.compile(r"^ *```promql\n(.*?)^ *```$", re.M | re.S)
#: What the process's own collector shows.
OF_THE_PROCESS = ("process_resident_memory_bytes", "process_cpu_seconds_total")
#: Settings of Kafka and Prometheus.
OF_OTHERS = {("retention", "ms"), ("cleanup", "policy"), ("alerting", "alertmanagers")}
#: Limits whose drops lose nothing that counts, so that no alert speaks of them.
HARMLESS = {"repeated", "slide_changed", "labels_retired", "labels_narrower", "join_gap"}


def queries(page: Path) -> list[str]:
    return QUERY.findall(page.read_text(encoding="utf-8"))


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    assert [page.stem for page in PAGES] == names()
    index = (RUNBOOKS / "README.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^- \[(\w+)\]\(\1\.md\)$", index, re.M)) == names()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_runbook_says_what_it_means_costs_how_to_look_and_what_to_do(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^## (.*)$", text, re.M)
    assert headings == ["Meaning", "Impact", "Diagnosis", "Mitigation"]
    sections = re.split(r"^## .*$", text, flags=re.M)[1:]
    assert all(len(section.split()) >= 5 for section in sections)
    assert queries(page), "nothing to ask Prometheus"
    assert re.search(r"^- ", sections[3], re.M), "nothing to do"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_query_of_a_runbook_can_be_answered(page: Path) -> None:
    known = {**series(), **dict.fromkeys(OF_THE_PROCESS, frozenset(("job", "instance")))}
    for query in queries(page):
        assert problems_of(query, known) == [], query


def test_reasons_and_limits_are_explained_where_they_are_an_alert() -> None:
    rejected = (RUNBOOKS / "StreamMonitorRecordsRejected.md").read_text(encoding="utf-8")
    mitigation = rejected.partition("## Mitigation")[2]
    assert set(re.findall(r"`(\w+)`", mitigation)) & set(Reason)
    text = " ".join(
        (RUNBOOKS / f"StreamMonitor{name}.md").read_text(encoding="utf-8")
        for name in ("DataDropped", "ReferenceUnknown")
    )
    explained = set(re.findall(r"`(\w+)`", text)) & set(LIMITS)
    assert explained == set(LIMITS) - HARMLESS
    (rule,) = (rule for rule in rules() if rule.get("alert") == "StreamMonitorDataDropped")
    (left_out,) = re.findall(r'limit!~"([^"]*)"', rule["expr"])
    unknown = {"reference_unknown", "join_reference_unknown"}
    assert set(left_out.split("|")) == HARMLESS | unknown


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_settings_named_in_a_runbook_are_there(page: Path) -> None:
    named = re.findall(r"`([a-z]+)\.([a-z_0-9]+)`", page.read_text(encoding="utf-8"))
    for section, key in named:
        if (section, key) not in OF_OTHERS:
            where = () if at((section,)) is not None else ("defaults",)
            assert at((*where, section, key)) is not None, f"{section}.{key}"
