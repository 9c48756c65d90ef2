"""Values that whoever made them cannot change afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def freeze_mappings(value: DataclassInstance) -> None:
    """Put a read-only copy in place of each mapping; for ``__post_init__`` of a frozen class."""
    for each in fields(value):
        held = getattr(value, each.name)
        if isinstance(held, Mapping):
            object.__setattr__(value, each.name, MappingProxyType(dict(held)))
