"""What stage 2 knows of a model, what it must be told, and what it counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from stream_monitor.alerts.episode import Episode
from stream_monitor.alerts.state import AlertState
from stream_monitor.alerts.tracker import AlertKey
from stream_monitor.config.settings import ModelSettings
from stream_monitor.pipeline.effects import Put
from stream_monitor.pipeline.items import Judged
from stream_monitor.pipeline.lane import Lane
from stream_monitor.pipeline.records import WindowRecord
from stream_monitor.pipeline.state import put_model
from stream_monitor.reference.model import NO_REFERENCE, Reference
from stream_monitor.windows.panes import WindowSpec
from stream_monitor.windows.watermark import Watermark


@dataclass(frozen=True, slots=True)
class EvaluatorConfig:
    """What a stage-2 machine must know.

    ``reference`` finds a reference by model and hash (``None``: not known here yet, so its
    windows wait). ``settle_ms``: see :class:`~stream_monitor.windows.watermark.Watermark`. At
    most ``max_panes`` panes a lane are kept. Labels may come ``retention_ms`` after their
    prediction; a window is revised every ``revise_interval_ms`` of the clock at the most.
    ``block_size`` is stage 1's.
    """

    settings: Callable[[str], ModelSettings]
    reference: Callable[[str, str], Reference | None]
    idle_timeout_ms: int
    settle_ms: int
    retention_ms: int = 0
    revise_interval_ms: int = 60_000
    max_panes: int = 20_000
    block_size: int = 65_536

    def spec(self, model: str) -> WindowSpec:
        """How a model's time is cut."""
        return WindowSpec.of(self.settings(model))

    def known(self, model: str, hash_: str) -> bool:
        """Whether what is kept against a reference can be read."""
        return hash_ == NO_REFERENCE or self.reference(model, hash_) is not None

    def revision_ms(self, model: str) -> int:
        """How long after its end a window of a model is open to revision."""
        return min(self.settings(model).revision_ms, self.retention_ms)


@dataclass(slots=True)
class EvaluatorCounts:
    """What machines have done, one or several that share it; only ever grows."""

    slots: int = 0
    repeated: int = 0  # slots that said nothing new
    label_slots: int = 0
    dropped: Counter[str] = field(default_factory=Counter)  # by reason
    late: Counter[str] = field(default_factory=Counter)  # events by model
    too_late: Counter[str] = field(default_factory=Counter)  # labels by model
    windows: Counter[tuple[str, str]] = field(default_factory=Counter)  # by model, status
    revisions: Counter[str] = field(default_factory=Counter)  # reports by model
    alerts: Counter[tuple[str, str]] = field(default_factory=Counter)  # by model, status


@dataclass(slots=True)
class ModelState:
    """One model: its watermark, a lane for each reference, its alerts, its judged windows.

    ``alerts`` are the states of drift, quality and latency, ``performance`` those that labels
    can still change: a fold over ``records`` from ``base``. ``left_ms``: of panes before that,
    lanes were dropped. ``records`` are the windows open
    to revision by (end, reference hash), in the order they were judged; ``unrevised`` those of
    them whose labels have changed since their last report.
    """

    watermark: Watermark = field(default_factory=Watermark)
    lanes: dict[str, Lane] = field(default_factory=dict)
    alerts: dict[AlertKey, AlertState] = field(default_factory=dict)
    performance: dict[AlertKey, AlertState] = field(default_factory=dict)
    base: dict[AlertKey, AlertState] = field(default_factory=dict)
    episodes: tuple[Episode, ...] = ()
    records: dict[tuple[int, str], WindowRecord] = field(default_factory=dict)
    unrevised: set[tuple[int, str]] = field(default_factory=set)
    outdated: list[tuple[int, str]] = field(default_factory=list)  # closed, and still kept
    windows: int = 0  # judged, ever
    left_ms: int | None = None
    revised_ms: int = 0  # when the last pass of revisions began

    @property
    def watermark_ms(self) -> int | None:
        """How far event time has come."""
        return self.watermark.at_ms

    @property
    def all_alerts(self) -> dict[AlertKey, AlertState]:
        """Every alert's state."""
        return self.alerts | self.performance

    def put(self, name: str) -> Put:
        """Keep what has been judged."""
        ends = {h: lane.last_end_ms for h, lane in self.lanes.items()}
        return put_model(
            Judged(
                name,
                {h: end for h, end in ends.items() if end is not None},
                self.alerts,
                self.base,
                self.episodes,
                self.windows,
                self.left_ms,
            )
        )

    def has_left(self, pane_ms: int, hash_: str) -> bool:
        """Whether a pane may be of a lane that was dropped; it would be judged again."""
        return hash_ not in self.lanes and self.left_ms is not None and pane_ms < self.left_ms

    def note(self, pane_ms: int, hash_: str, spec: WindowSpec) -> bool:
        """A pane's labels have changed: whether a window that is open to revision holds it."""
        ends = range(pane_ms + spec.slide_ms, pane_ms + spec.window_ms + 1, spec.slide_ms)
        changed = {(end, hash_) for end in ends if (end, hash_) in self.records}
        self.unrevised |= changed
        return bool(changed)
