"""When a partition's disk was last in step with its changelog: one that is too old is thrown away.

A compacted changelog keeps a deletion for a time (``delete.retention.ms``) and then forgets it.
A disk that has missed it for longer would keep the key for ever: recovery tells it of what is
there, not of what is not. So a disk that was away for longer is thrown away and recovered whole.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from stream_monitor.config.duration import DAY, HOUR

#: For how long the changelog keeps a deletion; Kafka's default, which older topics have.
DELETIONS_KEPT_MS = DAY
#: For how long a disk is gone on from: the time that a recovery takes is to fit in, too.
TRUSTED_MS = 12 * HOUR
_MARK_EVERY_S = 60.0


class DiskAge:
    """A mark beside each partition's database: the time of its file is when both were in step."""

    def __init__(self) -> None:
        self._marked: dict[Path, float] = {}  # by the monotonic clock

    def mark(self, database: Path) -> None:
        """The database is in step now; written once a minute."""
        now = time.monotonic()
        if now - self._marked.get(database, -_MARK_EVERY_S) >= _MARK_EVERY_S:
            self._marked[database] = now
            _mark_of(database).touch()

    def forget_if_old(self, database: Path) -> bool:
        """Delete a database that cannot be gone on from; whether it was there and is not now."""
        self._marked.pop(database, None)
        if not database.exists() or _age_ms(_mark_of(database)) < TRUSTED_MS:
            return False
        shutil.rmtree(database)
        return True


def _mark_of(database: Path) -> Path:
    return database.with_suffix(".in-step")


def _age_ms(mark: Path) -> float:
    try:
        # A mark from the future, by a clock that was set back, says nothing of its age.
        age_ms = (time.time() - mark.stat().st_mtime) * 1000
    except FileNotFoundError:
        return TRUSTED_MS
    return age_ms if age_ms > -HOUR else TRUSTED_MS
