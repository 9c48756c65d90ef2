"""YAML text to plain values and the line of each, with nothing guessed and nothing dropped.

Scalars are read by YAML 1.2's core schema, not by 1.1's: ``no``, ``on``, ``1:30`` and
``2026-01-01`` are texts, ``010`` is no octal, ``1e-3`` is a number. A key that stands
twice is refused; so is an alias to something that contains it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import yaml

from stream_monitor.errors import ConfigurationError

#: Where a value stands: the keys that lead to it.
Path = tuple[str, ...]

#: Far above what settings need (5), far below what recursion can bear.
MAX_DEPTH = 50
_SETTINGS = (
    "settings are a mapping with keys such as kafka and defaults; stream-monitor config show has "
    "them all"
)


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML mapping and the line (from 1) of each of its keys, nested ones by their path."""

    values: dict[object, object]
    lines: dict[Path, int]


class _Loader(yaml.SafeLoader):
    """SafeLoader with the resolvers of YAML 1.2's core schema (and merge keys, ``<<``)."""


_RESOLVERS = (
    ("null", r"null|Null|NULL|~|", ["n", "N", "~", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", ["t", "T", "f", "F"]),
    ("int", r"[-+]?(?:0|[1-9][0-9]{0,999})", list("-+0123456789")),
    (
        "float",
        r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
    ("merge", r"<<", ["<"]),
)
_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in _RESOLVERS:
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), _first
    )


def read(text: str, source: str, what: str = _SETTINGS) -> Document:
    """The one document of a text; an empty text is an empty mapping.

    Raises ConfigurationError, with ``source`` and the line, where the text is not YAML,
    holds several documents, a key twice, or anything but a mapping; ``what`` says of that what
    it has to be.
    """
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        if root is None:
            return Document({}, {})
        walk = _Walk(source)
        walk.node(root, ())
        value: object = loader.construct_document(root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f" line {mark.line + 1}" if mark is not None else ""
        what = ", ".join(part for part in (error.context, error.problem) if part)
        raise ConfigurationError(f"{source}{at} is not YAML that can be read: {what}") from error
    except (yaml.YAMLError, ValueError) as error:
        what = str(error).splitlines()[0]
        raise ConfigurationError(f"{source} is not YAML that can be read: {what}") from error
    except RecursionError as error:
        raise ConfigurationError(f"{source} is nested too deeply to be settings") from error
    if value is None:
        return Document({}, {})
    if not isinstance(value, dict):
        raise ConfigurationError(f"{source} holds a {type(value).__name__}; {what}")
    return Document(value, walk.lines)


def scalar(text: str) -> object:
    """One value of flow YAML (``5``, ``null``, ``[ks, psi]``); ValueError where it is none."""
    try:
        value: object = yaml.load(text, Loader=_Loader)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"{text!r} is not a YAML value") from error
    return value


@dataclass
class _Walk:
    """One visit to each node: finds keys that stand twice, and the line of each key."""

    source: str
    lines: dict[Path, int] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    open: set[int] = field(default_factory=set)

    def node(self, node: yaml.Node, path: Path) -> None:
        if id(node) in self.open:
            raise ConfigurationError(
                f"{self._at(node)}: the alias under {'.'.join(path)} stands for what contains it"
            )
        if len(path) > MAX_DEPTH:
            raise ConfigurationError(f"{self._at(node)}: nested too deeply to be settings")
        if id(node) in self.seen:
            return
        self.seen.add(id(node))
        self.open.add(id(node))
        if isinstance(node, yaml.MappingNode):
            self._mapping(node, path)
        elif isinstance(node, yaml.SequenceNode):
            for i, item in enumerate(node.value):
                self.node(item, (*path, str(i)))
        self.open.discard(id(node))

    def _mapping(self, node: yaml.MappingNode, path: Path) -> None:
        first: dict[tuple[str, str], int] = {}
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                here = (*path, key.value)
                line = key.start_mark.line + 1
                before = first.setdefault((key.tag, key.value), line)
                if before != line or here in self.lines:
                    raise ConfigurationError(
                        f"{self._at(key)}: the key {'.'.join(here)} stands twice, "
                        f"first on line {before}; keep one"
                    )
                self.lines[here] = line
                self.node(value, here)
            else:
                self.node(value, path)

    def _at(self, node: yaml.Node) -> str:
        return f"{self.source} line {node.start_mark.line + 1}"
