"""The shipped scenarios for tests: their texts, and one of them with other values."""

from stream_monitor import data
from stream_monitor.scenarios.spec.load import load
from stream_monitor.scenarios.spec.scenario import Scenario

TEXTS = {name: file.read_text(encoding="utf-8") for name, file in data.scenarios().items()}


def shipped(name: str, *overrides: str) -> Scenario:
    return load(TEXTS[name], name, overrides, TEXTS)


def written(text: str) -> Scenario:
    """A scenario of a text, like ``no_drift`` where it says so."""
    return load(text, "a text", (), TEXTS)
