"""Run the demo and draw what it prints: ``python -m scripts.make_demo_picture docs/demo.svg``.

The picture is of a real run; nothing in it is typed in by hand.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 112


def said() -> list[str]:
    """The demo's lines."""
    command = [sys.executable, "-m", "stream_monitor", "demo"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def picture(lines: list[str]) -> str:
    """The lines as a terminal in SVG, with no font fetched from anywhere."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text("$ make demo", style="bold"))
    for line in lines:
        if line.startswith("window") and "*" in line:
            style = "red"
        elif "STARTED" in line:
            style = "yellow"
        else:
            style = "green" if line.startswith("The monitor found just") else ""
        console.print(Text(line, style=style), overflow="fold")
    svg = console.export_svg(title="stream-monitor demo")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.S)
    return svg.replace("Fira Code", "DejaVu Sans Mono")


def main() -> int:
    target = Path(sys.argv[1])
    target.write_text(picture(said()), encoding="utf-8")
    print(f"wrote {target}; look at it before you commit it")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
