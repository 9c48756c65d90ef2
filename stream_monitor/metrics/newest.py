"""The newest report of a model, with what revisions have changed of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stream_monitor.detectors.degradation.verdicts import PREFIX as DEGRADATION
from stream_monitor.detectors.verdict import Family

Report = Mapping[str, Any]


def newest(kept: Report | None, said: Report) -> Report | None:
    """What to keep of a model once ``said``, a report or a revision, is published.

    A report stands until one of a later window comes, or of the same window against another
    reference. A revision tells of performance alone: if it is of the report that is kept it
    takes the place of the report's performance, and all else of the report stays; any other
    revision changes nothing. A detector of degradation that the revision does not name stays
    as it was.
    """
    if not said["revision"]:
        before = kept is not None and said["window"]["end_ms"] < kept["window"]["end_ms"]
        return kept if before else said
    if kept is None or kept["report_id"] != said["report_id"]:
        return kept
    named = {verdict["monitor"] for verdict in said["verdicts"]}
    stay = [
        verdict
        for verdict in kept["verdicts"]
        if verdict["family"] != Family.PERFORMANCE
        or (verdict["monitor"].startswith(DEGRADATION) and verdict["monitor"] not in named)
    ]
    return {**kept, **said, "verdicts": [*stay, *said["verdicts"]]}
