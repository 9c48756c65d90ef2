"""``stream-monitor report`` and ``backtest --report``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stream_monitor.cli.main import run
from tests.reports.test_page import Parsed

pytestmark = pytest.mark.usefixtures("small")

BACKTEST = ["backtest", "now.csv", "--reference", "m.reference", "--window", "2m", "--slide", "1m"]


def test_a_backtest_writes_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*BACKTEST, "--report", "page.html"]) == 0
    out = capsys.readouterr().out
    assert "Something is wrong: drift of x" in out
    assert "page.html: 10 windows" in out
    page = Path("page.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "then.csv" in page  # where the reference came from


def test_a_backtests_file_gives_the_same_verdict_and_figures(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run([*BACKTEST, "--json", "told.json", "--report", "one.html"]) == 0
    assert run(["report", "--from", "told.json", "-o", "two.html"]) == 0
    capsys.readouterr()
    assert run(["report", "--from", "told.json", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["model"] == "m"
    assert found["verdict"]["tone"] == "critical"
    assert found["columns"][0]["column"] == "feature:x"
    (one, two) = (Path(name).read_text(encoding="utf-8") for name in ("one.html", "two.html"))
    assert found["verdict"]["sentence"] in "".join(Parsed(one).text)
    upto = 'id="overview"'  # the file does not know where its reference came from
    assert one[: one.index(upto)] == two[: two.index(upto)]


def test_a_backtests_file_of_another_version_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = {"model": "m", "windows": [{"model": "m", "verdicts": []}], "alerts": []}
    Path("told.json").write_text(json.dumps(told))
    assert run(["report", "--from", "told.json", "-o", "page.html"]) == 3
    assert "told.json was written by another version" in capsys.readouterr().err
    assert not Path("page.html").exists()


def test_a_backtests_page_is_of_the_time_of_its_windows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run([*BACKTEST, "--report", "page.html"]) == 0
    told = "".join(Parsed(Path("page.html").read_text(encoding="utf-8")).text)
    assert "2023-12-31 23:59 to 2024-01-01 00:10 (event time, UTC)" in told
    assert "only" not in told.partition("(event time, UTC)")[2].partition("events")[0]


def test_a_part_of_a_backtests_time_is_told_as_it_was_then(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run([*BACKTEST, "--json", "told.json"]) == 0
    capsys.readouterr()
    until = ["--until", "2024-01-01T00:05:00Z"]
    assert run(["report", "--from", "told.json", *until, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"]["tone"] == "good"
    assert found["windows"]["all"] == 5


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--model", "m", "--since", "2024-01-01T00:00:00Z"], 2, "-o report.html, or --json"),
        (["-o", "a.html"], 2, "--model and --since are needed"),
        (["--model", "m", "-o", "a.html"], 2, "--model and --since are needed"),
        (["--from", "gone.json", "-o", "a.html"], 3, "gone.json cannot be read"),
        (["--from", "now.csv", "-o", "a.html"], 3, "is not what stream-monitor backtest --json"),
        (["--from", "told.json", "--model", "n", "-o", "a.html"], 3, "is of the model m, not of n"),
        (
            ["--model", "m", "--since", "2024-01-02T00:00:00Z", "--until", "2024-01-01T00:00:00Z"],
            2,
            "is not before --until",
        ),
        (
            ["--from", "told.json", "--since", "2025-01-01T00:00:00Z"],
            3,
            "told.json has 10 windows and none of them ends in the period",
        ),
        (["--from", "told.json", "--until", "2024-01-01T00:00:30Z"], 3, "none of them ends"),
        (["--from", "told.json", "-o", "."], 3, ". is a folder; give the name of a file in it"),
        (["--from", "told.json", "-o", ".."], 3, ".. is a folder"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(
    arguments: list[str], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*BACKTEST, "--json", "told.json"]) == 0
    capsys.readouterr()
    more = [] if "-o" in arguments or says.startswith("-o") else ["-o", "a.html"]
    assert run(["report", *arguments, *more]) == code
    assert says in capsys.readouterr().err
    assert not Path("a.html").exists()
