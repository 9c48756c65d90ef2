"""Where commands run in tests: a folder of their own, and no configuration but their own."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from stream_monitor.cli.main import run


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty folder to work in, and an environment without our variables."""
    for name in os.environ:
        if name.upper().startswith("STREAM_MONITOR_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def small(alone: None, capsys: pytest.CaptureFixture[str]) -> str:
    """A model ``m`` with the features x and c and the prediction y, and rows of which x moves."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=1200).round(3)
    x[900:] += 2
    rows = [f"{v},{'ab'[i % 2]},{i % 2}\n" for i, v in enumerate(x)]
    Path("then.csv").write_text("x,c,y\n" + "".join(rows[:600]))
    Path("now.csv").write_text("x,c,y\n" + "".join(rows[600:]))
    assert run(["reference", "build", "then.csv", "--model", "m", "--prediction", "y"]) == 0
    capsys.readouterr()
    return "backtest now.csv --reference m.reference"
