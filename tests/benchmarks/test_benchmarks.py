"""The benchmarks run and end with one line of JSON; whether targets are met is theirs to say."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

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
