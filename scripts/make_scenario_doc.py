"""Write the tables of docs/scenarios.md: python -m scripts.make_scenario_doc."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from pydantic import BaseModel

from scripts.generated import replaced
from stream_monitor.cli.scenario_files import find
from stream_monitor.config import duration
from stream_monitor.config.fields import Leaf, children
from stream_monitor.data import scenarios
from stream_monitor.scenarios.draw import short, wanted
from stream_monitor.scenarios.inject.apply import INJECT
from stream_monitor.scenarios.spec import injections
from stream_monitor.scenarios.spec.features import Feature

PAGE = Path(__file__).parent.parent / "docs" / "scenarios.md"
BEGIN = "<!-- made by scripts/make_scenario_doc.py: {} -->"
_ALLOWED = {
    "feature": "a feature",
    "features": "two features in brackets",
    "shares": "a mapping from categories to shares",
    "weights": "a mapping from features to numbers",
    "cycle": "a daily cycle, or null",
}


def stories() -> str:
    """Each shipped scenario with its story, and what must be found of it."""
    lines = ["| scenario | story | must be found |", "|---|---|---|"]
    for name in scenarios():
        made = find(name).scenario
        due = [f"{_code(wanted(one))}" for one in made.expect.due] or ["no alarm"]
        link = f"[`{name}`](../scenarios/{name}.yaml)"
        lines.append(f"| {link} | {made.story} | {'<br>'.join(due)} |")
    return "\n".join(lines)


def kinds() -> str:
    """Each injection with where it breaks something and what it is told."""
    lines = ["| `inject` | where | what it does | it is told |", "|---|---|---|---|"]
    every: list[type[injections.Injection]] = [*INJECT, injections.ConceptDrift]
    for kind in every:
        (name,) = get_args(kind.model_fields["inject"].annotation)
        lines.append(f"| `{name}` | {kind.stage} | {_prose(kind)} | {_told(kind)} |")
    return "\n".join(lines)


def features() -> str:
    """Each kind of feature with what it is told."""
    lines = ["| `kind` | what it is | it is told |", "|---|---|---|"]
    for kind in get_args(get_args(Feature)[0]):
        (name,) = get_args(kind.model_fields["kind"].annotation)
        lines.append(f"| `{name}` | {_prose(kind)} | {_told(kind)} |")
    return "\n".join(lines)


TABLES = {"stories": stories, "kinds": kinds, "features": features}


def page(text: str) -> str:
    """The page with the tables of now in the places of those it has."""
    for name, table in TABLES.items():
        text = replaced(text, BEGIN.format(name), table())
    return text


def _told(kind: type[BaseModel]) -> str:
    keys = [key for key in children(kind) if key not in ("inject", "kind", "at", "until", "where")]
    return "<br>".join(_key(kind, key) for key in keys)


def _key(kind: type[BaseModel], key: str) -> str:
    leaf = children(kind)[key]
    field = kind.model_fields.get(key) or kind.model_fields[f"{key}_ms"]
    allowed = _ALLOWED.get(key) or (leaf.allowed() if isinstance(leaf, Leaf) else "a mapping")
    if field.is_required():
        return f"`{key}`: {allowed}"
    default = field.get_default(call_default_factory=True)
    if isinstance(leaf, Leaf) and leaf.is_duration and isinstance(default, int):
        default = duration.render(default)
    return f"`{key}` (`{short(default)}`): {allowed}"


def _prose(kind: type[BaseModel]) -> str:
    inherited = [part.__doc__ for part in kind.__mro__ if part is injections.Drift]
    texts = [kind.__doc__, *(inherited if kind is not injections.Drift else [])]
    return " ".join(re.sub(r"\s+", " ", text or "").replace("``", "`") for text in texts)


def _code(text: str) -> str:
    said, colon, names = text.partition(": ")
    return f"{said}: `{names}`" if colon else text


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
