"""Which version of the package runs."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def package_version() -> str:
    """The installed version, or ``unknown`` in a source tree that is not installed."""
    try:
        return version("stream-monitor")
    except PackageNotFoundError:
        return "unknown"
