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
import uuid
from collections.abc import Callable, Iterator
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
            "STREAM_MONITOR_API__PORT": "0",
            "STREAM_MONITOR_WORKER__IDLE_TIMEOUT": "2s",
            "STREAM_MONITOR_LABELS__EMIT_INTERVAL": "500ms",
            "STREAM_MONITOR_LABELS__REVISE_INTERVAL": "1s",
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


def everything(address: str, topic: str) -> Iterator[dict[str, Any]]:
    """Every document on a topic, in its order."""
    consumer = Consumer(
        {
            "bootstrap.servers": address,
            "group.id": uuid.uuid4().hex,
            "auto.offset.reset": "earliest",
        }
    )
    try:
        consumer.subscribe([topic])
        quiet = found = 0
        while quiet < 5 or not found:
            message = consumer.poll(1.0)
            quiet = 0 if message is not None else quiet + 1
            if message is not None and message.error() is None:
                found += 1
                yield json.loads(message.value() or b"")
    finally:
        consumer.close()


def published(address: str, topic: str) -> dict[str, dict[str, Any]]:
    """Every report on a topic, by its id; copies of one have to say the same."""
    found: dict[str, dict[str, Any]] = {}
    for report in everything(address, topic):
        said = found.setdefault(report["report_id"], judgement(report))
        assert said == judgement(report)
    return found


def last_revisions(address: str, topic: str, model: str) -> dict[str, dict[str, Any]]:
    """The last report of each window of a model, by its id."""
    found: dict[str, dict[str, Any]] = {}
    for report in everything(address, topic):
        before = found.get(report["report_id"])
        if report["model"] == model and (
            before is None or report["revision"] >= before["revision"]
        ):
            found[report["report_id"]] = report
    return found


def performance(report: dict[str, Any]) -> dict[str, Any]:
    """What a report says of the labels of its window alone, not of the windows before it."""
    said = {name: report[name] for name in ("rows", "labelled", "confusion", "slices")}
    said["verdicts"] = [
        verdict
        for verdict in report["verdicts"]
        if verdict["family"] == "performance" and not verdict["monitor"].startswith("degradation")
    ]
    return said


def labels_come_later(commands: list[str], where: Path, environ: dict[str, str]) -> None:
    """The part of the tour on labels, against the worker that runs."""
    build, backtest, publish, replay, send = commands
    address = environ["STREAM_MONITOR_KAFKA__BOOTSTRAP_SERVERS"]
    for command in (build, backtest, publish):
        run(command, where, environ)
    expected = json.loads((where / "late.json").read_text())
    assert expected["labels"]["windows_revised"] > 50

    def known() -> object:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/metrics", timeout=5) as answer:
            text = answer.read().decode()
        pattern = r'^stream_monitor_reference_info\{[^}]*model="employment-late"'
        return re.search(pattern, text, re.M) is not None

    until(30, known)
    run(replay, where, environ)
    windows = {w["report_id"]: performance(w) for w in expected["windows"]}

    def found() -> dict[str, dict[str, Any]]:
        reports = last_revisions(address, "tour-reports", "employment-late")
        return {id_: performance(report) for id_, report in reports.items()}

    def labelled(reports: dict[str, dict[str, Any]]) -> dict[str, int]:
        return {id_: report["labelled"] for id_, report in reports.items()}

    until(90, lambda: labelled(found()) == labelled(windows))
    assert found() == windows
    run(send, where, environ)
    rows = {id_: report["rows"] for id_, report in windows.items()}
    until(90, lambda: labelled(found()) == rows)


@pytest.mark.kafka
def test_the_tour_works_as_printed(world: tuple[Path, dict[str, str]]) -> None:
    where, environ = world
    tour = [line for line in commands() if line.startswith("stream-monitor ")]
    assert [line.split()[1] for line in tour] == [
        *("reference", "reference", "backtest", "report", "scenario"),
        *("topics", "reference", "worker", "replay"),
        *("reference", "backtest", "reference", "replay", "labels", "config"),
    ]
    before, (worker, replay, *later, check) = tour[:7], tour[7:]
    told = [run(command, where, environ) for command in before]
    assert "employment" in told[0]
    backtest = json.loads((where / "verdicts.json").read_text())
    assert len(backtest["windows"]) > 50
    assert "employment" in (where / "report.html").read_text()
    assert "statements hold" in told[4]
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
        labels_come_later(later, where, environ)
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
