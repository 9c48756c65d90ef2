"""``stream-monitor reference seasons``, and references with a season on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from stream_monitor.cli.main import run
from stream_monitor.cli.reference import load
from tests.reference.test_seasons import world

pytestmark = pytest.mark.usefixtures("alone")

PAGE = Path(__file__).parents[2] / "docs" / "seasons.md"
HOURLY = "defaults:\n  season: {by: hour, utc_offset_minutes: 60}\n"


def write(what: str, days: int) -> None:
    table, times = world(what, days)
    parquet.write_table(table.append_column("at", pa.array(times)), "d.parquet")


SEASONS = ["reference", "seasons", "d.parquet", "--time-column", "at"]
BUILD = ["reference", "build", "d.parquet", "--model", "m", "--time-column", "at"]


def test_a_needed_season_is_told_with_the_setting(capsys: pytest.CaptureFixture[str]) -> None:
    write("nightly category", 7)
    assert run(SEASONS) == 0
    told = capsys.readouterr().out
    assert "A season is needed: c differs by 0.2" in told
    assert "set season: {by: hour}" in told
    assert "Of weekdays 7 days cannot tell" in told
    assert run([*SEASONS, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["needed"], document["days"], document["min_effect"]) == ("hour", 7, 0.05)
    assert document["told"].startswith("A season is needed")
    first = document["found"][0]
    assert (first["column"], first["by"]) == ("c", "hour")
    assert {one["column"] for one in document["found"]} == {"x", "c"}


def test_too_few_days_are_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    write("daily", 2)
    assert run(SEASONS) == 0
    assert "Too little data: 2 days; give at least 7 days" in capsys.readouterr().out


def test_the_smallest_change_that_matters_is_the_models(capsys: pytest.CaptureFixture[str]) -> None:
    write("nightly category", 7)
    Path("monitor.yaml").write_text("models:\n  m:\n    drift: {min_effect: 0.5}\n")
    assert run([*SEASONS, "--model", "m"]) == 0
    assert "No season is needed: nothing of 0.5 or more" in capsys.readouterr().out
    assert run(SEASONS) == 0
    assert "A season is needed" in capsys.readouterr().out


def test_a_reference_is_built_and_shown_with_its_season(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write("daily", 7)
    Path("monitor.yaml").write_text(HOURLY)
    assert run([*BUILD, "--sample-size", "500", "--json"]) == 0
    said = capsys.readouterr()
    document = json.loads(said.out)
    assert document["season"]["by"] == "hour"
    assert list(document["season"]["strata"])[::23] == ["hour 00", "hour 23"]
    assert sum(document["season"]["strata"].values()) == 7 * 24 * 40
    assert "small changes there stay unseen: --sample-size" in said.err
    made = load(Path("m.reference"))
    assert made.strata is not None
    assert made.strata.season.utc_offset_minutes == 60
    assert run(["reference", "show", "m.reference"]) == 0
    said = capsys.readouterr()
    assert "season by hour, UTC+01:00: 24 strata of" in said.out
    assert said.err == ""


def test_a_stratum_of_few_rows_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    table, times = world("daily", 7)
    late = times % 86_400_000 // 3_600_000 != 3
    parquet.write_table(table.append_column("at", pa.array(times)).filter(late), "d.parquet")
    Path("monitor.yaml").write_text("defaults:\n  season: {by: hour}\n")
    assert run(BUILD) == 0
    told = capsys.readouterr().out
    assert "23 strata of" in told
    assert "under 100 rows; not judged by evidence): hour 03" in told


def test_another_season_than_the_configured_one_is_warned_of(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write("daily", 7)
    assert run(BUILD) == 0
    assert load(Path("m.reference")).strata is None
    Path("monitor.yaml").write_text(HOURLY)
    capsys.readouterr()
    assert run(["reference", "show", "m.reference"]) == 0
    told = capsys.readouterr().err
    assert "season of m is by hour, UTC+01:00, but the reference was built with none" in told
    assert run(BUILD) == 0
    Path("monitor.yaml").write_text("models:\n  m:\n    season: {by: weekday}\n")
    capsys.readouterr()
    assert run(["reference", "show", "m.reference"]) == 0
    told = capsys.readouterr().err
    assert "is by weekday, UTC+00:00, but the reference was built with by hour, UTC+01:00" in told


def test_without_times_it_is_told_how_to_name_them(capsys: pytest.CaptureFixture[str]) -> None:
    Path("d.csv").write_text("x\n" + "".join(f"{i}\n" for i in range(300)))
    assert run(["reference", "seasons", "d.csv"]) == 3
    assert "d.csv has no times: name their column (--time-column COL)" in capsys.readouterr().err
    Path("monitor.yaml").write_text(HOURLY)
    assert run(["reference", "build", "d.csv", "--model", "m"]) == 3
    assert "season is by hour, and d.csv has no times" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["integers", "texts", "timestamps"])
def test_times_are_milliseconds_texts_or_timestamps(
    kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    table, times = world("nightly category", 7)
    moments = pa.array(times).cast(pa.timestamp("ms", "UTC"))
    texts = [moment.isoformat() for moment in moments.to_pylist()]
    at = {"integers": pa.array(times), "texts": pa.array(texts), "timestamps": moments}[kind]
    parquet.write_table(table.append_column("at", at), "d.parquet")
    assert run([*SEASONS, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["needed"] == "hour"


def test_the_example_of_the_page_is_what_the_command_prints(
    capsys: pytest.CaptureFixture[str],
) -> None:
    table, times = world("both", 28)
    table = table.rename_columns(["amount", "channel"]).append_column("at", pa.array(times))
    parquet.write_table(table, "requests.parquet")
    assert run(["reference", "seasons", "requests.parquet", "--time-column", "at"]) == 0
    assert capsys.readouterr().out in PAGE.read_text(encoding="utf-8")
