"""What can be played onto the topics by its name: the demo's acts, and the shipped scenarios."""

from __future__ import annotations

from collections.abc import Sequence

from stream_monitor import data
from stream_monitor.scenarios.acts import ACTS, Act
from stream_monitor.scenarios.prepare import prepare
from stream_monitor.scenarios.spec.load import load


def names() -> Sequence[str]:
    """All there are, in the order of their names."""
    return sorted({*ACTS, *data.scenarios()})


def playable(name: str, seed: int) -> Act:
    """An act, or a scenario as one: what it must find is in its file. KeyError for another name.

    A worker judges it by its own settings of the model, and not by the scenario's.
    """
    if name in ACTS:
        return ACTS[name](seed)
    texts = {each: path.read_text(encoding="utf-8") for each, path in data.scenarios().items()}
    text = texts.pop(name)
    scenario = load(text, name, (), texts)
    made = prepare(scenario, seed)
    model = scenario.model
    return Act(
        name,
        scenario.story,
        made.settings,
        made.reference,
        len(made.stream),
        lambda: made.stream.batches(model),
        None,
        made.stream.labels(model),
    )
