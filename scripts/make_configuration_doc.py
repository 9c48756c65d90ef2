"""Write docs/configuration.md's table: python -m scripts.make_configuration_doc."""

from __future__ import annotations

from pathlib import Path

from scripts.generated import replaced
from stream_monitor.config.environment import variable
from stream_monitor.config.fields import leaves
from stream_monitor.config.render import plain, scalar
from stream_monitor.config.settings import Settings

PAGE = Path(__file__).parent.parent / "docs" / "configuration.md"
BEGIN = "<!-- made by scripts/make_configuration_doc.py -->"


def render() -> str:
    """A table of every setting: key, default, what is allowed, variable."""
    built_in = plain(Settings())
    lines = ["| setting | default | allowed | variable |", "|---|---|---|---|"]
    for path, leaf in leaves(Settings):
        value: object = built_in
        for key in path:
            assert isinstance(value, dict)
            value = value[key]
        lines.append(
            f"| `{'.'.join(path)}` | `{scalar(value)}` | {leaf.allowed()} | `{variable(path)}` |"
        )
    return "\n".join(lines)


def page(text: str) -> str:
    """The page with the table of now in the place of the one it has."""
    return replaced(text, BEGIN, render())


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
