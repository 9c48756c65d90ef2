"""One sentence for what pydantic has found: where, what was given, what is allowed."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from stream_monitor.config.fields import Leaf, dotted, nearest
from stream_monitor.config.kinds import key_of
from stream_monitor.config.problems import Problem
from stream_monitor.config.render import shown
from stream_monitor.scenarios.spec.kinds import Time
from stream_monitor.scenarios.spec.scenario import Scenario

#: The keys whose value says which of several sections one is.
TAGS = ("kind", "inject")


def problem_of(
    error: ErrorDetails, values: object, where: Callable[[tuple[str, ...]], str]
) -> Problem:
    """The problem of an error in the scenario of ``values``; ``where`` tells the line of a path."""
    path: list[int | str] = []
    above, here, value = None, Leaf("", Scenario, ()), values
    for part in error["loc"]:
        section = _section(here.annotation, value)
        if part == "[key]" or (isinstance(part, str) and part.startswith("<")):
            continue
        tags = [value.get(tag) for tag in TAGS] if isinstance(value, Mapping) else []
        if part in tags and section is not None and part not in _keys(section):
            continue  # pydantic's word for which section it is, which stands in no file
        above, here = section, _child(here, section, part)
        path.append(part)
        value = _item(value, part)
    named = dotted(path) or "the scenario"
    return Problem(named, _sentence(error, path, above, here), where(tuple(map(str, path))))


def _sentence(
    error: ErrorDetails, path: list[int | str], above: type[BaseModel] | None, here: Leaf
) -> str:
    kind, given = error["type"], error["input"]
    if kind == "extra_forbidden" and above is not None:
        known = _keys(above)
        like = nearest(str(path[-1]), known)
        hint = f"do you mean {like}?" if like else f"known here are {', '.join(known)}"
        return f"no such key; {hint}"
    if kind == "missing":
        return f"is missing; give it {_allowed(here)}"
    if kind == "union_tag_not_found":
        tag = error["ctx"]["discriminator"].strip("'")
        return f"has no {tag}; allowed is one of {_tags(here.annotation, tag)}"
    if kind == "union_tag_invalid":
        tag, tried = error["ctx"]["discriminator"].strip("'"), error["ctx"]["tag"]
        tags = _tags(here.annotation, tag)
        like = nearest(tried, tags.split(", "))
        hint = f"do you mean {like}?" if like else f"allowed is one of {tags}"
        return f"{tag} is {tried}, which there is not; {hint}"
    if kind == "value_error":
        return str(error["ctx"]["error"])
    if kind == "too_short":
        return "is empty; give at least one"
    if kind == "too_long":
        return f"has too many entries; allowed are {error['ctx']['max_length']}"
    if error["loc"][-1:] == ("[key]",):
        return f"{shown(given)} is no name; names are texts, so put it in quotes"
    return f"{shown(given)} is given; allowed is {_allowed(here)}"


def _allowed(leaf: Leaf) -> str:
    annotation = _bare(leaf.annotation)
    if leaf.annotation is Time or leaf.field == "start_ms":
        return "a time such as 2024-01-01T00:00:00Z"
    if get_origin(annotation) is dict:
        return "a mapping"
    sections = _sections(annotation)
    if len(sections) == 1:
        return f"a mapping with the keys {', '.join(_keys(sections[0]))}"
    if sections:
        return "a mapping"
    if get_origin(annotation) is tuple and _sections(get_args(annotation)[0]):
        return "a list in brackets, or with a dash before each item"
    return leaf.allowed()


def _child(leaf: Leaf, section: type[BaseModel] | None, part: int | str) -> Leaf:
    """What stands under a key or at a place of a list; anything at all where that is unknown."""
    if section is not None:
        for name, field in section.model_fields.items():
            if key_of(name) == part:
                return Leaf(name, field.annotation, tuple(field.metadata))
        return Leaf("", object, ())
    annotation = _bare(leaf.annotation)
    items = [each for each in get_args(annotation) if each is not Ellipsis]
    if get_origin(annotation) is dict:
        return Leaf("", items[1], ())
    if get_origin(annotation) is tuple and isinstance(part, int):
        return Leaf("", items[min(part, len(items) - 1)], ())
    return Leaf("", object, ())


def _section(annotation: object, value: object) -> type[BaseModel] | None:
    """The section that a value is taken for; of several the one that it names."""
    sections = _sections(annotation)
    if len(sections) < 2:
        return sections[0] if sections else None
    given: Mapping[Any, Any] = value if isinstance(value, Mapping) else {}
    for section in sections:
        for tag in TAGS:
            field = section.model_fields.get(tag)
            if field is not None and given.get(tag) in get_args(field.annotation):
                return section
    plain = [section for section in sections if not set(TAGS) & set(section.model_fields)]
    from_file = [
        section for section in plain if ("file" in section.model_fields) == ("file" in given)
    ]
    return from_file[0] if from_file else None


def _sections(annotation: object) -> list[type[BaseModel]]:
    annotation = _bare(annotation)
    if get_origin(annotation) in (Union, types.UnionType):
        return [each for part in get_args(annotation) for each in _sections(part)]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return []


def _bare(annotation: object) -> object:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        some = [part for part in get_args(annotation) if part is not type(None)]
        if len(some) == 1:
            return _bare(some[0])
    return annotation


def _tags(annotation: object, tag: str) -> str:
    fields = [section.model_fields[tag].annotation for section in _sections(annotation)]
    return ", ".join(name for each in fields for name in get_args(each))


def _keys(section: type[BaseModel]) -> list[str]:
    return [key_of(name) for name in section.model_fields]


def _item(value: object, part: int | str) -> object:
    if isinstance(value, Mapping):
        return value.get(part)
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return value[part]
    return None
