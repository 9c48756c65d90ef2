"""Real data and scenarios for the demo and the tests; NOTICE.md says whose the data is."""

from __future__ import annotations

from pathlib import Path


def path(name: str) -> Path:
    """The path of a shipped file, such as ``employment_reference.parquet``.

    Raises ValueError for a name that is not shipped.
    """
    folder = Path(__file__).parent
    shipped = sorted(file.name for file in folder.glob("*.parquet"))
    if name not in shipped:
        raise ValueError(f"No data file {name!r} is shipped; there are {', '.join(shipped)}.")
    return folder / name


def scenarios() -> dict[str, Path]:
    """The shipped scenarios' files by their names, in the order of the names."""
    folder = Path(__file__).parent / "scenarios"
    return {file.stem: file for file in sorted(folder.glob("*.yaml"))}
