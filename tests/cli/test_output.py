import json
import math
from dataclasses import dataclass
from enum import Enum, StrEnum
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner

from stream_monitor.cli import output
from stream_monitor.cli.output import DURATION, Output, from_options
from stream_monitor.errors import DataError, StreamMonitorError


class Colour(StrEnum):
    RED = "red"


class Size(Enum):
    BIG = 3


@dataclass(frozen=True)
class Thing:
    colour: Colour
    sizes: tuple[Size, ...]


def test_for_people_lines_are_written_and_json_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    out = Output()
    out.line("drift in [feature:age] :smile: 100 %", style="bold")
    out.emit_json({"a": 1})
    assert capsys.readouterr().out == "drift in [feature:age] :smile: 100 %\n"


def test_with_json_the_document_is_all_there_is_on_stdout(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = Output(as_json=True)
    out.line("words")
    out.table(["a"], [[1]])
    out.warn("careful")
    out.emit_json({"a": 1})
    captured = capsys.readouterr()
    assert json.loads(captured.out) == {"a": 1}
    assert captured.err == "warning: careful\n"


def test_what_we_measure_with_is_written_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    value = {
        "thing": Thing(Colour.RED, (Size.BIG,)),
        "figures": [1, 0.5, math.nan, math.inf, True, None],
        "numpy": [np.int64(2), np.float64(0.25), np.array([1, 2]), np.bool_(True)],
        "path": Path("a/b"),
        "set": {"b", "a"},
        3: "é",
    }
    Output(as_json=True).emit_json(value)
    text = capsys.readouterr().out
    assert "é" in text
    assert json.loads(text) == {
        "thing": {"colour": "red", "sizes": [3]},
        "figures": [1, 0.5, None, None, True, None],
        "numpy": [2, 0.25, [1, 2], True],
        "path": "a/b",
        "set": ["a", "b"],
        "3": "é",
    }


def test_a_long_line_is_not_folded_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Output().line("word " * 100)
    assert capsys.readouterr().out.count("\n") == 1


def test_a_table_has_its_titles_and_readable_figures(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [("[age]", 1_234_567, 0.123456, None), ("income", 1, 2.0, True)]
    Output().table(["column", "rows", "ks", "alarm"], rows, title="Drift")
    text = capsys.readouterr().out
    for part in ("Drift", "column", "[age]", "1,234,567", "0.1235", "–", "yes"):
        assert part in text
    lines = text.splitlines()
    big, small = (next(line for line in lines if name in line) for name in ("[age]", "income"))
    assert big.index("1,234,567") + len("1,234,567") == small.index(" 1 ") + 2


def test_a_table_without_rows_is_its_titles(capsys: pytest.CaptureFixture[str]) -> None:
    Output().table(["column"], [])
    assert "column" in capsys.readouterr().out


def test_a_failure_is_raised_with_its_sentence() -> None:
    with pytest.raises(StreamMonitorError, match="it went wrong"):
        Output().fail("it went wrong")
    with pytest.raises(DataError):
        Output().fail("no rows", DataError)


def test_without_a_terminal_progress_is_plain_lines_on_stderr(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "PLAIN_EVERY_S", 0.0)
    with Output(as_json=True).progress("replaying", total=50_000) as progress:
        progress.advance(12_000)
        progress.say("closing")
        progress.advance(38_000)
    with Output().progress("reading") as progress:
        progress.advance()
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "replaying: 12,000 of 50,000 (24%)",
        "closing: 50,000 of 50,000 (100%)",
        "reading: 1",
    ]


def test_plain_progress_is_silent_while_it_is_quick(capsys: pytest.CaptureFixture[str]) -> None:
    with Output().progress("reading", total=1_000) as progress:
        for _ in range(1_000):
            progress.advance()
    assert capsys.readouterr().err == ""


def test_on_a_terminal_progress_is_a_bar_on_stderr(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    with Output().progress("[replaying]", total=2) as progress:
        progress.advance(2)
        progress.say("[closing]")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "[closing]" in captured.err
    assert "2/2" in captured.err


@click.command()
@click.option("--every", type=DURATION, default="5m")
@output.json_option
@output.config_option
@output.bootstrap_servers_option
def command(
    every: int, as_json: bool, config_path: Path | None, bootstrap_servers: str | None
) -> None:
    click.echo(f"{every} {as_json} {config_path} {bootstrap_servers}")


def test_the_common_options_have_their_arguments() -> None:
    invoke = CliRunner().invoke
    assert invoke(command, []).output == "300000 False None None\n"
    given = ["--every", "1h", "--json", "--config", "a.yaml", "--bootstrap-servers", "b:1"]
    assert invoke(command, given).output == "3600000 True a.yaml b:1\n"


def test_a_duration_option_says_what_a_duration_is() -> None:
    result = CliRunner().invoke(command, ["--every", "soon"])
    assert result.exit_code == 2
    assert "'soon' is no duration; write 250ms" in result.output


def test_an_option_that_is_not_given_overrides_nothing() -> None:
    assert from_options({"kafka.group": None, "kafka.bootstrap_servers": "a:1"}) == {
        "kafka.bootstrap_servers": ("a:1", "--bootstrap-servers")
    }
    assert from_options(None) == {}
