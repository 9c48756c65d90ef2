"""Write the dashboards: ``python -m scripts.dashboards``."""

from __future__ import annotations

from scripts.dashboards.write import FOLDER, documents


def main() -> int:
    for name, text in documents().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        print(f"wrote {FOLDER.name}/{name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
