"""What one Alertmanager has still to be told: the newest of each alert, and not without end."""

from __future__ import annotations

from collections.abc import Iterable

from stream_monitor.notify.desk import Post


class Backlog:
    """Posts in the order of their alerts' first, at most ``limit``; the oldest is dropped beyond.

    ``dropped`` counts what was given up: beyond the limit, refused, or open until a time that
    has passed (said then, it would end the alert).
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._posts: dict[tuple[tuple[str, str], ...], Post] = {}
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._posts)

    def put(self, posts: Iterable[Post]) -> None:
        """Add posts; a newer one of an alert takes the place of the older, which is no loss."""
        for post in posts:
            if post.alert.key not in self._posts and len(self._posts) >= self._limit:
                self._posts.pop(next(iter(self._posts)))
                self.dropped += 1
            self._posts[post.alert.key] = post

    def first(self, most: int, now_ms: int) -> tuple[Post, ...]:
        """The next posts, at most so many; they stay until :meth:`done` or :meth:`give_up`."""
        self.give_up(p for p in list(self._posts.values()) if p.fires and p.ends_ms <= now_ms)
        return tuple(post for post, _ in zip(self._posts.values(), range(most), strict=False))

    def done(self, posts: Iterable[Post]) -> int:
        """They were delivered; how many were still there and not replaced in between."""
        gone = [post for post in posts if self._posts.get(post.alert.key) is post]
        for post in gone:
            del self._posts[post.alert.key]
        return len(gone)

    def give_up(self, posts: Iterable[Post]) -> None:
        """They will never be delivered."""
        self.dropped += self.done(posts)
