"""The shapes a decoder has learned, one a model, and when it learns."""

from __future__ import annotations

import functools
import operator
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from stream_monitor.events.limits import Limits
from stream_monitor.events.rows import Event, read_event
from stream_monitor.events.shape import Learned, Shape, in_order, learn

#: Models that are followed at once, and the calls after which a silent one gives its place.
MAX_MODELS, STALE_CALLS = 64, 256
#: Rows of a model, read the general way, after which its shape is learned the first time. Each
#: further time needs twice as many: what never settles costs next to nothing.
FIRST_ROWS = 64
#: Rows of a model after which its shape is forgotten, and learned anew from those that follow.
#: A shape only widens: names that are no longer in use go this way.
RENEW_ROWS = 1_000_000
_EVIDENCE = 64  # rows looked at to learn a shape


@dataclass(slots=True)
class _Followed:
    used: int  # the last call with rows of the model
    rows: int = 0
    general: int = 0  # rows read the general way since it was learned from them
    wanted: int = FIRST_ROWS
    learned: Learned | None = None


class Shapes:
    """Learned shapes and the one reader for all of them.

    ``read`` gives an event as the struct of its model's shape, and raises
    ``msgspec.ValidationError`` where the event does not fit or its model has none. As long as
    nothing is learned it is ``read_event``.
    """

    def __init__(self, limits: Limits) -> None:
        self.read: Callable[[bytes], Struct] = read_event
        self._limits = limits
        self._followed: dict[str, _Followed] = {}  # the one used last is the last one
        self._by_struct: dict[type[Struct], Learned] = {}
        self._calls = 0

    def of(self, struct: type[Struct]) -> Learned:
        """The shape that ``read`` gave this struct for."""
        return self._by_struct[struct]

    def settle(self, fitting: Mapping[str, int], general: Sequence[Event]) -> None:
        """After a call: the rows of each model that fitted, and the events that did not.

        ``read`` may be another afterwards, and ``of`` knows the structs of that one only.
        """
        self._calls += 1
        counts = dict(Counter([event.model for event in general]).most_common(MAX_MODELS))
        changed = [
            self._follow(model, rows, counts.get(model, 0)) for model, rows in fitting.items()
        ]
        for model, rows in counts.items():
            if model not in fitting:
                changed.append(self._follow(model, 0, rows))
            changed.append(self._learn(model, general))
        if any(changed):
            self._build()

    def _follow(self, model: str, fitting: int, general: int) -> bool:
        """Count a model's rows; whether a shape is gone thereby."""
        followed = self._followed.pop(model, None)
        gone = False
        if followed is None:
            if len(self._followed) >= MAX_MODELS:
                leaving = self._leaving()
                if leaving is None:
                    return False
                gone = self._followed.pop(leaving).learned is not None
            followed = _Followed(self._calls)
        elif followed.rows >= RENEW_ROWS:
            gone = followed.learned is not None
            followed = _Followed(self._calls)
        followed.used = self._calls
        followed.rows += fitting + general
        followed.general += general
        self._followed[model] = followed
        return gone

    def _leaving(self) -> str | None:
        """The least recently used model that has no shape or has been silent for long."""
        for model, followed in self._followed.items():
            if followed.learned is None or followed.used < self._calls - STALE_CALLS:
                return model
        return None

    def _learn(self, model: str, general: Sequence[Event]) -> bool:
        """Learn a model's shape, or widen it, if it is time; whether there is a new one."""
        followed = self._followed.get(model)
        if followed is None or followed.general < followed.wanted:
            return False
        followed.general = 0
        followed.wanted *= 2
        events = [event for event in general if event.model == model]
        events = events[:: -(-len(events) // _EVIDENCE)]
        if not in_order([event.features or {} for event in events]):
            return False
        shape = Shape.of(events)
        if followed.learned is not None:
            shape = followed.learned.shape.widened(shape)
            if shape == followed.learned.shape:
                return False
        learned = learn(model, shape, self._limits)
        if learned is None:
            return False
        followed.learned = learned
        return True

    def _build(self) -> None:
        known = [one.learned for one in self._followed.values() if one.learned is not None]
        self._by_struct = {learned.struct: learned for learned in known}
        if not known:
            self.read = read_event
            return
        # one struct for each value of `model`: msgspec finds it wherever the key stands
        union = functools.reduce(operator.or_, self._by_struct)
        self.read = msgspec.json.Decoder(union).decode
