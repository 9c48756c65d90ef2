"""Reading an exposition back, and what is wrong with it."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from stream_monitor.metrics.caps import Caps
from stream_monitor.metrics.exporter import Exporter
from stream_monitor.metrics.snapshot import Snapshot

OPENMETRICS = "application/openmetrics-text; version=1.0.0"

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


def text_of(snapshot: Snapshot, accept: str = "", caps: Caps | None = None) -> str:
    """What a scrape of this snapshot gets, without the process's own series."""
    exporter = Exporter(lambda: snapshot, CollectorRegistry(), caps)
    return exporter.expose(accept).body.decode()


def read(text: str) -> Series:
    """Each sample by name and labels; a sample that comes twice is an error."""
    series: Series = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in series, f"{key} comes twice"
            series[key] = sample.value
    return series


def series_of(snapshot: Snapshot, caps: Caps | None = None) -> Series:
    """The samples of a snapshot."""
    return read(text_of(snapshot, caps=caps))


def value(series: Series, name: str, **labels: str) -> float:
    """One sample's value; the prefix is left out of the name."""
    return series[f"stream_monitor_{name}", frozenset(labels.items())]


def values_of(series: Series, label: str) -> set[str]:
    """Every value that a label has anywhere."""
    return {text for _, labels in series for name, text in labels if name == label}


def problems(text: str) -> list[str]:
    """What breaks Prometheus's conventions; promtool has its say where it is installed."""
    return [*_problems(text), *promtool_says(text)]


def promtool_says(text: str) -> list[str]:
    """What promtool has against an exposition; nothing where it is not installed."""
    promtool = shutil.which("promtool")
    if promtool is None:
        return []
    done = subprocess.run(
        [promtool, "check", "metrics", "--extended"],
        input=text,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    # On stdout is the table of --extended, whatever it thinks.
    return [*done.stderr.splitlines(), *(["it is not content"] if done.returncode else [])]


def check_openmetrics(text: str) -> int:
    """How many samples the strict OpenMetrics parser reads; it raises for anything wrong."""
    parse: Callable[[str], Iterator[Metric]] = openmetrics.text_string_to_metric_families
    return sum(len(family.samples) for family in parse(text))


def _problems(text: str) -> Iterator[str]:
    for family in text_string_to_metric_families(text):
        names = {sample.name for sample in family.samples}
        labels = {label for sample in family.samples for label in sample.labels}
        full = family.name + ("_total" if family.type == "counter" else "")
        if not re.fullmatch(r"stream_monitor_[a-z][a-z0-9_]*[a-z0-9]", full):
            yield f"{full}: not in snake case under the prefix"
        if not family.documentation.endswith("."):
            yield f"{full}: no help, or no sentence"
        if family.type not in ("counter", "gauge", "summary", "histogram"):
            yield f"{full}: of type {family.type}"
        if family.type != "counter" and any(name.endswith("_total") for name in names):
            yield f"{full}: a total that is no counter"
        if any(name.endswith("_created") for name in names):
            yield f"{full}: has series nobody asked for"
        if re.search(r"_(ms|milliseconds|minutes|hours|percent|bytes_mb)(_|$)", full):
            yield f"{full}: not in a base unit"
        if "quantile" in labels and family.type != "summary":
            yield f"{full}: only a summary has quantiles"
        if full.endswith("_timestamp_seconds") and any(
            not 1e9 < sample.value < 1e11 for sample in family.samples
        ):
            yield f"{full}: not seconds since 1970"
        if full.endswith("_ratio") and any(not 0 <= s.value <= 1 for s in family.samples):
            yield f"{full}: a share outside 0 to 1"
