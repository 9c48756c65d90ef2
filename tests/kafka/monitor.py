"""A worker that writes at its end how far it has come: ``monitor.py CONFIG DATA_DIR FILE``.

The file is one JSON object: a topic's name to [partition, processed, committed] of each.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from stream_monitor.config.load import load
from stream_monitor.kafka.worker import Worker


def main(config: str, data_dir: str, file: str) -> None:
    overrides = {"worker.data_dir": (data_dir, "DATA_DIR")}
    worker = Worker(load(Path(config).read_text("utf-8"), {}, config, overrides))
    asyncio.run(worker.run())
    found: dict[str, list[list[int | None]]] = {}
    for at in worker.snapshot().partitions:
        found.setdefault(at.topic, []).append([at.partition, at.position, at.committed])
    Path(file).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
