"""Chromium without a window, driven by its DevTools protocol."""

import asyncio
import base64
import itertools
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp

START_S = 60.0


class Page:
    """A tab; ``errors`` is all that its console complains of, ``requested`` every URL asked for."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self.errors: list[str] = []
        self.requested: list[str] = []

    async def call(self, method: str, **parameters: Any) -> Any:
        """A command of the protocol, and its result."""
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        async with asyncio.timeout(START_S):
            return await self._waiting[number]

    async def listen(self) -> None:
        """Take what the browser says, until it is gone."""
        async for message in self._socket:
            told = json.loads(message.data)
            if "id" in told:
                future = self._waiting.pop(told["id"])
                if "error" in told:
                    future.set_exception(AssertionError(told["error"]))
                else:
                    future.set_result(told["result"])
            else:
                self._hear(told["method"], told["params"])

    def _hear(self, method: str, told: Any) -> None:
        if method == "Network.requestWillBeSent":
            self.requested.append(told["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(told["exceptionDetails"]))
        elif method == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
            self.errors.append(told["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning"):
            self.errors.append(json.dumps(told["args"]))

    async def eval(self, expression: str) -> Any:
        """The value of a JavaScript expression."""
        got = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in got, got
        return got["result"].get("value")

    async def until(self, expression: str, timeout_s: float = 20.0) -> None:
        """Wait until a JavaScript expression is true; while the page loads it may fail."""
        tried = f"(() => {{ try {{ return Boolean({expression}) }} catch {{ return false }} }})()"
        async with asyncio.timeout(timeout_s):
            while not await self.eval(tried):
                await asyncio.sleep(0.05)

    async def text(self) -> str:
        """What a reader sees."""
        return str(await self.eval("document.body.innerText"))

    async def look(self, width: int, height: int, *, dark: bool = False) -> None:
        """A screen of this size."""
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.call("Emulation.setEmulatedMedia", features=[scheme])

    async def picture(self) -> bytes:
        """The whole page as PNG."""
        got = await self.call("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(got["data"])


@asynccontextmanager
async def browsing(home: Path) -> AsyncIterator[Page]:
    """A tab of a browser of its own, whose profile lies in ``home``."""
    command = shutil.which("chromium")
    assert command, "Chromium is needed: apt-get install chromium"
    process = subprocess.Popen(
        [
            command, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--no-first-run", "--disable-background-networking", "--hide-scrollbars",
            "--remote-debugging-port=0", f"--user-data-dir={home}", "about:blank",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with aiohttp.ClientSession() as session:
            port = await _port(home / "DevToolsActivePort")
            async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                (tab,) = [one for one in await answer.json() if one["type"] == "page"]
            async with session.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                page = Page(socket)
                listening = asyncio.create_task(page.listen())
                for domain in ("Page", "Runtime", "Log", "Network"):
                    await page.call(f"{domain}.enable")
                yield page
                listening.cancel()
                with suppress(asyncio.CancelledError):
                    await listening
    finally:
        process.terminate()
        process.wait(30)


async def _port(file: Path) -> int:
    async with asyncio.timeout(START_S):
        while not file.exists() or not (text := file.read_text()):
            await asyncio.sleep(0.05)
    return int(text.split()[0])
