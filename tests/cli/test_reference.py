"""``stream-monitor reference build`` and ``show``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stream_monitor import data
from stream_monitor.cli.main import run
from stream_monitor.cli.reference import load

pytestmark = pytest.mark.usefixtures("alone")

EMPLOYMENT = str(data.path("employment_reference.parquet"))


def test_a_reference_is_built_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    build = ["reference", "build", EMPLOYMENT, "--model", "employment", "--label", "employed"]
    assert run(build) == 0
    told = capsys.readouterr().out
    assert "prediction prediction (guessed)" in told
    assert "label employed," in told
    assert "binary of 0, 1, positive 1" in told
    made = load(Path("employment.reference"))
    assert made.source == "employment_reference.parquet"
    assert run(["reference", "show", "employment.reference"]) == 0
    shown = capsys.readouterr().out
    assert made.hash in shown
    assert "AGEP" in shown
    assert [path.name for path in Path().iterdir()] == ["employment.reference"]


def test_the_options_reach_the_reference(capsys: pytest.CaptureFixture[str]) -> None:
    Path("d.csv").write_text("a,b,y,s\n" + "".join(f"{i},{i % 3},{i % 2},0.5\n" for i in range(90)))
    build = "reference build d.csv --model a/b -o here.reference --prediction y --score s --json"
    options = "--feature a --feature b --kind a=categorical --kind b=numeric --positive 0 --seed 3"
    assert run([*build.split(), *options.split(), "--sample-size", "50"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["file"] == "here.reference"
    assert document["bytes"] == Path("here.reference").stat().st_size
    assert document["roles"] == {"prediction": "y", "score": "s"}
    assert document["guessed"] == []
    assert document["positive"] == "0"
    assert [column["kind"] for column in document["columns"]] == [
        *("categorical", "numeric", "categorical", "numeric")
    ]
    assert run(["reference", "show", "here.reference", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown.items() <= document.items()


def test_a_model_name_with_a_slash_makes_no_folder() -> None:
    Path("d.csv").write_text("a\nu\nv\n")
    assert run(["reference", "build", "d.csv", "--model", "a/b"]) == 0
    assert load(Path("a_b.reference")).model == "a/b"


@pytest.mark.parametrize(
    ("command", "code", "sentence"),
    [
        ("build no.csv --model m", 3, "no.csv does not exist"),
        ("build d.csv", 2, "Missing option '--model'"),
        ("build d.csv --model m --kind a=odd", 2, "is not COL=numeric|categorical|boolean"),
        ("build d.csv --model m --prediction z", 3, "There is no column 'z'"),
        ("build d.csv --model m -o no/where", 3, "no/where cannot be written"),
        ("show no.reference", 3, "no.reference cannot be read: no such file"),
        ("show d.csv", 3, "d.csv: This is not a reference"),
    ],
)
def test_what_goes_wrong_is_one_sentence_and_an_exit_code(
    command: str, code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("d.csv").write_text("a\nu\nv\n")
    assert run(["reference", *command.split()]) == code
    said = capsys.readouterr()
    assert sentence in said.err
    assert not said.out
    assert not list(Path().glob("*.reference"))


def _two_that_move_together(rows: int) -> None:
    lines = (f"{i * 37 % 101}.5,{i * 37 % 101 + i % 7}.5\n" for i in range(rows))
    Path("d.csv").write_text("a,b\n" + "".join(lines))


def test_dependence_is_watched_unless_told_otherwise(capsys: pytest.CaptureFixture[str]) -> None:
    _two_that_move_together(400)
    assert run(["reference", "build", "d.csv", "--model", "m"]) == 0
    told = capsys.readouterr().out
    assert "dependence: 2 features, products of pairs (1)" in told
    assert "a*b" in told
    assert run(["reference", "build", "d.csv", "--model", "m", "--dependence", "pca"]) == 0
    assert "dependence: 2 features, leading components (1)" in capsys.readouterr().out
    assert run(["reference", "show", "m.reference", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["dependence"] == {
        "kind": "pca",
        "features": ["a", "b"],
        "components": 1,
        "columns": ["dependence:reconstruction", "dependence:spread"],
    }
    assert [column["role"] for column in document["columns"]][2:] == ["dependence", "dependence"]
    assert run(["reference", "build", "d.csv", "--model", "m", "--dependence", "none"]) == 0
    told = capsys.readouterr().out
    assert "dependence: not watched" in told
    assert "it takes" not in told
    assert run(["reference", "show", "m.reference", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["dependence"] is None


def test_why_dependence_is_not_watched_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    _two_that_move_together(199)
    assert run(["reference", "build", "d.csv", "--model", "m"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "dependence: not watched" in told
    assert "2 to 256 numeric features that vary and at least 200 rows" in told


def test_a_backtest_judges_dependence_and_misses_no_column(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _two_that_move_together(400)
    assert run(["reference", "build", "d.csv", "--model", "m"]) == 0
    capsys.readouterr()
    backtest = "backtest d.csv --reference m.reference --json -"
    assert run(backtest.split()) == 0
    said = capsys.readouterr()
    assert "lacks" not in said.err
    columns = {column["column"] for column in json.loads(said.out)["summary"]["columns"]}
    assert "dependence:a*b" in columns
