"""The page in a real browser: all of it is seen, nothing is asked for, nothing complained of."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from stream_monitor.reports.page import SECTIONS, render
from tests.reports.acts import history
from tests.reports.browser import Page, browser
from tests.reports.test_history import gather
from tests.reports.test_page import ACTS, HOSTILE, dressed

Result = TypeVar("Result")
WIDTHS = (390, 1_200)


def within(work: Callable[[Page], Awaitable[Result]]) -> Result:
    async def opened() -> Result:
        async with browser() as page:
            return await work(page)

    return asyncio.run(opened())


@pytest.mark.parametrize("name", ACTS)
def test_every_part_is_seen_and_nothing_is_asked_for_or_complained_of(
    name: str, tmp_path: Path
) -> None:
    file = tmp_path / "report.html"
    file.write_text(render(history(name)), encoding="utf-8")

    async def look(page: Page) -> None:
        for width in WIDTHS:
            for dark in (False, True):
                await page.looks(width, dark=dark)
                await page.open(file)
                seen = await page.evaluate(
                    "Object.fromEntries([...document.querySelectorAll('section')].map("
                    "s => [s.id, s.getBoundingClientRect().height]))"
                )
                assert list(seen) == list(SECTIONS)
                assert min(seen.values()) > 40
                overflow = (
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                )
                assert await page.evaluate(overflow) <= 0
                pictures = await page.evaluate(
                    "[...document.querySelectorAll('svg')].map("
                    "s => s.getBoundingClientRect().height)"
                )
                assert pictures
                assert min(pictures) >= 16
        assert (await page.pdf()).startswith(b"%PDF")
        assert page.complaints == []
        assert set(page.requests) == {file.as_uri()}

    within(look)


#: Letters beyond the frame of their picture, by a pixel or more.
CLIPPED = """
[...document.querySelectorAll('svg text')].filter(text => {
  const [box, frame] = [text.getBoundingClientRect(), text.ownerSVGElement.getBoundingClientRect()];
  return box.left < frame.left - 1 || box.right > frame.right + 1
    || box.top < frame.top - 1 || box.bottom > frame.bottom + 1;
}).map(text => text.textContent)
"""
LONG = "W" * 20 + "_the_name_of_a_feature_that_somebody_has_made_by_joining"


@pytest.mark.parametrize("name", [*ACTS, LONG])
def test_no_letters_are_cut_off_on_any_medium(name: str, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    found = history(name) if name in ACTS else gather(list(dressed(name)))
    file.write_text(render(found), encoding="utf-8")

    async def look(page: Page) -> None:
        for width, media in ((360, "screen"), (1_280, "screen"), (720, "print")):
            await page.looks(width, media=media)
            await page.open(file)
            assert await page.evaluate(CLIPPED) == []
            hidden = (
                "[...document.querySelectorAll('.list')].filter("
                "t => t.scrollWidth > t.parentElement.clientWidth + 1).length"
            )
            if media == "print" or width == 360:
                assert await page.evaluate(hidden) == 0

    within(look)


def test_dark_and_light_differ_and_text_stands_out_in_both(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(render(history("drift")), encoding="utf-8")

    async def colours(page: Page) -> list[Any]:
        found = []
        for dark in (False, True):
            await page.looks(1_200, dark=dark)
            await page.open(file)
            found.append(
                await page.evaluate(
                    "(s => [s.backgroundColor, s.color].map("
                    "c => c.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0)))"
                    "(getComputedStyle(document.body))"
                )
            )
        return found

    (light_paper, light_ink), (dark_paper, dark_ink) = within(colours)
    assert light_paper - light_ink > 400
    assert dark_ink - dark_paper > 400


def test_hostile_names_do_nothing(tmp_path: Path) -> None:
    async def look(page: Page) -> None:
        for at, name in enumerate(HOSTILE):
            file = tmp_path / f"{at}.html"
            file.write_text(render(gather(list(dressed(name)))), encoding="utf-8")
            await page.looks(390)
            await page.open(file)
            assert await page.evaluate("document.scripts.length + document.images.length") == 0
            assert await page.evaluate("[...document.querySelectorAll('section')].length") == len(
                SECTIONS
            )
        assert page.complaints == []
        assert all(address.startswith("file:") for address in page.requests)

    within(look)
