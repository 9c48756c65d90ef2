"""Writing files whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from stream_monitor.errors import DataError


def write_whole(target: Path, data: bytes) -> None:
    """Write whole or not at all, so that a reader never sees half a file; DataError else."""
    if not target.name:  # . and /
        raise DataError(f"{target} is a folder; give the name of a file in it.")
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        beside.write_bytes(data)
        beside.replace(target)
    except OSError as error:
        beside.unlink(missing_ok=True)
        reason = (error.strerror or str(error)).lower()
        raise DataError(f"{target} cannot be written: {reason}.") from error
