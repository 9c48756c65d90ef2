"""Reports as they stand after their last revision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

Report = dict[str, Any]


def restate(report: Report, revision: Mapping[str, Any]) -> Report:
    """A report with what a revision says put over it, verdict by verdict.

    What the revision does not speak of (drift, quality, latency) stays as first reported;
    ``changed`` and ``rejudged`` are those of the last revision.
    """
    verdicts = {_name(verdict): verdict for verdict in report["verdicts"]}
    verdicts |= {_name(verdict): verdict for verdict in revision["verdicts"]}
    return {**report, **revision, "verdicts": [*verdicts.values()]}


class Restated:
    """Takes reports and their revisions, and gives each window's report when it is final.

    Held are the windows that may still be revised, those whose end is not ``open_ms`` before
    the newest, as JSON.
    """

    def __init__(self, open_ms: int) -> None:
        self.revised = 0  # windows whose report was revised
        self.revisions = 0  # of all windows together
        self._open_ms = open_ms
        self._held: dict[str, tuple[int, bytes]] = {}  # by report id: the end, the report
        self._newest_ms: int | None = None

    def add(self, report: Mapping[str, Any]) -> None:
        """Take a report in as it is published.

        A revision of a window that was not reported, or that was given out, is a mistake of
        the caller's (KeyError).
        """
        id_, end = report["report_id"], report["window"]["end_ms"]
        if report["revision"]:
            before = _decode(self._held[id_][1])
            self.revisions += 1
            self.revised += before["revision"] == 0
            report = restate(before, report)
        else:
            self._newest_ms = end if self._newest_ms is None else max(end, self._newest_ms)
        self._held[id_] = (end, msgspec.json.encode(report))

    def final(self) -> Iterator[Report]:
        """The reports that cannot be revised any more, in order; they are let go."""
        newest = self._newest_ms
        while newest is not None and self._held:
            id_, (end, report) = next(iter(self._held.items()))
            if end + self._open_ms > newest:
                return
            del self._held[id_]
            yield _decode(report)

    def rest(self) -> Iterator[Report]:
        """The reports that are left, in order: nothing more will come."""
        while self._held:
            _, report = self._held.pop(next(iter(self._held)))
            yield _decode(report)


def _name(verdict: Mapping[str, Any]) -> tuple[str, str, str]:
    return verdict["family"], verdict["monitor"], verdict["column"]


def _decode(report: bytes) -> Report:
    decoded: Report = msgspec.json.decode(report)
    return decoded
