"""The page: every part is there, names are text, and it stays small."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.reports.document import document
from stream_monitor.reports.page import SECTIONS, render
from stream_monitor.reports.strips import CELLS
from tests.reports.acts import history, walk
from tests.reports.documents import alert, report
from tests.reports.test_history import gather

ACTS = ("drift", "employment", "late-labels")
#: Elements that run, fetch or leave the page, and that it must not have.
ACTIVE = {"script", "iframe", "object", "embed", "form", "base", "image", "foreignobject", "use"}
HOSTILE = (
    '<script>alert("x")</script>',
    "'\"><img src=x onerror=alert(1)>",
    "</style>&amp;",
    "\x00",
)


class Parsed(HTMLParser):
    """The elements of a page, its attributes and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.ids: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self.ids += [value or "" for name, value in attrs if name == "id" and tag == "section"]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def assert_is_still(page: str) -> Parsed:
    """Nothing on the page runs or is fetched."""
    parsed = Parsed(page)
    assert not ACTIVE & {element.lower() for element in parsed.elements}
    for name, value in parsed.attributes:
        assert not name.startswith("on")
        if name in ("href", "src", "xlink:href"):
            assert value.startswith("#") or value == "data:,"
    assert not re.search(r"url\(|@import", page)
    return parsed


@pytest.mark.parametrize("name", ACTS)
def test_every_part_is_there_in_its_order(name: str) -> None:
    parsed = assert_is_still(render(history(name)))
    assert parsed.ids == list(SECTIONS)
    links = [value[1:] for key, value in parsed.attributes if key == "href" and value[:1] == "#"]
    assert set(links) == set(SECTIONS)


@pytest.mark.parametrize("name", ACTS)
def test_who_cannot_see_the_page_finds_heads_and_the_words_of_pictures(name: str) -> None:
    page = render(history(name))
    levels = [int(level) for level in re.findall(r"<h([1-6])", page)]
    assert levels[:2] == [1, 2]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.count("<svg") == len(re.findall(r'<svg [^>]*role="img"[^>]*><title>[^<]{9,}', page))
    assert not re.search(r"<th(?! scope=\"(?:row|col)\")[ >]", page)
    assert page.count("<figure") == page.count("<figcaption><h3>")
    heads = re.findall(r'aria-labelledby="([^"]+)"', page)
    assert heads == re.findall(r'<h2 id="([^"]+)"', page) == [f"{id_}-head" for id_ in SECTIONS]


def test_the_same_history_gives_the_same_page() -> None:
    assert render(history("drift")) == render(history("drift"))


def test_a_page_without_any_window_says_so() -> None:
    page = render(gather([]))
    assert assert_is_still(page).ids == list(SECTIONS)
    assert "there is no report of any window of this period" in page


def test_an_alert_without_windows_is_shown_too() -> None:
    assert "drift of x" in render(gather([("alert", alert(2))]))


def dressed(name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Documents in which everything that users name has this name."""
    column = f"feature:{name}"
    figures = {"accuracy": {"value": 0.9, "n": 9, "lower": 0.8, "upper": 0.95}}
    slices = {
        name: {"dropped_rows": 2, "values": {name: {"rows": 9, "labelled": 9, "figures": figures}}}
    }
    for at in range(30):
        found = report(
            at,
            {column: 0.3},
            drifted=(column,),
            missing={column: 0.2},
            accuracy=0.9,
            unknown={name: 3},
            slices=slices,
            versions=({"version": name, "champion": name, "metrics": []},),
        )
        found["distributions"][column] = {
            "categories": [name, "b"],
            "counts": [4, 6, 0, 1],
            "reference": [5, 5, 0, 0],
        }
        found["confusion"]["classes"] = [name, "b", "other"]
        found["warnings"] = [f"careful with {name}"]
        yield "report", found
    yield "alert", alert(3, columns=(column,))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text(name: str) -> None:
    parsed = assert_is_still(render(gather(list(dressed(name)))))
    assert "img" not in parsed.elements
    assert name in "".join(parsed.text)


@given(st.text(min_size=1, max_size=50))
@settings(max_examples=30, deadline=None)
def test_whatever_the_names_are_the_page_has_the_same_elements(name: str) -> None:
    plain = assert_is_still(render(gather(list(dressed("x")))))
    parsed = assert_is_still(render(gather(list(dressed(name)))))
    assert parsed.elements == plain.elements


def test_a_hundred_columns_and_a_thousand_windows_stay_readable() -> None:
    columns = {f"feature:column {i}": walk(1_000, i) for i in range(100)}
    documents = [
        ("report", report(at, {name: walked[at] for name, walked in columns.items()}))
        for at in range(1_000)
    ]
    found = gather(documents, last=2_000)
    page = render(found)
    assert len(page) < 400_000
    assert "60 more columns, all with less drift, not shown." in page
    assert "The 12 columns with most drift of 100 are drawn." in page
    assert "A point is the mean of 7 windows" in page
    for strip in re.findall(r'<svg viewBox="[^"]*" class="strip".*?</svg>', page):
        assert strip.count("<rect") <= CELLS
    assert len(json.dumps(document(found))) < 1_000_000


@pytest.mark.parametrize("name", ACTS)
def test_the_document_is_json_and_says_what_the_page_says(name: str) -> None:
    found = document(history(name))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["verdict"]["sentence"] in "".join(Parsed(render(history(name))).text)
    assert found["windows"]["all"] == len(history(name).windows)


def test_the_page_on_reports_names_every_key_of_the_document() -> None:
    page = (Path(__file__).parents[2] / "docs/reports.md").read_text(encoding="utf-8")
    listed = page.split("## As JSON")[1].split("\n## ")[0]
    heads = re.findall(r"^\| (`.*?) \|", listed, re.MULTILINE)
    assert sorted(re.findall(r"`(\w+)`", " ".join(heads))) == sorted(document(history("drift")))


def test_the_drawn_distributions_are_those_of_the_newest_window() -> None:
    found = document(history("drift"))["distributions"]["feature:income"]
    assert sum(found["reference"]) > 0
    # Incomes are a quarter lower: more of them in the lowest bins than in the reference.
    low, was = sum(found["counts"][:5]), sum(found["reference"][:5])
    assert low / sum(found["counts"]) > 1.5 * was / sum(found["reference"])
