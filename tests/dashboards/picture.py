"""The run that docs/dashboards has pictures of: ``python -m tests.dashboards.picture FILE``.

It ends a quarter of an hour from now, so that a Prometheus that is started on it has time to see
alerts fire.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from stream_monitor.config.duration import MINUTE, SECOND
from tests.dashboards.run import Hitch, Monitor, history
from tests.dashboards.stream import Span, credit, survey, versioned


def main(file: Path) -> None:
    """Write three and a half hours of scrapes, one every 15 s, as OpenMetrics."""
    step_ms, steps = 15 * SECOND, 840
    end_ms = time.time_ns() // 1_000_000 + 15 * MINUTE
    span = Span(end_ms - steps * step_ms, step_ms, steps)
    monitor = Monitor(
        "stream-monitor",
        [
            credit("cards", span, change_at=None, seed=11),
            credit("credit", span, change_at=0.7, seed=7),
            versioned(survey(span, seed=7), sure=0.8),
        ],
        span,
    )
    with file.open("w") as out:
        for line in history(monitor, span, hitch=Hitch(480, 520), broken_every=steps // 3):
            out.write(f"{line}\n")
        out.write("# EOF\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
