"""The law: however labels travel, and whoever reads them, in the end a pane says the same."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.joining.joiner import Joiner, JoinerConfig
from stream_monitor.joining.messages import LabelPart, PredictionPart, Source
from stream_monitor.joining.outbox import Outbox
from stream_monitor.pipeline.ledger import LabelEntry, Ledger
from stream_monitor.reference.model import Reference
from stream_monitor.summaries.outcomes import Encoded, as_number, as_text
from stream_monitor.summaries.performance import PerformanceSummary
from stream_monitor.windows.panes import WindowSpec
from tests.joining.worlds import SLIDE_MS, L, P, config, labels, predictions
from tests.summaries.strategies import MULTICLASS, REFERENCE, REGRESSION

Rows = Sequence[P] | Sequence[L]
TRUTHS = ("yes", "no", 1, 0.5, None, "1")
RETENTION_MS = 60


def part_of(rows: Rows, offsets: Sequence[int], of: Reference) -> PredictionPart | LabelPart:
    of_events = [row for row in rows if isinstance(row, P)]
    if of_events:
        return predictions(of_events, offsets, of)
    return labels([row for row in rows if isinstance(row, L)], offsets, of)


def told(source: Source, rows: Rows, of: Reference, random: Random, losses: float) -> list[bytes]:
    """The messages of the readers of one partition; some crash, and some messages are lost."""
    outbox = Outbox(source, 1, random.choice([64, 200, 2**20]))
    sent: list[bytes] = []
    at = acknowledged = 0
    lost = False
    outbox.start(0)
    while at < len(rows) or lost:
        if (lost and at >= len(rows)) or (at and random.random() < 0.2):
            at = random.randint(0, acknowledged)  # a crash: the next one begins where it may
            outbox.seek()
            outbox.start(at)
            lost = False
            continue
        end = min(len(rows), at + random.randint(1, 4))
        if end > at:
            outbox.add(part_of(rows[at:end], range(at, end), of))
        at = end
        if random.random() < 0.7 or at == len(rows):
            for _, message in outbox.take(at, everywhere=random.random() < 0.3):
                if random.random() < losses:
                    lost = True
                else:
                    sent.append(message.encode())
            if not lost:
                acknowledged = at
    return sent


def interleaved(sequences: Sequence[list[bytes]], random: Random) -> list[bytes]:
    turns = [i for i, sequence in enumerate(sequences) for _ in sequence]
    random.shuffle(turns)
    left = [iter(sequence) for sequence in sequences]
    return [next(left[turn]) for turn in turns]


class Run:
    """Joiners that follow one another on one partition, and the ledger behind them."""

    def __init__(self, of: Reference, config: JoinerConfig) -> None:
        self.of = of
        self.config = config
        self.joiner = Joiner(config)
        self.ledger = Ledger(WindowSpec(SLIDE_MS, SLIDE_MS, 0))
        self.committed = 0

    def flush(self) -> None:
        for said in self.joiner.flush():
            if said.key.reference_hash == self.of.hash:
                self.ledger.put(0, said)

    def read(self, log: Sequence[bytes], random: Random | None = None) -> None:
        """All of the log; by chance with pauses, and with stops after which another goes on."""
        seen = 0
        while self.joiner.position < len(log):
            self.joiner.handle(self.joiner.position, log[self.joiner.position])
            seen = max(seen, self.joiner.position)
            if random is None or self.joiner.position < seen:
                continue
            if random.random() < 0.3:
                self.flush()
                if random.random() < 0.7:
                    self.committed = self.joiner.floor
            if random.random() < 0.15:
                self.joiner = Joiner(self.config, start=self.committed)
        self.flush()

    def entries(self) -> dict[int, LabelEntry]:
        """What is known in the end of each pane that is within the retention."""
        newest = self.joiner.models["m"].pending.newest_ms if "m" in self.joiner.models else None
        horizon = -1 if newest is None else newest - self.config.retention_ms
        return {
            pane_ms: pane.entries[0]
            for pane_ms, pane in self.ledger.panes.items()
            if pane_ms + SLIDE_MS > horizon and 0 in pane.entries
        }


def world(random: Random, *, contradictions: bool) -> tuple[list[list[P]], list[list[L]]]:
    """Predictions and labels of some ids, on two partitions each."""
    ids = [str(i) for i in range(random.randint(1, 15))]
    of_id = {
        id_: P(
            id_, i * random.choice([0, 3, 9]), random.choice(TRUTHS), country=random.choice("ab")
        )
        for i, id_ in enumerate(ids)
    }
    if random.random() < 0.3:
        of_id |= {
            id_: P(id_, one.at, one.said, truth="no") for id_, one in of_id.items() if one.at % 2
        }
    known = {id_: L(id_, random.choice(TRUTHS[:4]), one.at + 7) for id_, one in of_id.items()}
    events = [of_id[id_] for id_ in random.choices(ids, k=random.randint(1, 20))]
    truths = [known[id_] for id_ in random.choices([*ids], k=random.randint(1, 20))]
    if random.random() < 0.8:
        events.sort(key=lambda event: event.at)
    if contradictions:
        truths = [
            L(one.id, random.choice(TRUTHS[:4]), one.at + random.randint(0, 9)) for one in truths
        ]
    return [events[::2], events[1::2]], [truths[::2], truths[1::2]]


def log_of(
    events: list[list[P]], truths: list[list[L]], of: Reference, random: Random, losses: float
) -> list[bytes]:
    sources: list[tuple[Source, Rows]] = [
        *((Source("predictions", i), rows) for i, rows in enumerate(events)),
        *((Source("labels", i), rows) for i, rows in enumerate(truths)),
    ]
    return interleaved([told(source, rows, of, random, losses) for source, rows in sources], random)


worlds = st.integers(0, 2**32).map(Random)
references = st.sampled_from([REFERENCE, REGRESSION, MULTICLASS])
retentions = st.sampled_from([RETENTION_MS, 10**9])


@settings(deadline=None, max_examples=200)
@given(worlds, references, retentions, st.booleans())
def test_stops_and_pauses_leave_no_trace(
    random: Random, of: Reference, retention_ms: int, contradictions: bool
) -> None:
    events, truths = world(random, contradictions=contradictions)
    # Which of two labels came first, nobody knows for certain if one of them was lost once.
    log = log_of(events, truths, of, random, 0.0 if contradictions else 0.1)
    once = Run(of, config(retention_ms=retention_ms))
    once.read(log)
    stopped = Run(of, config(retention_ms=retention_ms))
    stopped.read(log, random)
    now, then = stopped.entries(), once.entries()
    assert {at: one.state for at, one in now.items()} == {at: one.state for at, one in then.items()}
    assert {at: one.labelled for at, one in now.items()} == {
        at: one.labelled for at, one in then.items()
    }


def expected(
    events: list[list[P]], truths: list[list[L]], of: Reference
) -> dict[int, PerformanceSummary]:
    """What the labels tell of each pane, from the rows themselves."""
    said = {event.id: event for rows in events for event in rows}
    known = {label.id: label for rows in truths for label in rows}
    joined = [(one, known[id_]) for id_, one in said.items() if id_ in known and one.truth is None]
    panes: dict[int, PerformanceSummary] = {}
    for event, label in joined:
        truth = [label.truth]
        encoded: Encoded = as_number(truth, 1) if of is REGRESSION else as_text(truth, 1)
        one = PerformanceSummary.of(
            encoded,
            predictions([event], [0], of).predictions,
            of,
            np.array([(label.at - event.at) / 1000]),
        )
        at = event.at // SLIDE_MS * SLIDE_MS
        panes[at] = panes.get(at, PerformanceSummary.empty(of)).merge(one)
    return panes


@settings(deadline=None, max_examples=200)
@given(worlds, references)
def test_what_is_told_is_what_the_rows_tell(random: Random, of: Reference) -> None:
    events, truths = world(random, contradictions=False)
    run = Run(of, config())
    run.read(log_of(events, truths, of, random, 0.1), random)
    found = {}
    for pane_ms, pane in run.ledger.panes.items():
        whole = pane.later(of)
        found[pane_ms] = whole.total.performance
        assert whole.total.rows == 0
    assert {at: one.to_state() for at, one in found.items()} == {
        at: one.to_state() for at, one in expected(events, truths, of).items()
    }
