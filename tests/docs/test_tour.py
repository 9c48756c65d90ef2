"""The README's commands, run as they are printed, in a clean folder, on a real Kafka."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer

ROOT = Path(__file__).parents[2]
#: Served by the worker of the tour; given to it by the environment.
PORT = 19464


def commands() -> list[str]:
    """Every command of the README's console blocks, in order."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```console\n(.*?)```", text, re.S)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


@pytest.fixture
def world(kafka: str, tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A folder that looks like the repository's, and the broker and port in the environment."""
    for name in ("stream_monitor", "monitor.example.yaml"):
        (tmp_path / name).symlink_to(ROOT / name)
    return (
        tmp_path,
        {
            **{k: v for k, v in os.environ.items() if not k.startswith("STREAM_MONITOR_")},
            "PYTHONPATH": str(ROOT),
            "STREAM_MONITOR_KAFKA__BOOTSTRAP_SERVERS": kafka,
            "STREAM_MONITOR_KAFKA__TOPIC_PREFIX": "tour-",
            "STREAM_MONITOR_WORKER__PORT": str(PORT),
            "STREAM_MONITOR_WORKER__IDLE_TIMEOUT": "2s",
        },
    )


def run(command: str, where: Path, environ: dict[str, str]) -> str:
    """A ``stream-monitor`` command of the README, which has to succeed."""
    arguments = [sys.executable, "-m", "stream_monitor", *shlex.split(command)[1:]]
    done = subprocess.run(
        arguments, cwd=where, env=environ, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def health() -> dict[str, object]:
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/health", timeout=5) as answer:
        return dict(json.load(answer))


def until(seconds: float, done: Callable[[], object]) -> None:
    """Ask until it holds; fail with the last answer after so many seconds."""
    end = time.monotonic() + seconds
    last: object = None
    while time.monotonic() < end:
        try:
            last = done()
        except OSError as exc:  # not listening yet, or 503 while starting
            last = exc
        if last is True:
            return
        time.sleep(0.2)
    raise AssertionError(f"still {last!r} after {seconds} s")


def judgement(report: dict[str, Any]) -> dict[str, Any]:
    """A report without what tells of the run and not of the window."""
    return {name: value for name, value in report.items() if name != "processing"}


def published(address: str, topic: str) -> dict[str, dict[str, Any]]:
    """Every report on a topic, by its id; copies of one have to say the same."""
    consumer = Consumer(
        {"bootstrap.servers": address, "group.id": topic, "auto.offset.reset": "earliest"}
    )
    found: dict[str, dict[str, Any]] = {}
    try:
        consumer.subscribe([topic])
        quiet = 0
        while quiet < 5 or not found:
            message = consumer.poll(1.0)
            quiet = 0 if message is not None else quiet + 1
            if message is not None and message.error() is None:
                report = json.loads(message.value() or b"")
                said = found.setdefault(report["report_id"], judgement(report))
                assert said == judgement(report)
    finally:
        consumer.close()
    return found


@pytest.mark.kafka
def test_the_tour_works_as_printed(world: tuple[Path, dict[str, str]]) -> None:
    where, environ = world
    tour = [line for line in commands() if line.startswith("stream-monitor ")]
    assert [line.split()[1] for line in tour] == [
        *("reference", "reference", "backtest", "topics", "reference", "worker", "replay", "config")
    ]
    before, (worker, replay, check) = tour[:5], tour[5:]
    told = [run(command, where, environ) for command in before]
    assert "employment" in told[0]
    backtest = json.loads((where / "verdicts.json").read_text())
    assert len(backtest["windows"]) > 50
    process = subprocess.Popen(
        [sys.executable, "-m", "stream_monitor", *shlex.split(worker)[1:]],
        cwd=where,
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        until(30, lambda: health()["state"] == "running")
        run(replay, where, environ)
        metrics = f"http://127.0.0.1:{PORT}/metrics"

        def judged() -> object:
            with urllib.request.urlopen(metrics, timeout=5) as answer:
                text = answer.read().decode()
            found = re.findall(
                r'^stream_monitor_windows_total\{model="employment".*\} (.*)$', text, re.M
            )
            return sum(map(float, found)) >= len(backtest["windows"]) or found

        until(60, judged)
        reports = published(environ["STREAM_MONITOR_KAFKA__BOOTSTRAP_SERVERS"], "tour-reports")
        assert reports == {w["report_id"]: judgement(w) for w in backtest["windows"]}
    finally:
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=40)
    assert process.returncode == 0, said
    run(check, where, environ)


def test_every_command_of_the_readme_is_known_to_a_test() -> None:
    others = [line for line in commands() if not line.startswith("stream-monitor ")]
    # make demo: tests/cli/test_demo.py; make test: this; make bench: tests/benchmarks.
    assert others == [
        "make demo",
        "make test",
        f"curl -s http://127.0.0.1:{9464}/health",
        f"curl -s http://127.0.0.1:{9464}/metrics",
        "make bench",
    ]
