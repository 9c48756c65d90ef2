"""Write docs/api.md's table: python -m scripts.make_api_doc."""

from __future__ import annotations

from pathlib import Path

from scripts.generated import replaced
from stream_monitor.web.api.routes import ANYWHERE, ROUTES, SIMULATE, Route

PAGE = Path(__file__).parent.parent / "docs" / "api.md"
BEGIN = "<!-- made by scripts/make_api_doc.py -->"


def render() -> str:
    """A table of every route: what it is, its parameters, its token, its statuses."""
    lines = ["| | path | parameters | token | answers | |", "|---|---|---|---|---|---|"]
    lines += [_row(route) for route in (*ROUTES, SIMULATE)]
    return "\n".join(lines)


def page(text: str) -> str:
    """The page with the table of now in the place of the one it has."""
    return replaced(text, BEGIN, render())


def _row(route: Route) -> str:
    names = [*(route.query.model_fields if route.query is not None else ())]
    if route.body is not None:
        names.append("a body")
    asked = ", ".join(name if name == "a body" else f"`{name}`" for name in names)
    own = [status for status in (route.status, *route.problems) if status not in ANYWHERE]
    statuses = " ".join(str(status.value) for status in own)
    return (
        f"| {route.method} | `{route.path}` | {asked} | {route.access} | {statuses} "
        f"| {route.summary} |"
    )


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
