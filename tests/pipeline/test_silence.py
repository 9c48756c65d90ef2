"""Traffic that pauses and begins again: nobody is taken for silent who only has no reader."""

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from stream_monitor.pipeline.effects import Stream
from stream_monitor.pipeline.engine import LocalEngine
from stream_monitor.reference.registry import References
from stream_monitor.testing.cluster import FakeCluster
from tests.pipeline.events import LATENESS_MS, SETTINGS, Event, judged, log, reference

PARTITIONS = 3
IDLE_MS = SETTINGS.worker.idle_timeout_ms
EMIT_MS = SETTINGS.worker.emit_interval_ms
#: Event time between the two bursts: more than the closing of the first may run ahead.
PAUSE_MS = 300_000

burst = st.lists(
    st.tuples(st.integers(0, 120_000), st.integers(0, LATENESS_MS), st.integers(0, PARTITIONS - 1)),
    max_size=60,
)
partition = st.integers(0, PARTITIONS - 1)
steps = st.one_of(
    st.tuples(st.just("go_on"), partition, st.integers(1, 20)),
    st.tuples(st.just("read"), partition, st.integers(1, 20)),
    st.tuples(st.just("emit"), partition),
    st.tuples(st.just("commit"), partition),
    st.tuples(st.just("crash_reader"), partition, st.floats(0, 1)),
    st.tuples(st.just("usurp_reader"), partition),
    st.tuples(st.just("hear"), st.integers(1, 20)),
    st.tuples(st.just("commit_evaluator")),
    st.tuples(st.just("crash_evaluator"), st.floats(0, 1)),
    st.tuples(st.just("pass"), st.integers(0, 10)),
)


class Pausing:
    """Readers of two bursts, who see no further than what has arrived."""

    def __init__(self, logs: list[list[Any]], first: list[int]) -> None:
        self.cluster = FakeCluster(SETTINGS, References(reference()), logs)
        self._arrived = first

    def play(self, schedule: list[tuple[Any, ...]]) -> None:
        for name, *arguments in schedule:
            step = getattr(self, f"do_{name}", None) or getattr(self.cluster, name)
            step(*arguments)

    def rest(self) -> None:
        """All that has arrived is read, and for long enough nothing comes."""
        for number in range(PARTITIONS):
            self.do_read(number, 1_000)
        for _ in range(12):
            self.cluster.now_ms += IDLE_MS // 4
            for number in range(PARTITIONS):
                self.do_emit(number)
            self.do_hear(1_000)

    def arrive(self) -> None:
        """The second burst is there, everywhere at once."""
        self._arrived = [len(log) for log in self.cluster.logs]

    def do_read(self, number: int, count: int) -> None:
        left = self._arrived[number] - self.cluster.position(number)
        self.cluster.read(number, min(count, max(0, left)))

    def do_emit(self, number: int) -> None:
        self.cluster.now_ms += EMIT_MS
        at_end = self.cluster.position(number) >= self._arrived[number]
        self.cluster.flush(number, caught_up=at_end)
        self.cluster.deliver(number)

    def do_go_on(self, number: int, count: int) -> None:
        """All that a reader does in a few seconds of good health."""
        for each in range(1, count, 4):
            self.do_read(number, each)
            self.do_emit(number)
            self.do_hear(1_000)

    def do_hear(self, count: int) -> None:
        self.cluster.read_summaries(count)

    def do_pass(self, emits: int) -> None:
        self.cluster.now_ms += emits * EMIT_MS


def batch_pass(ordered: list[Event]) -> dict[str, dict[str, Any]]:
    engine = LocalEngine(SETTINGS, References(reference()))
    said = [*engine.feed(0, log(ordered)), *engine.finish()]
    return {p.id: judged(dict(p.document)) for p in said if p.stream is Stream.REPORTS}


def of_the_living(dead: set[int], step: tuple[Any, ...]) -> bool:
    return step[0] not in ("go_on", "read", "emit", "commit") or step[1] not in dead


@given(
    burst,
    burst,
    st.lists(steps, max_size=40),
    st.lists(steps, max_size=80),
    st.sets(partition, max_size=PARTITIONS - 1),
)
@example(
    [(1_000 * i, 0, i % PARTITIONS) for i in range(60)],
    [(2_000 * i, 0, i % PARTITIONS) for i in range(60)],
    [],
    [("go_on", 1, 20), ("go_on", 2, 20)] * 3,
    {0},
)
@settings(max_examples=80, deadline=None)
def test_a_pause_and_readers_that_die_in_it_make_no_event_late(
    first: list[tuple[int, int, int]],
    second: list[tuple[int, int, int]],
    before: list[tuple[Any, ...]],
    after: list[tuple[Any, ...]],
    dead: set[int],
) -> None:
    """``dead`` are the partitions that nobody reads for a while when traffic begins again."""
    later = [(at + 120_000 + PAUSE_MS, delay, number) for at, delay, number in second]
    arriving = sorted([*first, *later], key=lambda sent: sent[0] + sent[1])
    events = [[Event(at) for at, _, p in arriving if p == number] for number in range(PARTITIONS)]
    logs = [log(of, number) for number, of in enumerate(events)]
    pausing = Pausing(logs, [sum(p == number for _, _, p in first) for number in range(PARTITIONS)])
    pausing.play(before)
    pausing.rest()
    pausing.arrive()
    pausing.play([step for step in after if of_the_living(dead, step)])
    for number in dead:
        pausing.cluster.crash_reader(number)
    pausing.cluster.finish()
    expected = batch_pass(sorted((e for of in events for e in of), key=lambda e: e.at_ms))
    said = pausing.cluster.documents(Stream.REPORTS)
    assert said.keys() == expected.keys()
    for id_, copies in said.items():
        for copy in copies:
            assert judged(copy) == expected[id_]
            assert copy["processing"]["late_rows"] == 0
