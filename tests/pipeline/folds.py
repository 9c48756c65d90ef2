"""The law of what is folded over a lane's panes, whatever is folded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

from hypothesis import strategies as st

from stream_monitor.config.settings import ModelSettings


class AtEnd(Protocol):
    """What is found at the end of a window."""

    @property
    def end_ms(self) -> int: ...


Pane = TypeVar("Pane")
PaneIn = TypeVar("PaneIn", contravariant=True)
Found = TypeVar("Found", bound=AtEnd)
FoundOut = TypeVar("FoundOut", bound=AtEnd, covariant=True)


class Fold(Protocol[PaneIn, FoundOut]):
    """Takes panes, which may change, and tells of windows that are open to revision."""

    def put(self, pane: PaneIn) -> None: ...
    def at(self, ends_ms: Iterable[int]) -> Iterator[FoundOut]: ...
    def retire(self, before_ms: int) -> None: ...
    def kept(self) -> bytes: ...


def assert_only_last_counts_matter(
    begin: Callable[[bytes], Fold[Pane, Found]],
    panes: Sequence[Pane],
    early: Sequence[Pane],
    model: ModelSettings,
    data: st.DataObject,
) -> None:
    """Panes that were ``early`` first, come in any order, leave, or are kept change nothing.

    ``begin`` gives a fold from what one before has kept; ``panes`` follow each other from 0 on.
    """
    slide = model.slide_ms
    ends = [at * slide for at in range(1, len(panes) + 3)]
    straight = begin(b"")
    for pane in panes:
        straight.put(pane)
    expected = list(straight.at(ends))

    live = begin(b"")
    for pane in early:
        live.put(pane)
    list(live.at(ends[:: data.draw(st.integers(1, 3))]))
    for pane in data.draw(st.permutations(panes)):
        live.put(pane)
        list(live.at([data.draw(st.sampled_from(ends))]))
    assert list(live.at(ends)) == expected

    before = data.draw(st.integers(0, len(panes)))
    live.retire(before * slide)
    # Windows that reach behind what has left are closed: no one asks for them.
    open_ = [found for found in expected if found.end_ms - model.window_ms >= before * slide]
    asked = [found.end_ms for found in open_]
    assert list(live.at(asked)) == open_
    again = begin(live.kept())
    for pane in panes:
        again.put(pane)
    assert list(again.at(asked)) == open_
