"""The thread that packs and sends, and how it begins, forks and ends."""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

from stream_monitor.client.counts import Statistics
from stream_monitor.client.forking import Undivided
from stream_monitor.client.lane import Lane
from stream_monitor.client.pack import Message
from stream_monitor.client.ring import Bell, Watch
from stream_monitor.client.sending import Sender, leak

_log = logging.getLogger("stream_monitor.client")

#: How long to wait before a sender that could not be made is tried again, in seconds.
RETRY_S = 5.0

#: How long to rest after a fault of our own, so that one that stays fills no log, in seconds.
FAULT_PAUSE_S = 1.0

_TICK_S = 0.05  # how often to look for news while somebody or something waits
_NEVER = float("inf")

Lanes = Sequence[Lane[Any]]


class Courier:
    """Takes rows from lanes to Kafka, in a thread that starts with the first row.

    ``told`` is called after each round, from the thread, with what the lanes have counted.
    """

    def __init__(
        self,
        lanes: Lanes,
        make_sender: Callable[[], Sender],
        *,
        batch_rows: int,
        linger_s: float,
        told: Callable[[Lanes], None],
    ) -> None:
        self._lanes = lanes
        self._make_sender = make_sender
        self._batch_rows = batch_rows
        self._linger_s = linger_s
        self._told = told
        self._sender: Sender | None = None
        self._closed = False
        self._begin()
        _watch_the_process()
        _living.add(self)

    def _begin(self) -> None:
        self.bell = Bell()
        self.thread: threading.Thread | None = None  # none before the first row
        self._over = False  # no more rows are taken
        self._done = False  # nor looked at
        if self._closed:
            self._refuse()
        self._starting = threading.Lock()
        self._alone = threading.Lock()  # taken by the thread, for there is one and no second
        self._flushing = 0
        self._retry_at = 0.0
        self._busy = True  # whether rows were there when the thread looked
        self._deadline = _NEVER  # of the end, once it is known

    def start(self) -> None:
        """Start the thread, if nobody has; returns at once where another is just doing it."""
        if self.thread is None and not self._starting.locked():
            with self._starting:
                self._start()

    def _start(self) -> None:
        if self.thread is not None or self._alone.locked():
            return
        thread = threading.Thread(target=self._run, name="prediction-logger", daemon=True)
        self.thread = thread
        try:
            thread.start()
        except RuntimeError:  # no more threads now: rows wait, and the next one tries again
            self.thread = None
        except BaseException:  # by a signal
            if thread.ident is None:  # before it began, or else it says so itself
                self.thread = None
            raise

    def attend(self, lane: Lane[Any]) -> None:
        """See to a queue that has too much in it, or that nobody looks at yet."""
        self.start()
        if lane.ring.asks():
            self.bell.ring()
        if self._done:  # it came after the thread's last look
            lane.lose_all()

    def statistics(self) -> Statistics:
        return sum((lane.statistics() for lane in self._lanes), Statistics())

    def flush(self, timeout_s: float) -> bool:
        """Send what was logged before this call; whether all of it is settled in time."""
        deadline = time.monotonic() + timeout_s
        goals = [(lane, lane.progress().given) for lane in self._lanes]
        self._flushing += 1
        try:
            while any(lane.progress().settled < goal for lane, goal in goals):
                self.start()
                if time.monotonic() >= deadline or self.thread is None or self._done:
                    return False
                self.bell.ring()
                time.sleep(min(_TICK_S / 10, max(0.0, deadline - time.monotonic())))
        finally:
            self._flushing -= 1
        return True

    def close(self, timeout_s: float) -> None:
        """Refuse rows from now on, in this process and its children, and end."""
        self._closed = True
        self._refuse()
        self.end(timeout_s)
        if self.thread is None:  # none can be made
            self._lose_all()

    def _refuse(self) -> None:
        """Take no more rows."""
        self._over = True
        for lane in self._lanes:
            lane.ring.close()

    def ask_to_end(self, timeout_s: float = 0.0) -> None:
        """Let the thread send what it can in this time and end; returns at once."""
        self._deadline = min(self._deadline, time.monotonic() + timeout_s)
        self.bell.ring()

    def end(self, timeout_s: float) -> None:
        """The same, and wait for it: somewhat longer than the timeout at the most."""
        self.ask_to_end(timeout_s)
        if self._waiting():
            self.start()
        thread = self.thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout_s + 2)

    def forked(self) -> None:
        """In a child process: begin anew, with nothing of what the parent has to send."""
        leak(self._sender)
        self._sender = None
        for lane in self._lanes:
            lane.reset()
        self._begin()

    def _run(self) -> None:
        if not self._alone.acquire(blocking=False):
            return  # the start of the first was interrupted, and yet it runs
        self.thread = threading.current_thread()
        # An object that was logged may raise anything when it is looked at, SystemExit too,
        # which is the model's to raise in a thread of its own and never this one's.
        for lane in self._lanes:
            lane.due_at = time.monotonic() + self._linger_s
        while True:
            try:
                if self._ended():
                    break
                self._round(self._wait())
            except BaseException:  # a bug of ours: say it, and go on more slowly
                with suppress(Exception):
                    _log.exception("The prediction logger failed; it goes on.")
                time.sleep(FAULT_PAUSE_S)
        self._give_up()

    def _wait(self) -> bool:
        """Wait for rows, for the linger's end or for news; whether all rows are due at once.

        While rows come the thread looks often, so that whoever logs need not wake it.
        """
        hurried = self._flushing > 0 or self._deadline < _NEVER
        sender = self._sender
        if sender is not None and (hurried or sender.room <= 0) and self._waiting():
            sender.poll(_TICK_S)
            return hurried
        often = hurried or self._busy
        for lane in self._lanes:
            lane.ring.watch(Watch.OFTEN if often else Watch.SELDOM)
        self.bell.wait(min(_TICK_S, self._linger_s) if often else self._linger_s)
        return hurried

    def _waiting(self) -> int:
        return self.statistics().waiting

    def _round(self, due: bool) -> None:
        if self._sender is not None and self._sender.broken:
            self._sender.close()
            self._sender = None
        self._busy = False
        self._lanes = (*self._lanes[1:], *self._lanes[:1])  # who is first may leave others no room
        for lane in self._lanes:
            lane.ring.sort()
            now = time.monotonic()
            waiting = len(lane.ring)
            # what comes meanwhile is not due, else it would go row by row
            left = waiting if due or now >= lane.due_at else 0
            if waiting:
                self._busy = True
            else:
                lane.due_at = now + self._linger_s
            while left > 0 or len(lane.ring) >= self._batch_rows:
                sender = self._ready()
                if sender is None or sender.room <= 0:
                    break
                lane.due_at = now + self._linger_s
                left -= self._batch_rows
                for message in lane.next_messages(self._batch_rows, time.time_ns() // 1_000_000):
                    self._send(sender, lane, message)
        if self._sender is not None:
            self._sender.poll(0.0)
        with _undivided:
            self._told(self._lanes)

    def _send(self, sender: Sender, lane: Lane[Any], message: Message) -> None:
        try:
            sender.send(lane.topic, message, lane.settle)
        except Exception:  # a bug of ours: its rows are not to be counted as waiting for ever
            lane.settle(message, False)
            _log.exception("A message could not be handed on; its rows are lost.")

    def _ready(self) -> Sender | None:
        """The sender, made when it is first needed; None while it cannot be made."""
        if self._sender is None and time.monotonic() >= self._retry_at:
            try:
                with _undivided:
                    self._sender = self._make_sender()
            except Exception as error:
                self._retry_at = time.monotonic() + RETRY_S
                _log.warning("The client of Kafka cannot be made; it is tried again: %s", error)
        return self._sender

    def _ended(self) -> bool:
        if self._deadline == _NEVER:
            return False
        return time.monotonic() >= self._deadline or not self._waiting()

    def _give_up(self) -> None:
        """What is still here when the time is up is lost, and counted."""
        self._refuse()
        sender, self._sender = self._sender, None
        with suppress(Exception):  # there is nobody left to be told
            if sender is not None:
                sender.close()
        for lane in self._lanes:
            lane.ring.watch(Watch.NEVER)
        self._done = True
        self._lose_all()
        with suppress(Exception), _undivided:
            self._told(self._lanes)

    def _lose_all(self) -> None:
        for lane in self._lanes:
            lane.lose_all()


_undivided = Undivided()

#: Those of this process that are not let go.
_living: weakref.WeakSet[Courier] = weakref.WeakSet()

#: How long the end of the process may be held up, in seconds, by all couriers together.
EXIT_TIMEOUT_S = 5.0


def _at_exit() -> None:
    couriers = list(_living)
    for courier in couriers:
        courier.ask_to_end(EXIT_TIMEOUT_S)
    for courier in couriers:
        courier.end(EXIT_TIMEOUT_S)


def _after_fork() -> None:
    _undivided.begin()
    for courier in list(_living):
        courier.forked()


@cache
def _watch_the_process() -> None:
    """Once a process, when there is something to watch it for."""
    atexit.register(_at_exit)
    if sys.platform != "win32":
        os.register_at_fork(
            before=_undivided.before_fork,
            after_in_parent=_undivided.after_fork,
            after_in_child=_after_fork,
        )
