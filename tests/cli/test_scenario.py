"""``stream-monitor scenario``: listing, drawing, checking, and running onto a broker."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stream_monitor import data
from stream_monitor.cli.main import run
from stream_monitor.cli.scenario import settings_yaml
from stream_monitor.config.load import load
from stream_monitor.config.settings import LabelSettings, Settings, WorkerSettings
from stream_monitor.kafka.rehearsal import embedded
from stream_monitor.kafka.worker import Worker
from stream_monitor.pipeline.effects import Publish, Stream
from stream_monitor.scenarios.check import check, compare
from stream_monitor.scenarios.prepare import prepare
from tests.scenarios.shipped import TEXTS, shipped

pytestmark = pytest.mark.usefixtures("alone")

ROOT = Path(__file__).parents[2]
#: A shell's background jobs are started with Ctrl-C ignored, and so would be what they start.
_COMMAND = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from stream_monitor.cli.main import main
main()
"""
OWN = """\
story: My own rows.
model: mine
duration: 2h
base: {file: now.csv, reference: then.csv, interval: 5s}
settings: {window: 30m, slide: 5m}
timeline:
  drift: {inject: sudden_drift, at: 1h, feature: x, shift: 1}
expect:
  found: [{family: drift, columns: ["feature:x"], by: 1h30m}]
"""


def said(command: str, capsys: pytest.CaptureFixture[str], code: int = 0) -> str:
    assert run(shlex.split(command)) == code
    out, err = capsys.readouterr()
    return out if code in (0, 1) else str(err)


def document(command: str, capsys: pytest.CaptureFixture[str], code: int = 0) -> Any:
    return json.loads(said(f"{command} --json", capsys, code))


def test_the_list_has_every_scenario_with_its_story(capsys: pytest.CaptureFixture[str]) -> None:
    out = said("scenario list", capsys)
    for name in data.scenarios():
        assert name in out
    assert "drift by 2h30m, 1 more" in out
    assert "no alarm" in out
    listed = document("scenario list", capsys)
    assert [each["name"] for each in listed] == list(TEXTS)
    assert all(each["story"] == shipped(each["name"]).story for each in listed)


def test_a_scenario_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    out = said("scenario show gradual_drift", capsys)
    assert "▒▒▒███" in out
    assert "creep: gradual_drift feature income, factor 1.3, over 1h30m" in out
    assert "◀" in out
    assert "must not be alarmed: quality; performance" in out
    assert document("scenario show gradual_drift", capsys)["start"] == "2024-01-01T00:00:00Z"


def test_the_next_command_that_is_named_is_about_the_same_scenario(
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = "no_drift --set model=other --set 'story=a new one'"
    assert f"Next: stream-monitor scenario check {given}\n" in said(
        f"scenario show {given}", capsys
    )
    run(shlex.split(f"scenario run {given} --bootstrap-servers 127.0.0.1:1"))
    told = capsys.readouterr().err
    assert f"stream-monitor scenario show {given} --settings prints those" in told


def test_its_settings_are_a_configuration_that_judges_by_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in TEXTS:
        out = said(f"scenario show {name} --settings", capsys)
        scenario = shipped(name)
        assert load(out, {}, name).for_model(scenario.model) == scenario.settings
    assert settings_yaml("m", Settings().defaults) == "models:\n  m: {}\n"


def test_a_check_that_holds_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    out = said("scenario check new_category --seed 2 --set duration=2h30m", capsys)
    assert "4 of 4 statements hold" in out
    found = document("scenario check new_category --seed 2 --set duration=2h30m", capsys)
    assert found["holds"] is True
    assert found["seed"] == 2
    assert [alert["columns"] for alert in found["alerts"]] == [["unseen:feature:region"]]


def test_a_check_that_does_not_hold_says_what_differs(capsys: pytest.CaptureFixture[str]) -> None:
    command = "scenario check new_category --set overseas.share=0.001 --set duration=2h30m"
    out = said(command, capsys, code=1)
    assert "What differs" in out
    assert "never" in out
    assert "3 of 4 statements hold" in out
    found = document(command, capsys, code=1)
    (differing,) = [one for one in found["outcomes"] if not one["holds"]]
    assert differing["what"] == "quality of unseen:feature:region"


@pytest.mark.parametrize(
    ("command", "code", "sentence"),
    [
        ("check sudden_drft", 3, "There is no scenario sudden_drft, and no file of that path; do"),
        ("check sudden_drift --set drift.facto=2", 2, "timeline.drift.facto (--set drift.facto=2)"),
        ("check mine.yaml", 3, "mine, base.file: now.csv does not exist"),
        ("check half.yaml", 3, "half, base.reference: then.csv does not exist"),
        ("check folder", 3, "folder is a folder; give a scenario's file, or the name of a shipped"),
        ("check no_drift --seed -1", 2, "-1 is not in the range"),
        ("check no_drift --set model", 2, "is no setting; write PATH=VALUE"),
        ("run no_drift --bootstrap-servers nowhere", 2, "'nowhere' is no broker address"),
        ("check empty.yaml", 2, "2 settings are wrong"),
        ("run no_drift --speed nan", 2, "--speed is no finite number"),
    ],
)
def test_what_cannot_be_used_is_refused(
    command: str, code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("mine.yaml").write_text(OWN)
    Path("half.yaml").write_text(OWN.replace("now.csv", "half.csv"))
    Path("half.csv").write_text("x\n1\n")
    Path("empty.yaml").write_text("")
    Path("folder").mkdir()
    assert sentence in said(f"scenario {command}", capsys, code)


def test_a_file_of_ones_own_stands_in_place_of_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(5)
    folder = Path("mine")
    folder.mkdir()
    (folder / "own.yaml").write_text(OWN)
    for file in ("now.csv", "then.csv"):
        rows = [f"{x:.3f},{'a' if x > 1 else 'b'}\n" for x in rng.normal(size=2_000)]
        (folder / file).write_text("x,c\n" + "".join(rows))
    assert "2 of 2 statements hold" in said("scenario check mine/own.yaml", capsys)
    assert "the rows of now.csv, one each 5s" in said("scenario show mine/own.yaml", capsys)


def test_a_run_that_is_interrupted_says_how_much_was_sent() -> None:
    async def interrupted() -> tuple[int | None, str]:
        async with embedded(Settings()) as settings:
            command = [sys.executable, "-c", _COMMAND]
            command += ["scenario", "run", "no_drift", "--speed", "60", "--bootstrap-servers"]
            process = await asyncio.create_subprocess_exec(
                *command,
                settings.kafka.bootstrap_servers,
                stderr=asyncio.subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
            assert process.stderr is not None
            said = ""
            try:
                async with asyncio.timeout(60):
                    while "sending" not in said:
                        line = (await process.stderr.readline()).decode()
                        assert line, said
                        said += line
                    process.send_signal(signal.SIGINT)
                    said += (await process.stderr.read()).decode()
                    return await process.wait(), said
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()

    code, said = asyncio.run(interrupted())
    assert code == 130
    (told,) = re.findall(r"warning: ([0-9,]+) of 12,000 events and labels had been sent", said)
    assert int(told.replace(",", "")) > 0
    assert said.rstrip().endswith("error: interrupted")


def test_what_workers_say_of_a_run_is_what_a_check_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A broker in this process, a worker with the scenario's settings, and the command."""
    overrides = ("base.labels.delay=2m", "overseas.at=1h", "duration=2h", "expect.found.0.by=80m")
    scenario = shipped("new_category", *overrides)
    judged = Settings(
        worker=WorkerSettings(
            data_dir=str(tmp_path / "state"),
            port=0,
            idle_timeout_ms=2_000,
            emit_interval_ms=500,
        ),
        labels=LabelSettings(emit_interval_ms=500, revise_interval_ms=1_000),
        models={"credit": scenario.settings},
    )
    told: list[Publish] = []

    async def rehearsed() -> int:
        async with embedded(judged) as settings:
            worker = Worker(settings, create=False, memory_store=False, on_document=told.append)
            stop = asyncio.Event()
            working = asyncio.create_task(worker.run(stop))
            command = ["scenario", "run", "new_category", "--json", "--seed", "3"]
            command += ["--bootstrap-servers", settings.kafka.bootstrap_servers]
            command += [f"--set={override}" for override in overrides]
            try:
                code = await asyncio.to_thread(run, command)
                deadline = time.monotonic() + 60
                while time.monotonic() < deadline and not all_told(told):
                    assert not working.done()
                    await asyncio.sleep(0.1)
            finally:
                stop.set()
                await asyncio.wait([working])
            return code

    def all_told(documents: list[Publish]) -> bool:
        reports = [one.document for one in documents if one.stream is Stream.REPORTS]
        waiting = {r["window"]["end_ms"]: r["rows"] - r["labelled"] for r in reports}
        return len(waiting) == 24 and not any(waiting.values())

    assert asyncio.run(rehearsed()) == 0
    out, err = capsys.readouterr()
    sent = json.loads(out)
    assert "by other settings than the scenario was made for" in err
    assert sent["events"] == sent["labels"] == 4_800
    assert sent["last_ms"] <= time.time_ns() // 1_000_000
    prepared = prepare(scenario, 3, start_ms=sent["first_ms"])
    assert sent["reference_hash"] == prepared.reference.hash
    by_worker = compare(scenario, prepared.start_ms, told)
    by_check = check(scenario, prepared)
    assert by_worker.outcomes == by_check.outcomes
    assert by_worker.holds
    assert by_worker.windows == by_check.windows == 24
