"""What a fork must not divide: a child has all threads' memory, and of the threads only one.

A module that another thread was importing stays half a module in the child, and a lock that
another thread held, such as one of the metrics, is never given back.
"""

from __future__ import annotations

import threading

#: How long a fork waits for what is under way, in seconds: the import of the Kafka client, mostly.
PATIENCE_S = 1.0


class Undivided:
    """A fork waits until no thread is within ``with``, and no thread enters while it forks."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Begin anew, as a child does: whoever was within is a thread of the parent."""
        self._lock = threading.Lock()
        self._forking = False

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def before_fork(self) -> None:
        """Wait for those within; for one that takes too long a fork is not held up."""
        self._forking = self._lock.acquire(timeout=PATIENCE_S)

    def after_fork(self) -> None:
        """In the parent: let threads in again."""
        if self._forking:
            self._forking = False
            self._lock.release()
