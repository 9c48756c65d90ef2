"""Tables that scripts make, in pages that people write."""

from __future__ import annotations

END = "<!-- end -->"


def replaced(text: str, begin: str, table: str) -> str:
    """The page's text with ``table`` between the line ``begin`` and the next :data:`END`.

    ValueError for a page without such a place.
    """
    before, found, rest = text.partition(begin)
    _, end, after = rest.partition(END)
    if not found or not end:
        raise ValueError(f"the page has no place for the table: {begin} … {END}")
    return f"{before}{begin}\n{table}\n{END}{after}"
