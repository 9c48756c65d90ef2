"""Writing files whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from stream_monitor.errors import DataError


def check_target(target: Path) -> None:
    """Refuse what could not be written, before the work whose result it is; DataError then."""
    beside = _beside(target)
    try:
        beside.touch()
        beside.unlink()
    except OSError as error:
        raise _cannot(target, error) from error


def write_whole(target: Path, data: bytes) -> None:
    """Write whole or not at all, so that a reader never sees half a file; DataError else."""
    beside = _beside(target)
    try:
        beside.write_bytes(data)
        beside.replace(target)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise _cannot(target, error) from error


def _beside(target: Path) -> Path:
    try:
        is_folder = target.is_dir()
    except OSError as error:
        raise _cannot(target, error) from error
    if is_folder:
        raise DataError(f"{target} is a folder; give the name of a file in it.")
    return target.with_name(f".{target.name}.{os.getpid()}")


def _cannot(target: Path, error: OSError) -> DataError:
    return DataError(f"{target} cannot be written: {(error.strerror or str(error)).lower()}.")
