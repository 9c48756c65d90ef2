"""The pages in Chromium: what they show, that they update, and that they load nothing else."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from stream_monitor.views.protocol import View
from stream_monitor.views.shared import Patient, SharedView
from stream_monitor.web.api.access import Tokens
from tests.web.api.test_access import READ, tokens
from tests.web.api.worlds import HOSTILE, Api, Gone, empty, published, serving, view
from tests.web.browser import Page, browsing

PHONE, DESK = (390, 800), (1280, 900)


def browse(
    home: Path,
    see: Callable[[Page, Api], Awaitable[None]],
    of: View | None = None,
    its: Tokens | None = None,
) -> Page:
    async def run(api: Api) -> Page:
        async with browsing(home / "profile") as page:
            await see(page, api)
            return page

    with serving(of or view("m"), tokens=its) as api:
        page = asyncio.run(run(api))
        assert all(url.startswith((api.url, "data:")) for url in page.requested), page.requested
        return page


def test_the_live_page_shows_models_drift_and_episodes(tmp_path: Path) -> None:
    async def see(page: Page, api: Api) -> None:
        await page.call("Page.navigate", url=f"{api.url}/")
        await page.until("document.querySelector('.row.in-alarm')")
        text = await page.text()
        assert "asleep" in text
        assert "No window has been judged yet" in text
        assert "Look first at" in text
        assert await page.eval("document.querySelector('.row.in-alarm span').textContent") == "x"
        await page.until("document.getElementById('state').textContent.includes('as of')")

    assert browse(tmp_path, see).errors == []


def test_it_updates_by_itself(tmp_path: Path) -> None:
    seen = empty()

    async def see(page: Page, api: Api) -> None:
        await page.call("Page.navigate", url=f"{api.url}/")
        await page.until("document.body.innerText.includes('None yet')")
        for publish in published("m"):
            seen.hear(publish)
        await page.until("document.querySelector('.row.in-alarm')")
        assert not await page.eval("document.body.innerText.includes('None yet')")

    assert browse(tmp_path, see, seen).errors == []


def test_what_is_marked_stays_marked_while_nothing_changes(tmp_path: Path) -> None:
    async def see(page: Page, api: Api) -> None:
        await page.call("Page.navigate", url=f"{api.url}/")
        await page.until("document.querySelector('.row.in-alarm')")
        await page.eval("getSelection().selectAllChildren(document.querySelector('#episodes h3'))")
        asked = len(page.requested)
        async with asyncio.timeout(20):
            while len(page.requested) < asked + 4:  # two looks
                await asyncio.sleep(0.1)
        assert await page.eval("getSelection().toString()") == "m"

    assert browse(tmp_path, see).errors == []


STATE = "document.getElementById('state').textContent"


def test_it_says_when_kafka_does_not_answer_and_of_when_it_is(tmp_path: Path) -> None:
    async def see(page: Page, api: Api) -> None:
        api.age_ms = 90_000
        await page.call("Page.navigate", url=f"{api.url}/")
        await page.until(f"{STATE}.startsWith('Kafka does not answer; as of ')")
        assert await page.eval("Math.abs(Date.now() - seen - 90000) < 20000")
        api.age_ms = 1_000
        await page.until(f"{STATE}.startsWith('as of ')")

    assert browse(tmp_path, see).errors == []


def test_it_says_that_models_of_others_are_missing_without_redis(tmp_path: Path) -> None:
    async def see(page: Page, api: Api) -> None:
        await page.call("Page.navigate", url=f"{api.url}/")
        await page.until(f"{STATE}.includes('models only')")
        assert "x has drifted" in await page.text()

    assert browse(tmp_path, see, SharedView(Patient(Gone(), lambda: 0), view("m"))).errors == []


def test_what_was_seen_last_stays_and_says_so_when_the_worker_does_not_answer(
    tmp_path: Path,
) -> None:
    async def see(page: Page, api: Api) -> None:
        await page.call("Page.navigate", url=f"{api.url}/")
        await page.until("document.querySelector('.row.in-alarm')")
        await page.call("Network.setBlockedURLs", urls=["*/monitor/*"])
        await page.until(f"{STATE}.startsWith('the worker does not answer; as of ')")
        assert await page.eval("document.querySelector('main').className") == "old"
        assert await page.eval("Boolean(document.querySelector('.row.in-alarm'))")
        await page.call("Network.setBlockedURLs", urls=[])
        await page.until("document.querySelector('main').className === ''")

    assert all("BLOCKED" in error for error in browse(tmp_path, see).errors)


def test_any_of_many_models_can_be_found_and_shows_its_drift(tmp_path: Path) -> None:
    late = [f"model-{number:02}" for number in range(32)]

    async def see(page: Page, api: Api) -> None:
        await page.call("Page.navigate", url=f"{api.url}/")
        await page.until("document.querySelectorAll('#models .row.in-alarm').length >= 30")
        assert "and 3 more" in await page.text()
        for name in ("MODEL-30", "model-31", "asleep"):
            await page.eval(
                f"at('find').value = '{name}'; at('find').dispatchEvent(new Event('input'))"
            )
            await page.until(
                "document.querySelectorAll('#models h3').length === 1 && "
                f"document.querySelector('#models h3').textContent === '{name.lower()}'"
            )
            if name != "asleep":
                await page.until("document.querySelector('#models .row.in-alarm')")
        await page.eval("at('find').value = 'x y'; at('find').dispatchEvent(new Event('input'))")
        await page.until("document.body.innerText.includes('No model is called so')")

    assert browse(tmp_path, see, view(*late)).errors == []


def test_hostile_names_are_text(tmp_path: Path) -> None:
    async def see(page: Page, api: Api) -> None:
        await page.call("Page.navigate", url=f"{api.url}/")
        await page.until("document.querySelector('.row.in-alarm')")
        assert HOSTILE in await page.text()
        assert await page.eval("document.querySelectorAll('img').length") == 0

    assert browse(tmp_path, see, view(HOSTILE)).errors == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("path", ["/", "/docs"])
def test_nothing_sticks_out_and_the_text_can_be_read(
    tmp_path: Path, path: str, size: tuple[int, int], dark: bool
) -> None:
    async def see(page: Page, api: Api) -> None:
        await page.look(*size, dark=dark)
        await page.call("Page.navigate", url=f"{api.url}{path}")
        await page.until("document.querySelector('.row.in-alarm, details')")
        assert await page.eval("document.documentElement.scrollWidth") <= size[0]
        text, ground = [
            sum(int(part) for part in str(colour).strip("rgba()").split(",")[:3])
            for colour in (
                await page.eval("getComputedStyle(document.body).color"),
                await page.eval("getComputedStyle(document.body).backgroundColor"),
            )
        ]
        assert (text > ground) == dark
        assert abs(text - ground) > 3 * 150

    assert browse(tmp_path, see, view("m", HOSTILE)).errors == []


def test_a_page_without_its_token_asks_for_it(tmp_path: Path) -> None:
    async def see(page: Page, api: Api) -> None:
        await page.call("Page.navigate", url=f"{api.url}/")
        await page.until("document.querySelector('form.wanted')")
        await page.until("document.body.innerText.includes('api.read_token_file')")
        await page.eval(f"document.getElementById('token').value = '{READ}'")
        await page.eval("document.querySelector('form button').click()")
        await page.until("document.querySelector('.row.in-alarm')")
        await page.until("!document.querySelector('form.wanted')")

    page = browse(tmp_path, see, its=tokens(tmp_path))
    assert all("401" in error for error in page.errors), "Chromium itself says so of each"


def test_the_page_of_paths_can_be_tried(tmp_path: Path) -> None:
    async def see(page: Page, api: Api) -> None:
        await page.call("Page.navigate", url=f"{api.url}/docs")
        await page.until("document.querySelectorAll('#paths details').length > 10")
        for path in ("/monitor/models", "/monitor/predict"):
            box = (
                "[...document.querySelectorAll('#paths details')]"
                f".find(one => one.querySelector('code').textContent === '{path}')"
            )
            await page.eval(f"{box}.open = true")
            if path.endswith("predict"):
                await page.eval(f"{box}.querySelector('textarea').value = '{{\"model\": \"m\"}}'")
            await page.eval(f"{box}.querySelector('button').click()")
            await page.until(f"{box}.querySelector('pre').textContent.includes('20')")
        assert [topic for topic, _ in api.kafka.sent] == ["predictions"]

    assert browse(tmp_path, see).errors == []
