"""What all benchmarks share: the environment, the targets, and the final line of JSON."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PACKAGES = (
    *("numpy", "scipy", "river", "pyarrow", "msgspec", "faust-streaming", "aiokafka"),
    "confluent-kafka",
)
_THREAD_SETTINGS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Target:
    """A figure that must hold: ``value`` ``op`` ``target``."""

    name: str
    value: float
    op: Literal[">=", "<=", "=="]
    target: float

    @property
    def met(self) -> bool:
        if self.op == "==":
            return self.value == self.target
        return self.value >= self.target if self.op == ">=" else self.value <= self.target


def pin_to_one_core() -> None:
    """Keep this process, and every thread a library may start, on one core.

    Effective for thread pools that are not started yet; the affinity holds for all of them.
    """
    for name in _THREAD_SETTINGS:
        os.environ[name] = "1"
    if sys.platform == "linux":
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def environment() -> dict[str, str | int | float]:
    """The versions and the machine that the figures belong to."""
    facts: dict[str, str | int | float] = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": _cpu_model(),
        "cpu_count": os.cpu_count() or 1,
        "load_average": round(os.getloadavg()[0], 2),
    }
    for package in _PACKAGES:
        try:
            facts[package] = version(package)
        except PackageNotFoundError:
            continue
    return facts


def report(benchmark: str, results: Mapping[str, object], targets: Sequence[Target]) -> int:
    """Print the benchmark's one JSON object as the last line; the exit code is 1 on a miss."""
    line = {
        "benchmark": benchmark,
        "environment": environment(),
        "results": dict(results),
        "targets": [asdict(target) | {"met": target.met} for target in targets],
    }
    print(json.dumps(line), flush=True)
    return 0 if all(target.met for target in targets) else 1


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for row in info.read_text(encoding="utf-8").splitlines():
            if row.startswith("model name"):
                return row.partition(":")[2].strip()
    return platform.processor() or platform.machine()
