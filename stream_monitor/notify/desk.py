"""What is to be said of which episode, and when: events, the present and a time in, posts out.

Guarantees: an open episode is said at once, again every ``resend_ms``, and once more when it is
over. An alert whose labels change (it has become critical) is ended under the old ones. A worker
that has lost a model says nothing more of its episodes, and does not end them: whoever owns the
model now goes on. If nobody does, an episode is over for Alertmanager ``LIVES`` resends after it
was last said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from stream_monitor.metrics.snapshot import OpenAlert
from stream_monitor.notify.payload import (
    Alert,
    Document,
    Links,
    alert_of,
    alert_of_open,
    ended_ms,
    is_open,
)

#: Resends that an open alert outlives: a rebalance and a restarted Alertmanager fit in.
LIVES = 5


@dataclass(frozen=True, slots=True)
class Post:
    """One thing to say: an alert, and until when it is open; ``fires`` is false if it is over."""

    alert: Alert
    ends_ms: int
    fires: bool


@dataclass(frozen=True, slots=True)
class _Held:
    alert: Alert
    heard_ms: int  # of the present state, when it was last told of
    said_ms: int


class Desk:
    """The episodes of one worker; every time is the clock's, in ms."""

    def __init__(self, resend_ms: int, links: Links) -> None:
        self._resend_ms = resend_ms
        self._links = links
        self._held: dict[str, _Held] = {}
        self._over: dict[str, int] = {}  # when their end was heard, until the present knows it

    @property
    def open_episodes(self) -> int:
        """How many are said again and again."""
        return len(self._held)

    def hear(self, document: Document, now_ms: int) -> list[Post]:
        """A document was published on the topic alerts."""
        alert = alert_of(document, self._links)
        before = self._held.pop(alert.episode, None)
        posts = []
        if before is not None and before.alert.key != alert.key:
            posts.append(Post(before.alert, now_ms, fires=False))
        if is_open(document):
            self._over.pop(alert.episode, None)
            self._held[alert.episode] = _Held(alert, now_ms, now_ms)
            return [*posts, self._open(alert, now_ms)]
        self._over[alert.episode] = now_ms
        ended = ended_ms(document)
        return [*posts, Post(alert, now_ms if ended is None else min(ended, now_ms), fires=False)]

    def present(self, alerts: Iterable[OpenAlert], as_of_ms: int, now_ms: int) -> list[Post]:
        """What is open in the worker's state as of a time: adopt, let go, and say again.

        A state that is older than what was heard of an episode does not count for it.
        """
        there = {alert.episode: alert for alert in alerts if alert.episode}
        self._over = {id_: at for id_, at in self._over.items() if at >= as_of_ms}
        self._held = {
            id_: held
            for id_, held in self._held.items()
            if id_ in there or held.heard_ms >= as_of_ms
        }
        posts = []
        for id_, alert in there.items():
            if id_ not in self._held and id_ not in self._over:
                adopted = alert_of_open(alert, self._links)
                self._held[id_] = _Held(adopted, now_ms, now_ms)
                posts.append(self._open(adopted, now_ms))
        for id_, held in self._held.items():
            if now_ms - held.said_ms >= self._resend_ms:
                self._held[id_] = _Held(held.alert, held.heard_ms, now_ms)
                posts.append(self._open(held.alert, now_ms))
        return posts

    def _open(self, alert: Alert, now_ms: int) -> Post:
        return Post(alert, now_ms + LIVES * self._resend_ms, fires=True)
