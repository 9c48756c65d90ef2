"""Take a report's picture: ``python -m scripts.make_report_picture docs/report.png``.

Of two hours of loan applications, three columns of which break half-way: the demo's first act.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from stream_monitor.pipeline.effects import Stream
from stream_monitor.pipeline.engine import LocalEngine, run
from stream_monitor.reference.registry import References
from stream_monitor.reports.history import Gathering
from stream_monitor.reports.page import render
from stream_monitor.scenarios.acts import drift

SIZE = "1100,2010"


def page() -> str:
    """The report on the act."""
    act = drift(7)
    engine = LocalEngine(act.settings, References(act.reference))
    said = list(run(engine, act.batches(), progress=lambda rows: None))
    ends = [p.document["window"]["end_ms"] for p in said if p.stream is Stream.REPORTS]
    defaults = act.settings.defaults
    gathering = Gathering(act.reference.model, min(ends) - defaults.slide_ms, max(ends), defaults)
    for each in said:
        take = gathering.report if each.stream is Stream.REPORTS else gathering.alert
        take(each.document)
    return render(gathering.history([act.reference]))


def main() -> int:
    target = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as home:
        file = Path(home) / "report.html"
        file.write_text(page(), encoding="utf-8")
        browser = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        browser += [f"--window-size={SIZE}", f"--screenshot={target.resolve()}", file.as_uri()]
        subprocess.run(browser, check=True, capture_output=True)
    print(f"wrote {target}; look at it before you commit it")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
