"""What one Alertmanager has still to be told: the newest of each alert, while it is true."""

from __future__ import annotations

from stream_monitor.delivery import backlog
from stream_monitor.notify.desk import Post


class Backlog(backlog.Backlog[Post]):
    """Posts by alert, at most ``limit``.

    ``dropped`` counts what was given up: beyond the limit, refused, or open until a time that
    has passed (said then, it would end the alert).
    """

    def __init__(self, limit: int) -> None:
        super().__init__(limit, lambda post: post.alert.key)

    def next(self, most: int, now_ms: int) -> tuple[Post, ...]:
        """The next posts that are still true, at most so many; the others are given up."""
        self.give_up(post for post in self.all() if post.fires and post.ends_ms <= now_ms)
        return self.first(most)
