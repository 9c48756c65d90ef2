"""One mapping laid over another, key by key at every depth."""

from __future__ import annotations

from collections.abc import Mapping


def overlay(below: Mapping[object, object], above: Mapping[object, object]) -> dict[object, object]:
    """What ``above`` says and, where it says nothing, ``below``; a list is replaced whole."""
    merged = dict(below)
    for key, item in above.items():
        base = merged.get(key)
        if isinstance(base, dict) and isinstance(item, dict):
            merged[key] = overlay(base, item)
        else:
            merged[key] = item
    return merged
