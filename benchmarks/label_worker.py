"""A worker in a process of its own that says every moment what its joiners hold.

``python -m benchmarks.label_worker SETTINGS.json`` runs a whole :class:`Worker` and prints a
:class:`Said` as a line of JSON whenever something has changed. :class:`Process` starts one and
listens to it.
"""

from __future__ import annotations

import asyncio
import cProfile
import os
import pstats
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from stream_monitor.config.settings import Settings
from stream_monitor.joining.pending import Outcome
from stream_monitor.kafka.app import quiet_logs
from stream_monitor.kafka.worker import Worker

_LOOK_S = 0.01
_LATE_S = 0.1  # worth a word though nothing has changed
_WATCH_S = 2.0
_REST_S, _RESTING_CORES = 3.0, 0.1
_PROFILE = "--profile"


class Said(msgspec.Struct, frozen=True):
    """What all joiners of a worker know at ``at``, by the clock that all processes share."""

    at: float = 0.0  # CLOCK_MONOTONIC, seconds
    held: int = 0  # predictions, with a label or without
    labelled: int = 0  # of them
    joined: int = 0  # labels that have met their prediction in this process
    labels_read: int = 0
    column_bytes: int = 0  # of the arrays, without the index's sixteen bytes a row
    late_s: float = 0.0  # how long the event loop has kept this look waiting
    positions: dict[int, int] = msgspec.field(default_factory=dict)

    @property
    def pending(self) -> int:
        """Predictions without a label."""
        return self.held - self.labelled


def look(worker: Worker, due: float) -> Said:
    """What the worker's joiners hold now, a look that was due then; from its own event loop."""
    now = time.monotonic()
    machines = dict(worker._joins.machines)
    pending = [model.pending for machine in machines.values() for model in machine.models.values()]
    outcomes = worker._view.joining.outcomes
    return Said(
        at=now,
        late_s=now - due,
        held=sum(map(len, pending)),
        labelled=sum(one.labelled for one in pending),
        joined=sum(n for (_, outcome), n in outcomes.items() if outcome is Outcome.JOINED),
        labels_read=worker._view.labels.records,
        column_bytes=sum(one.nbytes for one in pending),
        positions={partition: machine.position for partition, machine in machines.items()},
    )


async def host(settings: Settings) -> None:
    """Run the worker until SIGTERM, and say what has changed."""
    worker = Worker(settings)
    task = asyncio.create_task(worker.run())
    before, due = Said(), time.monotonic()
    while not task.done():
        said = look(worker, due)
        alike = msgspec.structs.replace(said, at=before.at, late_s=before.late_s) == before
        if not alike or said.late_s > _LATE_S:
            before = said
            print(msgspec.json.encode(said).decode(), flush=True)
        due = time.monotonic() + _LOOK_S
        await asyncio.sleep(_LOOK_S)
    await task


class Process:
    """The process of one worker, from its start to its end."""

    def __init__(self, settings: Settings, home: Path, *, profile: bool = False) -> None:
        home.mkdir(parents=True, exist_ok=True)
        path = home / "settings.json"
        path.write_text(settings.model_dump_json(), encoding="utf-8")
        self.said = Said()
        self.longest_stall_s = 0.0  # of its event loop; whoever asks may set it back
        self._changed = threading.Condition()
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "benchmarks.label_worker",
                str(path),
                *([_PROFILE] if profile else []),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def wait(
        self,
        until: Callable[[Said], bool],
        timeout_s: float = 240.0,
        watch: Callable[[Said], None] = lambda said: None,
    ) -> Said:
        """The first word of the worker for which ``until`` is true.

        Raises:
            RuntimeError: it has ended, or did not come so far in time.
        """
        begun = watched = time.monotonic()
        with self._changed:
            while not until(self.said):
                if self._process.poll() is not None:
                    raise RuntimeError("the worker has ended")
                now = time.monotonic()
                if now > begun + timeout_s:
                    raise RuntimeError(f"the worker has come no further than {self.said}")
                self._changed.wait(1.0)
                if now > watched + _WATCH_S:
                    watched = now
                    watch(self.said)
            return self.said

    def memory_mib(self) -> tuple[float, float]:
        """Resident memory now, and the most there was, in MiB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        rows = dict(row.split(":", 1) for row in status.splitlines())
        return int(rows["VmRSS"].split()[0]) / 1024, int(rows["VmHWM"].split()[0]) / 1024

    def rest(self, timeout_s: float = 120.0) -> None:
        """Wait until it has next to nothing to do: a tenth of a core for some seconds.

        Raises:
            RuntimeError: it did not come to rest in time.
        """
        deadline = time.monotonic() + timeout_s
        while self._cores(_REST_S) > _RESTING_CORES:
            if time.monotonic() > deadline:
                raise RuntimeError("the worker does not come to rest")

    def pause(self) -> None:
        """Stand still; not for as long as the group's session lasts."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Run again after :meth:`pause`."""
        os.kill(self._process.pid, signal.SIGCONT)

    def kill(self) -> None:
        """End without a word to anybody, as a machine that is lost."""
        self._process.kill()
        self._end()

    def stop(self) -> None:
        """End in order."""
        self._process.terminate()
        self._end()

    def _cores(self, seconds: float) -> float:
        """Cores that it keeps busy for a while from now."""
        stat = Path(f"/proc/{self._process.pid}/stat")
        used = []
        for wait_s in (seconds, 0.0):
            fields = stat.read_text(encoding="ascii").rpartition(")")[2].split()
            used.append(int(fields[11]) + int(fields[12]))  # utime and stime, in ticks
            time.sleep(wait_s)
        return (used[1] - used[0]) / os.sysconf("SC_CLK_TCK") / seconds

    def _end(self) -> None:
        self._process.wait()
        self._listener.join()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        decode = msgspec.json.Decoder(Said).decode
        for line in self._process.stdout:
            if line.startswith("{"):
                with self._changed:
                    self.said = decode(line)
                    self.longest_stall_s = max(self.longest_stall_s, self.said.late_s)
                    self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()


def main(arguments: list[str]) -> None:
    """The worker's process."""
    quiet_logs()
    settings = Settings.model_validate_json(Path(arguments[0]).read_bytes())
    if _PROFILE not in arguments:
        asyncio.run(host(settings))
        return
    profiler = cProfile.Profile()
    try:
        profiler.runcall(asyncio.run, host(settings))
    finally:
        pstats.Stats(profiler, stream=sys.stderr).sort_stats("cumtime").print_stats(
            "stream_monitor", 45
        )


if __name__ == "__main__":
    main(sys.argv[1:])
