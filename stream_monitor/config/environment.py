"""Settings from environment variables, laid over what the file says.

``STREAM_MONITOR_`` and the keys that lead to a setting, joined by two underscores, in any
case: ``STREAM_MONITOR_KAFKA__GROUP``, ``STREAM_MONITOR_DEFAULTS__DRIFT__ALPHA``. A model's
own settings can be set where the file names the model; in the variable its name has an
underscore for whatever is no letter or digit: ``STREAM_MONITOR_MODELS__CREDIT_RISK__WINDOW``
for ``credit-risk``. A list is separated by commas, ``null`` is no value.

``REDIS_URL``, by which many platforms tell where Redis is, stands for ``redis.url``. A password in
a URL of Redis becomes the setting ``redis.password``, which nobody shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from stream_monitor.config.fields import Leaf, leaves, nearest
from stream_monitor.config.problems import Problem
from stream_monitor.config.settings import ModelSettings, Settings
from stream_monitor.config.yaml_text import Path, scalar

PREFIX = "STREAM_MONITOR_"
#: Read by others: the CLI (the file's path) and the project's own tests.
_NOT_SETTINGS = re.compile(r"STREAM_MONITOR_(?:CONFIG|TEST_.*)")


@dataclass(frozen=True, slots=True)
class FromEnvironment:
    """What the variables set, by path; the variable of each; and what is wrong with others."""

    values: dict[Path, object] = field(default_factory=dict)
    origins: dict[Path, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def variable(path: Path) -> str:
    """The name of a setting's variable."""
    return PREFIX + "__".join(re.sub(r"[^0-9A-Za-z]", "_", key).upper() for key in path)


def read(environ: Mapping[str, str], models: Iterable[str]) -> FromEnvironment:
    """The settings in an environment, ``models`` being the names that the file has."""
    found = FromEnvironment()
    ours = {
        name: value
        for name, value in sorted(environ.items())
        if name.upper().startswith(PREFIX) and not _NOT_SETTINGS.fullmatch(name.upper())
    }
    if environ.get(REDIS_URL) and variable(_URL) not in map(str.upper, ours):
        ours[REDIS_URL] = environ[REDIS_URL]
    if not ours:
        return found
    table = _table(models)
    table[REDIS_URL] = table[variable(_URL)]
    for name, text in ours.items():
        targets = table.get(name.upper(), [])
        if len(targets) == 1:
            _take(found, name, text, *targets[0])
        elif targets:
            paths = " and ".join(".".join(path) for path, _ in targets)
            found.problems.append(Problem(name, f"it stands for both {paths}; use the file"))
        else:
            # What all have in common would make any two alike.
            known = [each.removeprefix(PREFIX) for each in table if each != REDIS_URL]
            like = nearest(name.upper().removeprefix(PREFIX), known)
            hint = f"do you mean {PREFIX}{like}?" if like else f"settings are named like {_EXAMPLE}"
            found.problems.append(Problem(name, f"no such setting; {hint}"))
    return found


_EXAMPLE = variable(("kafka", "bootstrap_servers"))
REDIS_URL = "REDIS_URL"
_URL, _PASSWORD = ("redis", "url"), ("redis", "password")


def _table(models: Iterable[str]) -> dict[str, list[tuple[Path, Leaf]]]:
    table: dict[str, list[tuple[Path, Leaf]]] = {}
    known = list(leaves(Settings))
    for model in models:
        known += leaves(ModelSettings, ("models", model))
    for path, leaf in known:
        table.setdefault(variable(path), []).append((path, leaf))
    return table


def _take(found: FromEnvironment, name: str, text: str, path: Path, leaf: Leaf) -> None:
    if path in found.origins:
        other = found.origins[path]
        found.problems.append(Problem(name, f"{other} sets {'.'.join(path)} too; keep one"))
        return
    try:
        found.values[path] = _value(text, leaf)
    except ValueError:
        found.problems.append(
            Problem(name, f"{text!r} cannot be read; allowed is {leaf.allowed()}")
        )
    found.origins[path] = name
    if path == _URL:
        _take_password(found, name, text)


def _take_password(found: FromEnvironment, name: str, text: str) -> None:
    """Make the password of a URL a setting of its own."""
    try:
        parts = urlsplit(text)
        password = parts.password
    except ValueError:  # the setting's own check says what is wrong
        return
    if password is None:
        return
    # Redis's own tools take redis://:password@host for a password without a user.
    user, _, host = parts.netloc.rpartition("@")
    user = user.partition(":")[0]
    found.values[_URL] = parts._replace(netloc=f"{user}@{host}" if user else host).geturl()
    if not password:
        return
    if _PASSWORD in found.origins:
        other = found.origins[_PASSWORD]
        found.problems.append(Problem(name, f"{other} sets a password too; keep one"))
        return
    found.values[_PASSWORD], found.origins[_PASSWORD] = unquote(password), name


def _value(text: str, leaf: Leaf) -> object:
    if leaf.is_text:
        return None if text == "null" else text
    if leaf.is_list and not text.lstrip().startswith("["):
        return [scalar(item) for item in text.split(",")] if text.strip() else []
    return scalar(text)
