"""What every dashboard and every panel must have."""

from __future__ import annotations

import re
from typing import Any

import pytest
from grafana_foundation_sdk.models import units

from scripts.dashboards.frame import SERIES_MODEL, uid_of
from scripts.dashboards.write import FOLDER, boards, documents
from tests.alerting.promql import Query
from tests.dashboards import files

UNITS = {value for name, value in vars(units).items() if not name.startswith("_")}
PANELS = list(files.panels())
IDS = [f"{board}/{panel['title']}" for board, panel in PANELS]
every_panel = pytest.mark.parametrize("panel", [panel for _, panel in PANELS], ids=IDS)
every_board = pytest.mark.parametrize("name", sorted(files.boards()))


def test_the_committed_dashboards_are_those_of_the_code() -> None:
    committed = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.json")}
    assert committed == documents(), "run python -m scripts.dashboards and commit what it writes"


def test_uids_and_titles_are_unique_and_never_change() -> None:
    found = {name: board["uid"] for name, board in files.boards().items()}
    assert found == {name: f"stream-monitor-{name}" for name in found}
    assert all(len(uid) <= 40 for uid in found.values()), "Grafana's limit"
    assert len({board["title"] for board in files.boards().values()}) == len(found)
    assert len(found) == 7


@every_board
def test_a_dashboard_answers_one_question(name: str) -> None:
    board = files.boards()[name]
    assert "?" in board["description"]
    assert board["tags"] == ["stream-monitor"]
    assert board["editable"] is False, "Grafana would lose what is edited there"


@every_board
def test_a_dashboard_leads_to_all_others_and_keeps_time_and_variables(name: str) -> None:
    links = files.boards()[name]["links"]
    others = [each.name for each in boards() if each.name != name]
    assert [link["url"] for link in links] == [f"/d/{uid_of(other)}" for other in others]
    assert all(link["keepTime"] and link["includeVars"] for link in links)


@every_board
def test_variables_are_the_same_everywhere_and_follow_the_time(name: str) -> None:
    variables = files.boards()[name]["templating"]["list"]
    assert [each["name"] for each in variables] == ["datasource", "job", "model"]
    assert variables[0]["query"] == "prometheus"
    for each in variables[1:]:
        assert each["refresh"] == 2, "on time range change"
        assert each["datasource"]["uid"] == "${datasource}"
    assert 'job=~"$job"' in variables[2]["query"]


@every_board
def test_panels_have_ids_of_their_own_and_fill_the_width(name: str) -> None:
    panels = files.boards()[name]["panels"]
    ids = [panel["id"] for panel in panels]
    assert sorted(ids) == list(range(1, len(panels) + 1))
    lines: dict[int, int] = {}
    for panel in panels:
        at = panel["gridPos"]
        lines[at["y"]] = lines.get(at["y"], 0) + at["w"]
    assert set(lines.values()) == {24}, "a gap, or a panel over another"


@every_panel
def test_a_panel_has_a_title_a_description_a_unit_and_a_legend(panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert len(panel["description"]) > 20
    assert panel["description"].endswith((".", ").")), "a sentence"
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    assert panel["datasource"]["uid"] == "${datasource}"
    if panel["type"] in ("timeseries", "bargauge"):
        assert panel["options"]["legend"]["showLegend"] is True
    for target in panel["targets"]:
        assert target["datasource"]["uid"] == "${datasource}"
        assert panel["type"] == "table" or target["legendFormat"]
    letters = [target["refId"] for target in panel["targets"]]
    assert len(set(letters)) == len(letters)


@every_panel
def test_what_a_legend_names_is_a_label_of_the_answer(panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        filled = files.Target("", panel, target["expr"], "").of("job")
        labels = Query(files.known()).labels(filled)
        named = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
        assert named <= labels


def test_a_cell_without_a_label_does_not_say_that_the_table_is_empty() -> None:
    tables = [panel for _, panel in PANELS if panel["type"] == "table"]
    assert tables
    for panel in tables:
        cells = [
            each["value"]
            for override in panel["fieldConfig"]["overrides"]
            if override["matcher"] == {"id": "byType", "options": "string"}
            for each in override["properties"]
            if each["id"] == "noValue"
        ]
        assert cells == ["-"]


def test_a_link_to_a_model_takes_the_model_from_where_it_is() -> None:
    seen = 0
    for _, panel in PANELS:
        for link in panel["fieldConfig"]["defaults"].get("links") or []:
            (query,) = panel["targets"]
            filled = files.Target("", panel, query["expr"], "").of("job")
            assert "model" in Query(files.known()).labels(filled)
            assert SERIES_MODEL in link["url"]
            assert link["url"].startswith(f"/d/{uid_of('model')}?${{__url_time_range}}")
            assert "${datasource:queryparam}&${job:queryparam}" in link["url"]
            seen += 1
    assert seen >= 5


PICTURES = FOLDER.parent / "docs" / "dashboards"


@every_board
def test_the_page_on_dashboards_shows_each_and_says_what_it_answers(name: str) -> None:
    page = (PICTURES.parent / "dashboards.md").read_text("utf-8")
    (board,) = [each for each in boards() if each.name == name]
    title = board.title.partition(": ")[2]
    assert f"\n## {title}\n" in page
    assert f"![{title}](dashboards/{name}.png)" in page
    assert board.question.partition("? ")[0].rstrip("?") in page
    picture = (PICTURES / f"{name}.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 200_000
