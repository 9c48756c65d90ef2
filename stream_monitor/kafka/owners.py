"""Which worker holds which model, by what Faust's assignor tells every member of the group.

Each worker announces an address in its metadata of the group (Faust's ``canonical_url``), and the
leader tells all who holds which partitions of the state table. The address carries an id of this
start of the worker: two workers that announce the same address are still two, and whoever is
asked knows whether it is meant.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

import faust
from yarl import URL

from stream_monitor.kafka.admin import STATE_TABLE
from stream_monitor.kafka.sending import partition_of
from stream_monitor.views.owner import Owner


class Owners:
    """The owners of models; ``partitions`` tells how many ``summaries`` has.

    ``is_running``: whether this worker's own tables are whole, so that it can speak as an owner.
    """

    def __init__(
        self, app: faust.App, partitions: Callable[[], int], is_running: Callable[[], bool]
    ) -> None:
        self.me = uuid.uuid4().hex
        self._app = app
        self._partitions = partitions
        self._is_running = is_running
        self._url = ""
        # Nobody is to be asked at Faust's default, which is this machine's name and a port.
        app.conf.canonical_url = URL(f"urn:uuid:{self.me}")

    def announce(self, url: str) -> None:
        """Tell the group where this worker answers; before it joins."""
        self._url = url
        self._app.conf.canonical_url = URL(url).with_fragment(self.me)

    def of(self, model: str) -> Owner | None:
        """The worker that holds the partition of the table that the model's state is in.

        ``None`` while nobody holds it, or the one who does has announced no address that leads
        to it, or is this worker and its tables are not whole.
        """
        # The state lies in the partition that the model's summaries are sent to, by their key.
        partition = partition_of(model.encode(), self._partitions())
        for announced, topics in self._app.router.table_metadata(STATE_TABLE).items():
            if any(partition in held for held in topics.values()):
                return self._reachable(_owner(announced))
        return None

    def _reachable(self, owner: Owner | None) -> Owner | None:
        if owner is None:
            return None
        if owner.id == self.me:
            return owner if self._is_running() else None
        # Who announces this worker's own address, such as 127.0.0.1 on another machine or who
        # was here before, is not to be reached by it.
        return None if owner.url == self._url else owner


def _owner(announced: str) -> Owner | None:
    url = URL(announced)
    if url.scheme not in ("http", "https") or not url.fragment:
        return None
    return Owner(url.fragment, str(url.with_fragment(None)).rstrip("/"))
