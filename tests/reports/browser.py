"""A headless Chromium, driven by its DevTools protocol."""

from __future__ import annotations

import asyncio
import base64
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

COMMAND = next(
    (
        found
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (found := shutil.which(name))
    ),
    "chromium",
)
_PATIENCE_S = 60.0


@dataclass
class Page:
    """One page: what it asked of the network, what it complained of, and questions to it."""

    socket: aiohttp.ClientWebSocketResponse
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    loaded: asyncio.Event = field(default_factory=asyncio.Event)
    _answers: dict[int, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)

    async def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One call of the protocol and its result."""
        id_ = len(self._answers)
        answer = asyncio.get_running_loop().create_future()
        self._answers[id_] = answer
        await self.socket.send_json({"id": id_, "method": method, "params": parameters})
        return await asyncio.wait_for(answer, _PATIENCE_S)

    async def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression (of the driver's: the page has none)."""
        found = await self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    async def open(self, path: Path) -> None:
        """Load a file, and wait until it and all it asks for are there."""
        self.loaded.clear()
        await self.ask("Page.navigate", url=path.as_uri())
        await asyncio.wait_for(self.loaded.wait(), _PATIENCE_S)

    async def looks(self, width: int, *, dark: bool = False, media: str = "screen") -> None:
        """From now on the page is so wide, in light or dark, on a screen or on paper."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        await self.ask("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.ask("Emulation.setEmulatedMedia", media=media, features=[scheme])

    async def picture(self, clip: Mapping[str, float] | None = None) -> bytes:
        """A PNG of the whole page, or of a part of it."""
        part = {} if clip is None else {"clip": {"scale": 1, **clip}}
        found = await self.ask("Page.captureScreenshot", captureBeyondViewport=True, **part)
        return base64.b64decode(found["data"])

    async def pdf(self) -> bytes:
        """The page as it is printed."""
        return base64.b64decode((await self.ask("Page.printToPDF"))["data"])

    async def listen(self) -> None:
        """Take in what the browser says, until it goes."""
        async for message in self.socket:
            said = message.json()
            if "id" in said:
                self._take(said)
                continue
            parameters = said["params"]
            match said["method"]:
                case "Network.requestWillBeSent":
                    self.requests.append(parameters["request"]["url"])
                case "Log.entryAdded":
                    self.complaints.append(parameters["entry"]["text"])
                case "Runtime.exceptionThrown" | "Runtime.consoleAPICalled":
                    self.complaints.append(str(parameters))
                case "Page.loadEventFired":
                    self.loaded.set()

    def _take(self, said: Mapping[str, Any]) -> None:
        answer = self._answers[said["id"]]
        if "error" in said:
            answer.set_exception(AssertionError(said["error"]))
        else:
            answer.set_result(said["result"])


@asynccontextmanager
async def browser() -> AsyncIterator[Page]:
    """A page of a browser that knows nothing of any other; it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        running = subprocess.Popen(
            [
                COMMAND,
                "--headless",
                "--no-sandbox",  # CI runs as root
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                f"--user-data-dir={profile}",
                "--remote-debugging-port=0",
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            port = await _port(Path(profile) / "DevToolsActivePort")
            async with aiohttp.ClientSession() as session:
                async with session.get(f"http://127.0.0.1:{port}/json") as answer:
                    (target,) = [t for t in await answer.json() if t["type"] == "page"]
                address = target["webSocketDebuggerUrl"]
                async with session.ws_connect(address, max_msg_size=1 << 28) as socket:
                    page = Page(socket)
                    listening = asyncio.create_task(page.listen())
                    for domain in ("Page", "Network", "Log", "Runtime"):
                        await page.ask(f"{domain}.enable")
                    yield page
                await listening
        finally:
            running.terminate()
            running.wait(timeout=30)


async def _port(file: Path) -> int:
    for _ in range(int(_PATIENCE_S / 0.1)):
        if file.exists() and (text := file.read_text().split()):
            return int(text[0])
        await asyncio.sleep(0.1)
    raise AssertionError(f"{COMMAND} did not start")
