"""A worker in which something raises ends at once, with what was raised."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from stream_monitor.kafka.references import publish
from stream_monitor.kafka.rehearsal import embedded
from stream_monitor.kafka.replay import replay
from stream_monitor.kafka.stage1 import Stage1
from stream_monitor.kafka.stage2 import Stage2
from stream_monitor.kafka.worker import Worker
from stream_monitor.pipeline.evaluate import Evaluator
from stream_monitor.scenarios.acts import drift
from tests.views.test_worker import at_home


@pytest.mark.parametrize(
    ("owner", "name"),
    [(Evaluator, "handle"), (Stage1, "flush"), (Stage2, "recover")],
    ids=["an-agent", "a-timer", "the-recovery"],
)
def test_a_worker_in_which_something_raises_ends_at_once_and_says_it(
    owner: type, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, calls, raised_at = getattr(owner, name), iter(range(3)), [0.0]

    def breaks(*args: Any) -> Any:
        if next(calls, None) is not None:
            return usual(*args)
        raised_at[0] = raised_at[0] or time.monotonic()
        raise ValueError("it broke")

    async def play() -> None:
        act = drift(7)
        async with embedded(act.settings) as reaching:
            settings = at_home(reaching, tmp_path)
            await publish(act.reference, settings.kafka)
            await replay(act.batches(), settings.kafka)
            monkeypatch.setattr(owner, name, breaks)
            with pytest.raises(ValueError, match="it broke"):
                await Worker(settings, create=False).run()

    asyncio.run(play())
    assert time.monotonic() - raised_at[0] < 15  # it was 25 s, after which it did not say why
