"""The settings as a tree of keys: which there are, what each allows, which is the nearest."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from stream_monitor.config import duration
from stream_monitor.config.budget import Budget
from stream_monitor.config.kinds import key_of
from stream_monitor.config.settings import ModelSettings, Settings
from stream_monitor.config.yaml_text import Path

Section = type[BaseModel]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One setting, by the field it is in Python and by what it allows."""

    field: str
    annotation: object
    metadata: tuple[object, ...]

    @property
    def is_text(self) -> bool:
        return str in _kinds(self.annotation) or self.is_secret

    @property
    def is_secret(self) -> bool:
        return SecretStr in _kinds(self.annotation)

    @property
    def is_list(self) -> bool:
        return get_origin(self.annotation) is tuple

    @property
    def is_duration(self) -> bool:
        return self.field.endswith("_ms")

    def allowed(self) -> str:
        """What may stand here, as the end of a sentence: ``a number above 0 and below 1``."""
        return _describe(self.annotation, self.metadata, self.is_duration)


@dataclass(frozen=True, slots=True)
class ByName:
    """The place of a mapping whose keys the operator chooses: the names of models."""

    section: Section


def children(section: Section) -> dict[str, Leaf | Section | ByName]:
    """What stands under each key of a section."""
    return {key_of(name): _child(name, info) for name, info in section.model_fields.items()}


def at(path: Path) -> Leaf | Section | ByName | None:
    """What stands under the keys of a path, ``None`` where no such setting is."""
    here: Leaf | Section | ByName | None = Settings
    for key in path:
        if isinstance(here, ByName):
            here = here.section
        elif isinstance(here, type):
            here = children(here).get(key)
        else:
            return None
    return here


def leaves(section: Section, prefix: Path = ()) -> Iterator[tuple[Path, Leaf]]:
    """Every setting under a section, those of single models left out."""
    for key, child in children(section).items():
        if isinstance(child, Leaf):
            yield (*prefix, key), child
        elif isinstance(child, type):
            yield from leaves(child, (*prefix, key))


def dotted(path: Iterable[str | int]) -> str:
    """A path as text: ``models.credit.latency.quantiles[0]``."""
    return "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in path
    ).removeprefix(".")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like a mistyped one, ``None`` where none is alike."""
    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)), None)


def _child(name: str, info: FieldInfo) -> Leaf | Section | ByName:
    kind = info.annotation
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    if get_origin(kind) is dict:
        return ByName(ModelSettings)
    return Leaf(name, kind, tuple(info.metadata))


def _kinds(annotation: object) -> tuple[object, ...]:
    """The plain types that a value may have: ``str | None`` is (str, None)."""
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return tuple(kind for part in get_args(annotation) for kind in _kinds(part))
    if origin is Annotated:
        return _kinds(get_args(annotation)[0])
    return (annotation,)


def _describe(annotation: object, metadata: tuple[object, ...], is_duration: bool) -> str:
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        some = next(part for part in parts if part is not type(None))
        return f"{_describe(some, metadata, is_duration)}, or null"
    if origin is Annotated:
        return _describe(parts[0], (*metadata, *_flat(parts[1:])), is_duration)
    if origin is tuple:
        return f"a list in brackets, each {_describe(parts[0], (), is_duration)}"
    if origin is Literal:
        return f"one of {', '.join(parts)}"
    if annotation is Budget:
        return "a number of false alarms in a time, such as 1 per 30d"
    if annotation is bool:
        return "one of true, false"
    if annotation in (str, SecretStr):
        return "a text of at least one character" if _bound(metadata, "min_length") else "a text"
    if is_duration:
        return f"a duration such as 30s, 5m or 1h30m{_bounds(metadata, True)}"
    return f"a {'whole ' if annotation is int else ''}number{_bounds(metadata, False)}"


def _flat(metadata: Iterable[object]) -> Iterator[object]:
    for item in metadata:
        if isinstance(item, FieldInfo):
            yield from item.metadata
        else:
            yield item


def _bound(metadata: Iterable[object], name: str) -> float | None:
    values = (getattr(item, name, None) for item in metadata)
    return next((value for value in values if isinstance(value, int | float)), None)


def _bounds(metadata: tuple[object, ...], is_duration: bool) -> str:
    low, above = _bound(metadata, "ge"), _bound(metadata, "gt")
    high, below = _bound(metadata, "le"), _bound(metadata, "lt")

    def text(bound: float) -> str:
        return duration.render(int(bound)) if is_duration else f"{bound:,}"

    if low is not None and high is not None:
        return f" from {text(low)} to {text(high)}"
    words = (("of at least", low), ("above", above), ("of at most", high), ("below", below))
    given = [f"{word} {text(bound)}" for word, bound in words if bound is not None]
    return f" {' and '.join(given)}" if given else ""
