"""The benchmarks run and end with one line of JSON; whether targets are met is theirs to say."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[2]


def last_line(*command: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr  # 1: a target is missed, and said so
    document: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert document.keys() == {"benchmark", "environment", "results", "targets"}
    for target in document["targets"]:
        assert target.keys() == {"name", "value", "op", "target", "met"}
    assert (done.returncode == 0) == all(target["met"] for target in document["targets"])
    return document


def test_the_benchmark_of_statistics_prints_its_targets() -> None:
    document = last_line("benchmarks.statistics")
    assert [(t["name"], t["op"], t["target"]) for t in document["targets"]] == [
        ("ks_rows_per_s", ">=", 1_000_000),
        ("ks_psi_w1_rows_per_s", ">=", 500_000),
    ]


def test_the_benchmark_of_detection_prints_its_targets_and_writes_its_tables(
    tmp_path: Path,
) -> None:
    document = last_line("benchmarks.detection", "--quick", "--out", str(tmp_path))
    assert [(t["name"], t["op"], t["target"]) for t in document["targets"]] == [
        ("null_events", ">=", 10_000_000),
        ("false_alarms_per_million", "<=", 1),
        ("delay_mean_0.1", "<=", 3_000),
        ("delay_mean_0.25", "<=", 500),
        ("delay_mean_0.5", "<=", 200),
        ("delay_mean_1", "<=", 100),
        ("delay_scale_1.25", "<=", 500),
        ("delay_scale_1.5", "<=", 200),
        ("delay_shape", "<=", 350),
        ("delay_error_0.12", "<=", 4_500),
        ("delay_error_0.15", "<=", 750),
        ("delay_error_0.2", "<=", 250),
        ("delay_error_0.3", "<=", 80),
        ("delay_correlation_0.6", "<=", 1_000),
        ("cycles", ">=", 60),
        ("false_alarms_of_cycles", "==", 0),
        ("missed", "==", 0),
    ]
    names = {row["contender"] for row in document["results"]["numeric"]}
    assert names >= {"river ADWIN", "river PageHinkley", "river KSWIN", "KS", "KS Bonferroni"}
    names = {row["contender"] for row in document["results"]["errors"]}
    assert names >= {"river ADWIN", "river PageHinkley", "river HDDM_A", "river DDM"}
    for name in names:
        assert name in (tmp_path / "detection.md").read_text(encoding="utf-8")
    assert ElementTree.parse(tmp_path / "detection.svg").getroot().tag.endswith("svg")


@pytest.mark.kafka
def test_the_benchmark_of_throughput_prints_its_targets() -> None:
    rows = ("--rows", "40000", "--plain-rows", "2000", "--rounds", "1")
    document = last_line("benchmarks.throughput", *rows)
    assert [(t["name"], t["op"], t["target"]) for t in document["targets"]] == [
        ("ratio_to_bare_client", ">=", 0.35),
        ("ratio_to_plain_faust", ">=", 10),
    ]
    assert document["results"]["events"] == 40_000


@pytest.mark.kafka
def test_the_benchmark_of_labels_prints_its_targets() -> None:
    rows = ("--pending", "20000", "--labels", "5000", "--rounds", "1", "--plain-rows", "2000")
    document = last_line("benchmarks.labels", *rows)
    assert [(t["name"], t["op"], t["target"]) for t in document["targets"]] == [
        ("joins_per_s", ">=", 50_000),
        ("pending_predictions", ">=", 1_000_000),
        ("resident_mib", "<=", 1_024),
        ("recovery_s", "<=", 15),
    ]
    assert document["targets"][1]["value"] == 20_000
    assert document["results"]["bytes_per_pending_prediction"] > 0
    assert document["results"]["plain_faust_table"]["rows"] == 2_000


@pytest.mark.kafka
def test_the_benchmark_of_the_client_prints_its_target() -> None:
    rows = ("--calls", "2000", "--sends", "50", "--rounds", "1")
    document = last_line("benchmarks.client", *rows)
    assert [(t["name"], t["op"], t["target"]) for t in document["targets"]] == [
        ("log_p99_us", "<=", 20)
    ]
    results = document["results"]
    assert results["client"]["paced"]["sent"] == 4_000
    waiting = ("confluent_produce_and_flush", "aiokafka_send_and_wait")
    ways = (*waiting, "nothing", "log", "nothing_beside_threads", "log_beside_threads")
    for name in ways:
        took = results["us_a_call"][name]
        assert 0 < took["p50"] <= took["p99"] <= took["p999"] <= took["max"]
        assert (took["over_1_ms"] > 0) == (took["max"] > 1_000)
    assert results["decoding"]["gain"] > 1
