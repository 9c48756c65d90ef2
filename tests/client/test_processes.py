"""A process of its own for each: its import, its end, its children."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

#: A sender that writes what it sends to a file, with the process that sent it.
_FILE_SENDER = """
import os, sys, json, time, threading
from stream_monitor.client import PredictionLogger

class ToFile:
    room, broken = 8, False
    def send(self, topic, message, settle):
        document = json.loads(message.value)
        with open(sys.argv[1], "a") as file:
            line = [os.getpid(), document["columns"]["features"]["i"]]
            file.write(json.dumps(line) + "\\n")
        settle(message, True)
    def poll(self, seconds):
        time.sleep(seconds)
    def close(self):
        pass
"""


def run(script: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr  # that Kafka is away is said there, and may be
    return done.stdout


def sent(file: Path) -> list[tuple[int, list[int]]]:
    lines: list[Any] = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return [(process, numbers) for process, numbers in lines]


def test_importing_the_client_brings_no_array_library_and_no_kafka() -> None:
    script = """
import sys
before = set(sys.modules)
import stream_monitor.client
print(" ".join(sorted({name.partition(".")[0] for name in set(sys.modules) - before})))
"""
    imported = set(run(script).split())
    heavy = {"faust", "mode", "scipy", "river", "numpy", "pyarrow", "pandas", "rocksdict", "redis"}
    later = {"aiokafka", "confluent_kafka", "pydantic", "prometheus_client", "asyncio"}
    assert not imported & (heavy | later)
    assert "msgspec" in imported


def test_logging_to_kafka_brings_no_array_library_either() -> None:
    script = """
import sys
from stream_monitor.client import PredictionLogger
log = PredictionLogger("m", bootstrap_servers="127.0.0.1:1", linger_ms=10)
log.log({"x": 1})
log.close(0.5)
print(" ".join(sorted({name.partition(".")[0] for name in sys.modules})))
assert log.statistics.lost == 1
"""
    imported = set(run(script).split())
    assert "confluent_kafka" in imported
    assert not imported & {"faust", "scipy", "river", "numpy", "pyarrow", "aiokafka"}


def test_a_process_that_ends_sends_what_it_has(tmp_path: Path) -> None:
    file = tmp_path / "sent"
    script = f"""{_FILE_SENDER}
log = PredictionLogger("m", sender=ToFile, linger_ms=60_000)
for i in range(3):
    log.log({{"i": i}})
"""
    run(script, str(file))
    assert [numbers for _, numbers in sent(file)] == [[0, 1, 2]]


def test_a_process_without_kafka_ends_in_time() -> None:
    script = """
import atexit, time
started = time.monotonic()
atexit.register(lambda: print(log.statistics.lost, time.monotonic() - started))
from stream_monitor.client import PredictionLogger, courier
courier.EXIT_TIMEOUT_S = 0.3
log = PredictionLogger("m", bootstrap_servers="127.0.0.1:1")
log.log({"x": 1})
started = time.monotonic()
"""
    lost, seconds = run(script).split()
    assert lost == "1"
    assert float(seconds) < 3


def test_a_child_sends_its_own_rows_and_none_of_its_parents(tmp_path: Path) -> None:
    file = tmp_path / "sent"
    script = f"""{_FILE_SENDER}
import warnings
warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of forks beside threads
log = PredictionLogger("m", sender=ToFile, linger_ms=60_000)
log.log({{"i": 0}})
child = os.fork()
log.log({{"i": 1 if child else 2}})
if child:
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert log.statistics.logged == (2 if child else 1)
"""
    run(script, str(file))
    (_, of_child), (_, of_parent) = sorted(sent(file), key=lambda line: line[1], reverse=True)
    assert (of_child, of_parent) == ([2], [0, 1])
    assert len({process for process, _ in sent(file)}) == 2


def test_a_child_of_a_process_that_is_connected_makes_its_own_connection() -> None:
    script = """
import os, warnings
warnings.simplefilter("ignore", DeprecationWarning)
from stream_monitor.client import PredictionLogger
from stream_monitor.kafka.embedded import EmbeddedBroker
broker = EmbeddedBroker()
broker.start()
broker.touch("predictions")
log = PredictionLogger("m", bootstrap_servers=broker.bootstrap_servers, linger_ms=10)
log.log({"x": 1})
assert log.flush()
child = os.fork()
log.log({"x": 2})
if not child:
    from stream_monitor.client.sending import leak
    leak(broker)  # its threads are the parent's
assert log.flush()
assert log.statistics.sent == (2 if child else 1)
if child:
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    log.close()
    broker.stop()
"""
    run(script)


def test_a_connection_is_made_anew_by_each_process_of_a_pool(tmp_path: Path) -> None:
    file = tmp_path / "sent"
    script = f"""{_FILE_SENDER}
log = PredictionLogger("m", sender=ToFile)  # made before the fork, as gunicorn's --preload does
children = [os.fork() for _ in range(1)]
if children == [0]:
    log.log({{"i": 1}})
    sys.exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(children[0], 0)[1]) == 0
"""
    run(script, str(file))
    assert [numbers for _, numbers in sent(file)] == [[1]]


def test_in_multiprocess_mode_the_metrics_of_all_processes_are_one(tmp_path: Path) -> None:
    script = (
        """
import os, sys
os.environ["PROMETHEUS_MULTIPROC_DIR"] = sys.argv[2]
"""
        + f"""{_FILE_SENDER}
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
registry = CollectorRegistry()
log = PredictionLogger("m", sender=ToFile, registry=registry, linger_ms=10)
log.log({{"i": 0}})
assert log.flush()
child = os.fork()
for i in range(1 if child else 5):
    log.log({{"i": i}})
log.close()
if not child:
    sys.exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
together = CollectorRegistry()
MultiProcessCollector(together)
print(generate_latest(together).decode())
"""
    )
    shared = tmp_path / "metrics"
    shared.mkdir()
    shown = run(script, str(tmp_path / "sent"), str(shared))
    assert 'stream_monitor_client_sent_total{kind="events",model="m"} 7.0' in shown
    assert 'stream_monitor_client_waiting{kind="events",model="m"} 0.0' in shown


def test_a_process_whose_queues_are_full_ends_in_time_though_kafka_answers_nothing() -> None:
    script = """
import atexit, socket, time
silent = socket.create_server(("127.0.0.1", 0))  # takes connections and never says a word
address = "127.0.0.1:%d" % silent.getsockname()[1]
from stream_monitor.client import PredictionLogger, courier
courier.EXIT_TIMEOUT_S = 0.5
def tell():
    for log in loggers:
        counts = log.statistics
        assert counts.logged == 5_001 == counts.dropped + counts.lost + counts.refused["closed"]
        log.log({"x": 1})  # other code may log at exit, after the logger's own end
    print(time.monotonic() - started)
    silent.close()
def late():
    for log in loggers:
        log.log({"x": 2})
atexit.register(tell)
atexit.register(late)
loggers = [PredictionLogger(m, bootstrap_servers=address, max_queue=1_000) for m in "ab"]
for i in range(5_000):
    for log in loggers:
        log.log({"i": i, "text": "x" * 100})
started = time.monotonic()
"""
    assert float(run(script)) < 5


def test_a_fork_from_another_thread_in_the_middle_of_logging_leaves_both_alive(
    tmp_path: Path,
) -> None:
    file = tmp_path / "sent"
    script = f"""{_FILE_SENDER}
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
log = PredictionLogger("m", sender=ToFile, linger_ms=5, batch_rows=10)
stop = threading.Event()
def many():
    while not stop.is_set():
        log.log({{"i": 0}})
        log.statistics
threads = [threading.Thread(target=many) for _ in range(3)]
for thread in threads:
    thread.start()
for number in range(1, 21):
    child = os.fork()
    if not child:
        log.log({{"i": number}})
        done = log.flush(20)
        os._exit(0 if done and log.statistics.logged == 1 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, number
stop.set()
for thread in threads:
    thread.join()
assert log.flush(20)
"""
    run(script, str(file))
    of_children = [numbers for _, numbers in sent(file) if numbers != [0] * len(numbers)]
    assert sorted(of_children) == [[number] for number in range(1, 21)]


def test_a_fork_waits_for_what_it_would_leave_half_done_in_the_child(tmp_path: Path) -> None:
    script = f"""{_FILE_SENDER}
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
under_way = set()
def slowly(what):
    under_way.add(what)
    time.sleep(0.05)
    under_way.discard(what)
def make():
    slowly("a sender")  # as the import of Kafka's client takes
    return ToFile()
log = PredictionLogger("m", sender=make, linger_ms=5)
log._courier._told = lambda lanes: slowly("metrics")
log.log({{"i": 0}})
for what in ("a sender", "metrics"):
    while what not in under_way:
        time.sleep(0.001)
    child = os.fork()
    if not child:
        os._exit(len(under_way))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, what
assert log.flush()
assert log.close()
"""
    run(script, str(tmp_path / "sent"))


def test_a_fork_does_not_wait_for_ever(tmp_path: Path) -> None:
    script = f"""{_FILE_SENDER}
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
from stream_monitor.client import forking
forking.PATIENCE_S = 0.1
making, made = threading.Event(), threading.Event()
def make():
    making.set()
    made.wait()
    return ToFile()
log = PredictionLogger("m", sender=make, linger_ms=5)
log.log({{"i": 0}})
making.wait()
started = time.monotonic()
child = os.fork()
if not child:
    made.set()
    log.log({{"i": 1}})
    os._exit(0 if log.flush() else 1)
assert time.monotonic() - started < 5
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
made.set()
assert log.flush()
assert log.close()
"""
    file = tmp_path / "sent"
    run(script, str(file))
    assert [numbers for _, numbers in sent(file)] == [[1], [0]]
