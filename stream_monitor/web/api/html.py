"""Pages that bring everything with them, and the policy that lets them load nothing else."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Page:
    """A page and its Content-Security-Policy."""

    body: bytes
    policy: str


def page(name: str) -> Page:
    """A page of this package, whose scripts and styles are allowed by their hashes."""
    text = files(__package__).joinpath(f"{name}.html").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; script-src {_hashes('script', text)}; "
        f"style-src {_hashes('style', text)}; connect-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return Page(text.encode(), policy)


def _hashes(tag: str, text: str) -> str:
    found = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
    digests = (base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in found)
    return " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"
