"""The words of a rejection: what is wrong with a message, where, and what to do."""

from __future__ import annotations

from collections.abc import Collection

from stream_monitor.errors import BadMessageError, Reason
from stream_monitor.events.limits import Limits

_SHOWN = 40  # characters of a value that a sentence repeats

_WORDS: dict[type, str] = {
    type(None): "null",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "an object",
}


def kind(value: object) -> str:
    """What a value is, in JSON's words."""
    return _WORDS.get(type(value), f"of type {type(value).__name__}")


def show(value: object) -> str:
    """A value for a sentence, never longer than about forty characters."""
    if isinstance(value, bool) or value is None or not isinstance(value, str | int | float):
        return kind(value)
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def wrong_type(where: str, value: object, expected: str) -> BadMessageError:
    return BadMessageError(
        Reason.WRONG_TYPE, f"`{where}` is {kind(value)}; send {expected} instead."
    )


def check_name(name: str, where: str, limits: Limits) -> None:
    """Raise ``BadMessageError`` when a name is longer than allowed."""
    if len(name) > limits.max_name:
        raise BadMessageError(
            Reason.TOO_LARGE,
            f"`{where}` holds the name {show(name)} of {len(name)} characters; "
            f"keep names within {limits.max_name}.",
        )


def check_names(names: Collection[str], where: str, limits: Limits) -> None:
    """Raise ``BadMessageError`` when there are too many names, or one is too long."""
    if len(names) > limits.max_features:
        raise BadMessageError(
            Reason.TOO_LARGE,
            f"`{where}` has {len(names)} names; send at most {limits.max_features}.",
        )
    if names and max(map(len, names)) > limits.max_name:
        for name in names:
            check_name(name, where, limits)


def check_model(model: object, where: str, limits: Limits) -> str:
    """The model's name, or ``BadMessageError`` when it is missing, no string or too long."""
    if model is None or model == "":
        raise BadMessageError(
            Reason.MISSING_FIELD,
            f"`{where}` is {'missing' if model is None else 'empty'}; "
            "send the name of the model that made the prediction.",
        )
    if not isinstance(model, str):
        raise wrong_type(where, model, "the model's name as a string")
    check_name(model, where, limits)
    return model
