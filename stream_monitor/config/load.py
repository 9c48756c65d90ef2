"""From a text and an environment to settings, or to everything that is wrong with them.

Later wins: the built-in defaults, the file, the environment, the command line. What a
model does not set itself, it takes from the section ``defaults``, key by key at every
depth; a list is replaced and not added to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from stream_monitor.config import environment, yaml_text
from stream_monitor.config.fields import (
    ByName,
    Leaf,
    Section,
    at,
    children,
    dotted,
    leaves,
    nearest,
)
from stream_monitor.config.overlay import overlay
from stream_monitor.config.problems import Problem, error_of
from stream_monitor.config.render import shown
from stream_monitor.config.settings import Settings
from stream_monitor.config.yaml_text import Path

#: Values of the command line: from the dotted key to (value, the option's name).
Overrides = Mapping[str, tuple[object, str]]


def load(
    text: str | None, environ: Mapping[str, str], source: str, overrides: Overrides | None = None
) -> Settings:
    """The settings of a YAML text (``None``: no file), overlaid by an environment's variables.

    Raises ConfigurationError that lists everything wrong at once; ``source`` is what the
    text is called in it.
    """
    settings = check(text, environ, source, overrides)
    if not isinstance(settings, Settings):
        raise error_of(settings, source)
    return settings


def check(
    text: str | None, environ: Mapping[str, str], source: str, overrides: Overrides | None = None
) -> Settings | tuple[Problem, ...]:
    """Like load, but what is wrong comes back as a list; only text that is no YAML raises."""
    document = yaml_text.read(text or "", source)
    values = _tidy(document.values, Settings)
    models = values.get("models")
    names = [name for name in models if isinstance(name, str)] if isinstance(models, dict) else []
    env = environment.read(environ, names)
    origins = dict(env.origins)
    for path, value in env.values.items():
        _put(values, path, value)
    for key, (value, option) in (overrides or {}).items():
        path = tuple(key.split("."))
        _put(values, path, value)
        origins[path] = option
    _overlay(values)
    places = _Places(source, document.lines, origins)
    wrong = (*env.problems, *_secrets(document.values, places))
    try:
        settings = Settings.model_validate(values, by_alias=True, by_name=False)
    except ValidationError as error:
        return (*wrong, *_problems(error.errors(include_url=False), places))
    return wrong or settings


@dataclass(frozen=True, slots=True)
class _Places:
    """Where each value came from."""

    source: str
    lines: Mapping[Path, int]
    origins: Mapping[Path, str]

    def of(self, path: Path) -> str:
        """The variable, option or line of a path, or of what is nearest above it."""
        if path in self.origins:
            return self.origins[path]
        below = [name for other, name in self.origins.items() if other[: len(path)] == path]
        if below and path:
            return ", ".join(below)
        while path and path not in self.lines:
            path = path[:-1]
        return f"line {self.lines[path]}" if path else ""


def _tidy(value: Mapping[object, object], section: Section) -> dict[object, object]:
    """A copy in which a section left empty (all of it commented out) is an empty mapping."""
    known = children(section)
    copy: dict[object, object] = {}
    for key, item in value.items():
        child = known.get(key) if isinstance(key, str) else None
        if isinstance(child, ByName) and (item is None or isinstance(item, dict)):
            copy[key] = {
                name: _tidy_section(entry, child.section) for name, entry in (item or {}).items()
            }
        elif isinstance(child, type):
            copy[key] = _tidy_section(item, child)
        else:
            copy[key] = item
    return copy


def _tidy_section(item: object, section: Section) -> object:
    if item is None:
        return {}
    return _tidy(item, section) if isinstance(item, dict) else item


def _put(values: dict[object, object], path: Path, value: object) -> None:
    """Set a nested value; where a mapping should be and is not, the file is refused anyway."""
    for key in path[:-1]:
        below = values.setdefault(key, {})
        if not isinstance(below, dict):
            return
        values = below
    values[path[-1]] = value


def _overlay(values: dict[object, object]) -> None:
    defaults, models = values.get("defaults"), values.get("models")
    if isinstance(defaults, dict) and isinstance(models, dict):
        for name, own in models.items():
            if isinstance(own, dict):
                models[name] = overlay(defaults, own)


def _secrets(values: Mapping[object, object], places: _Places) -> Iterator[Problem]:
    """Secrets that stand in the file, which others read and copy."""
    for path, leaf in leaves(Settings):
        if leaf.is_secret:
            here: object = values
            for key in path:
                here = here.get(key) if isinstance(here, Mapping) else None
            if here is not None:
                line = places.lines.get(path)
                yield Problem(
                    dotted(path),
                    "a secret does not belong into the file; give it by the variable "
                    f"{environment.variable(path)}, or see password_file",
                    f"line {line}" if line else "",
                )


def _problems(errors: Sequence[ErrorDetails], places: _Places) -> Iterator[Problem]:
    in_defaults = set()

    def taken_over(path: Path, sentence: str) -> bool:
        own = len(path) > 2 and (path in places.lines or path in places.origins)
        return (path[2:], sentence) in in_defaults and not own

    for error in errors:
        if error["type"] == "too_short" and error["input"]:
            continue  # pydantic counts the good items only, and the bad ones are listed
        loc = tuple(part for part in error["loc"] if part != "[key]")
        path = tuple(map(str, loc))
        sentence = _sentence(error, path)
        if path[:1] == ("defaults",):
            in_defaults.add((path[1:], sentence))
        elif path[:1] == ("models",) and taken_over(path, sentence):
            continue  # taken over from the defaults, and listed there
        yield Problem(dotted(loc) or "settings", sentence, places.of(path))


def _sentence(error: ErrorDetails, path: Path) -> str:
    kind, given = error["type"], error["input"]
    if kind == "extra_forbidden":
        return _unknown(path)
    if kind == "invalid_key":
        return f"{shown(error['loc'][-1])} is no key of a setting; keys are texts"
    if kind == "value_error":
        return str(error["ctx"]["error"])
    if error["loc"][-1:] == ("[key]",):
        return f"{shown(given)} is no name of a model; names are texts, so put it in quotes"
    place = at(path)
    while path and place is None:  # an item of a list: the list's own sentence
        path = path[:-1]
        place = at(path)
    if isinstance(place, Leaf) and place.is_secret:
        return f"what is given is not shown here; allowed is {place.allowed()}"
    if isinstance(place, Leaf):
        allowed = place.allowed()
    elif isinstance(place, ByName):
        allowed = "a mapping from a model's name to its settings"
    elif place is None:
        allowed = "a mapping"
    else:
        allowed = f"a mapping with the keys {', '.join(children(place))}"
    return f"{shown(given)} is given; allowed is {allowed}"


def _unknown(path: Path) -> str:
    section = at(path[:-1])
    known = children(section) if isinstance(section, type) else {}
    like = nearest(path[-1], known)
    if like is not None:
        return f"no such setting; do you mean {like}?"
    return f"no such setting; known here are {', '.join(known)}"
