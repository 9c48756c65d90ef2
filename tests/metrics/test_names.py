"""The list of all metrics."""

import re
from pathlib import Path

import pytest

import stream_monitor
from stream_monitor.metrics import names
from stream_monitor.metrics.names import ALL, BY_NAME, Kind, Spec
from tests.metrics.expositions import check_openmetrics, series_of, text_of
from tests.metrics.worlds import busy


def test_every_name_is_used_once() -> None:
    assert len(BY_NAME) == len(ALL) > 40


@pytest.mark.parametrize("spec", ALL, ids=lambda spec: spec.name)
def test_a_name_says_its_kind(spec: Spec) -> None:
    assert spec.name.startswith(names.PREFIX)
    assert spec.name.endswith("_total") == (spec.kind is Kind.COUNTER)
    assert spec.name.endswith("_info") == (spec.kind is Kind.INFO)
    assert "age" not in spec.name.split("_"), "an age looks fresh when the exporter hangs"


def test_every_metric_listed_is_exported_with_just_its_labels_and_nothing_else_is() -> None:
    exported: dict[str, set[frozenset[str]]] = {}
    for name, labels in series_of(busy()):
        base = name if name in BY_NAME else re.sub(r"_(count|sum|bucket)$", "", name)
        own = {label for label, _ in labels} - ({"le"} if name.endswith("_bucket") else set())
        exported.setdefault(base, set()).add(frozenset(own))
    assert exported == {spec.name: {frozenset(spec.labels)} for spec in ALL}


def test_the_strict_openmetrics_parser_reads_as_many_samples() -> None:
    text = text_of(busy(), "application/openmetrics-text; version=1.0.0")
    assert check_openmetrics(text) == len(series_of(busy()))


def test_every_limit_that_drops_something_is_there_at_zero_from_the_start() -> None:
    sources = Path(stream_monitor.__file__).parent.rglob("*.py")
    found = {
        name
        for source in sources
        for name in re.findall(r'dropped\["(\w+)"\] \+=', source.read_text())
    }
    assert found == set(names.LIMITS)
