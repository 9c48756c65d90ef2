"""Settings as YAML that loads again, with readable durations and what is not the default."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml
from pydantic import BaseModel, SecretStr

from stream_monitor.config import duration
from stream_monitor.config.budget import Budget
from stream_monitor.config.kinds import key_of
from stream_monitor.config.settings import Settings

_MOST_SHOWN = 60  # characters

#: Values of a section: below a key another section, or a value as YAML has it.
Plain = dict[str, object]


def plain(section: BaseModel) -> Plain:
    """A section as nested mappings under the YAML keys; durations as texts, tuples as lists.

    A secret that is set is left out.
    """
    values = {name: getattr(section, name) for name in type(section).model_fields}
    return {
        key_of(name): _plain(name, value)
        for name, value in values.items()
        if not isinstance(value, SecretStr)
    }


def to_yaml(settings: Settings) -> str:
    """The effective settings; ``load`` of them gives the same settings again, but for a secret.

    Of a model only what differs from the section ``defaults`` is written. A value that is
    not the built-in default (of a model: not that of ``defaults``) says so in a comment.
    """
    values, built_in = plain(settings), plain(Settings())
    models = values.pop("models")
    assert isinstance(models, dict)
    lines = [line for key in values for line in _lines({key: values[key]}, built_in, 0)]
    if not models:
        return "\n".join([*lines, "models: {}", ""])
    lines.append("models:")
    for name, own in models.items():
        changed = _changed(own, values["defaults"])
        if isinstance(changed, dict) and changed:
            lines += [f"  {scalar(name)}:", *_lines(changed, values["defaults"], 2)]
        else:
            lines.append(f"  {scalar(name)}: {{}}")
    return "\n".join([*lines, ""])


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting that is not its default; a model's default is the section ``defaults``."""

    path: str
    value: object
    default: object


def differences(settings: Settings) -> tuple[Difference, ...]:
    """Every setting that is not its default, in the order of the file."""
    values, built_in = plain(settings), plain(Settings())
    models = values.pop("models")
    assert isinstance(models, dict)
    found = list(_differences(values, built_in, ""))
    for name, own in models.items():
        found += _differences(own, values["defaults"], f"models.{name}.")
    return tuple(found)


def shown(value: object) -> str:
    """A value that was given, for a sentence about it: a long one is cut."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        return "a list of more than plain values"
    text = scalar(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 3]}..."


def scalar(value: object) -> str:
    """A value as flow YAML on one line: ``0.001``, ``"1"``, ``null``, ``[ks, psi]``."""
    if isinstance(value, str):
        if re.fullmatch(r"[A-Za-z][\w./-]*|[0-9]+(?:ms|[smhd][0-9smhd]*)", value, re.ASCII) and (
            value.lower() not in _WORDS
        ):
            return value
        dumped: str = yaml.safe_dump(value, default_style='"', width=10**9, allow_unicode=True)
        return dumped.rstrip("\n")
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(scalar, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{scalar(k)}: {scalar(v)}' for k, v in value.items())}}}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


#: Texts that another YAML reader may take for something else.
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def _plain(field: str, value: object) -> object:
    if isinstance(value, BaseModel):
        return plain(value)
    if isinstance(value, Mapping):
        return {name: _plain("", below) for name, below in value.items()}
    if isinstance(value, Budget):
        return str(value)
    if isinstance(value, tuple):
        return list(value)
    if field.endswith("_ms") and isinstance(value, int | float) and float(value).is_integer():
        return duration.render(int(value))
    return value


def _lines(values: object, defaults: object, depth: int) -> Iterator[str]:
    assert isinstance(values, dict)
    assert isinstance(defaults, dict)
    for key, value in values.items():
        default, indent = defaults[key], "  " * depth
        if isinstance(value, dict):
            yield f"{indent}{key}:"
            yield from _lines(value, default, depth + 1)
        else:
            mark = "" if value == default else f"  # default: {scalar(default)}"
            yield f"{indent}{key}: {scalar(value)}{mark}"


def _changed(values: object, defaults: object) -> object:
    if not isinstance(values, dict) or not isinstance(defaults, dict):
        return values
    return {
        key: _changed(value, defaults[key])
        for key, value in values.items()
        if value != defaults[key]
    }


def _differences(values: object, defaults: object, prefix: str) -> Iterator[Difference]:
    assert isinstance(values, dict)
    assert isinstance(defaults, dict)
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _differences(value, defaults[key], f"{prefix}{key}.")
        elif value != defaults[key]:
            yield Difference(prefix + key, value, defaults[key])
