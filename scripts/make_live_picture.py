"""Take the live page's picture: ``python -m scripts.make_live_picture docs/live.png``.

Of a real worker on the demo's broker, that watches two of the demo's acts.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from stream_monitor.config.api import ApiSettings
from stream_monitor.config.render import to_yaml
from stream_monitor.kafka.rehearsal import embedded
from stream_monitor.scenarios.acts import drift
from stream_monitor.testing.kafka import free_port

SIZE = "1100,900"
ACTS = ("drift", "employment")
_TIMEOUT_S = 60.0


def ask(url: str, method: str = "GET") -> Any:
    """A JSON answer."""
    with urllib.request.urlopen(urllib.request.Request(url, method=method)) as answer:
        return json.load(answer)


def until_seen(url: str, models: int) -> None:
    """Wait until so many models have a window, and no more windows come."""
    end, before = time.monotonic() + _TIMEOUT_S, None
    while time.monotonic() < end:
        time.sleep(3)
        try:
            cards = ask(f"{url}/monitor/models")["models"]
        except OSError:
            continue
        now = [card["window_end"] for card in cards if card["window_end"]]
        if len(now) == models and now == before:
            return
        before = now
    raise SystemExit(f"{models} models have not come to rest within {_TIMEOUT_S:.0f} s")


async def take(target: Path, home: Path) -> None:
    """Run a worker, play the acts, and take the picture."""
    act = drift(7)
    changes: dict[str, object] = {
        "worker": act.settings.worker.model_copy(
            update={"port": 0, "data_dir": str(home / "state")}
        ),
        "api": ApiSettings(port=free_port(), simulate=True),
    }
    async with embedded(act.settings.model_copy(update=changes)) as settings:
        config = home / "monitor.yaml"
        config.write_text(to_yaml(settings), encoding="utf-8")
        command = [sys.executable, "-m", "stream_monitor", "worker", "--config", str(config)]
        worker = subprocess.Popen([*command, "--no-create-topics"])
        url = f"http://{settings.api.host}:{settings.api.port}"
        try:
            await asyncio.to_thread(until_seen, url, 0)
            for number, name in enumerate(ACTS, 1):
                await asyncio.to_thread(ask, f"{url}/simulate/{name}", "POST")
                await asyncio.to_thread(until_seen, url, number)
            browser = ["chromium", "--headless", "--no-sandbox", "--disable-gpu"]
            browser += ["--hide-scrollbars", f"--window-size={SIZE}"]
            browser += ["--virtual-time-budget=6000", f"--screenshot={target.resolve()}", f"{url}/"]
            await asyncio.to_thread(subprocess.run, browser, check=True, capture_output=True)
        finally:
            worker.terminate()
            worker.wait(30)


def main() -> int:
    target = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as home:
        asyncio.run(take(target, Path(home)))
    print(f"wrote {target}; look at it before you commit it")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
