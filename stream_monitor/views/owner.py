"""Who judges a model, and where to ask."""

from __future__ import annotations

from typing import NamedTuple


class Owner(NamedTuple):
    """A worker: the id it has since it started, and the URL of its API, without a slash."""

    id: str
    url: str
