"""From a text and overrides of a command line to a scenario, or to everything wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from pydantic import ValidationError

from stream_monitor.config import yaml_text
from stream_monitor.config.fields import dotted, nearest
from stream_monitor.config.kinds import key_of
from stream_monitor.config.overlay import overlay
from stream_monitor.config.problems import Problem, error_of
from stream_monitor.errors import ConfigurationError
from stream_monitor.scenarios.spec.consistent import inconsistencies
from stream_monitor.scenarios.spec.scenario import Scenario
from stream_monitor.scenarios.spec.sentences import problem_of

KEYS = tuple(key_of(name) for name in Scenario.model_fields)
_WHAT = f"a scenario is a mapping with the keys {', '.join(KEYS)}"


#: What a scenario takes from the one that it is ``like``, key by key at every depth.
TAKEN = ("model", "start", "duration", "base", "reference", "settings")


def load(
    text: str,
    source: str,
    overrides: Sequence[str] = (),
    others: Mapping[str, str] = MappingProxyType({}),
) -> Scenario:
    """The scenario of a YAML text; ``overrides`` are PATH=VALUE, the later over the former.

    ``others`` are the texts of scenarios that it may be ``like``, by their names.

    A path leads from a key of the file, or from the name of an injection in its timeline.
    Raises ConfigurationError that lists everything wrong at once, each with its path and what is
    allowed; ``source`` is what the text is called in it.
    """
    document = yaml_text.read(text, source, _WHAT)
    values = _like(document.values, source, others)
    origins: dict[tuple[str, ...], str] = {}
    for override in overrides:
        origins[_put(values, override)] = f"--set {override}"

    def where(path: tuple[str, ...]) -> str:
        named = [name for other, name in origins.items() if other[: len(path)] == path]
        while path:
            if path in origins:
                return origins[path]
            if named:
                return named[0]
            if path in document.lines:
                return f"line {document.lines[path]}"
            path = path[:-1]
        return ""

    try:
        scenario = Scenario.model_validate(values, by_alias=True, by_name=False)
    except ValidationError as error:
        found = error.errors(include_url=False)
        raise error_of([problem_of(each, values, where) for each in found], source) from None
    problems = [
        Problem(dotted(path), sentence, where(tuple(map(str, path))))
        for path, sentence in inconsistencies(scenario)
    ]
    if problems:
        raise error_of(problems, source)
    return scenario


def _like(
    values: dict[object, object], source: str, others: Mapping[str, str]
) -> dict[object, object]:
    """The values over those of the scenario that they are like, if of any."""
    if "like" not in values:
        return values
    own = dict(values)
    name = own.pop("like")
    if not isinstance(name, str) or name not in others:
        raise ConfigurationError(
            f"{source} cannot be used: like: there is no scenario {name}; "
            f"there are {', '.join(others) or 'none'}"
        )
    below = yaml_text.read(others[name], name).values
    if "like" in below:
        raise ConfigurationError(
            f"{source} cannot be used: like: {name} is like another one itself; take that one"
        )
    return overlay({key: below[key] for key in TAKEN if key in below}, own)


def _put(values: dict[object, object], override: str) -> tuple[str, ...]:
    """Set one value; its path. Mappings on the way are made where they are missing."""
    path_text, equals, value_text = override.partition("=")
    if not equals or not path_text.strip():
        raise ConfigurationError(
            f"--set {override} is no setting; write PATH=VALUE, such as drift.shift=0.5"
        )
    path = tuple(path_text.strip().split("."))
    timeline = values.get("timeline")
    named = [str(name) for name in timeline] if isinstance(timeline, Mapping) else []
    if path[0] not in KEYS:
        if path[0] not in named:
            like = nearest(path[0], [*KEYS, *named])
            hint = f"do you mean {like}?" if like else f"there are {', '.join([*named, *KEYS])}"
            raise ConfigurationError(f"--set {override}: there is no {path[0]} to set; {hint}")
        path = ("timeline", *path)
    try:
        value = yaml_text.scalar(value_text)
    except ValueError as error:
        raise ConfigurationError(f"--set {override}: {error}") from error
    here: object = values
    for depth, key in enumerate(path[:-1], 1):
        here = _below(here, key, override, ".".join(path[:depth]))
    if isinstance(here, dict):
        here[path[-1]] = value
    elif isinstance(here, list):
        here[_place(here, path[-1], override, ".".join(path))] = value
    else:
        raise ConfigurationError(f"--set {override}: nothing stands below {'.'.join(path[:-1])}")
    return path


def _below(here: object, key: str, override: str, path: str) -> object:
    if isinstance(here, list):
        return here[_place(here, key, override, path)]
    if not isinstance(here, dict):
        raise ConfigurationError(
            f"--set {override}: nothing stands below {path.rpartition('.')[0]}"
        )
    if here.get(key) is None:
        here[key] = {}
    return here[key]


def _place(items: list[object], key: str, override: str, path: str) -> int:
    if not key.isdecimal() or int(key) >= len(items):
        raise ConfigurationError(
            f"--set {override}: {path.rpartition('.')[0]} is a list of {len(items)}; "
            f"its items are 0 to {len(items) - 1}"
        )
    return int(key)
