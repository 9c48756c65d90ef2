"""What stage 2 keeps in its table, as values; ``state.py`` has their bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stream_monitor.alerts.episode import Episode
from stream_monitor.alerts.state import AlertState
from stream_monitor.alerts.tracker import AlertKey
from stream_monitor.pipeline.ledger import LabelEntry, PaneTraffic
from stream_monitor.pipeline.messages import SlotKey
from stream_monitor.pipeline.records import WindowRecord
from stream_monitor.pipeline.slots import StoredSlot
from stream_monitor.windows.watermark import PartitionProgress


@dataclass(frozen=True, slots=True)
class Kept:
    """A source partition's progress."""

    progress: PartitionProgress


@dataclass(frozen=True, slots=True)
class KeptSlot:
    """A slot of a pane that a window may still need."""

    key: SlotKey
    stored: StoredSlot


@dataclass(frozen=True, slots=True, order=True)
class PaneRef:
    """A pane of a model's lane."""

    model: str
    reference_hash: str
    pane_ms: int
    slide_ms: int


@dataclass(frozen=True, slots=True)
class KeptTraffic:
    """The events of a judged pane."""

    pane: PaneRef
    traffic: PaneTraffic


@dataclass(frozen=True, slots=True)
class KeptEntry:
    """What later labels tell of a pane, from one partition of ``joins``."""

    pane: PaneRef
    partition: int
    entry: LabelEntry


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """A judged window that is open to revision."""

    model: str
    reference_hash: str
    record: WindowRecord


@dataclass(frozen=True, slots=True)
class KeptRetired:
    """The sum of a lane's panes that began before ``before_ms``, and what follows them after these.

    ``began_ms`` is the start of the first pane that was ever judged.
    """

    model: str
    reference_hash: str
    before_ms: int
    state: bytes
    degradation: bytes
    comparing: bytes
    began_ms: int | None


@dataclass(frozen=True, slots=True)
class Judged:
    """What has been judged of a model: each lane's newest window end, and its alerts.

    ``base`` are the states of the performance alerts after the windows that are closed. Lanes
    that were dropped had no pane from ``left_ms`` on (``None``: none was).
    """

    model: str
    ends: Mapping[str, int]
    alerts: Mapping[AlertKey, AlertState]
    base: Mapping[AlertKey, AlertState]
    episodes: tuple[Episode, ...]
    windows: int
    left_ms: int | None = None


@dataclass(frozen=True, slots=True)
class KeptWatching:
    """The evidence of a lane after the window that ends at ``end_ms``, in one of two places."""

    model: str
    reference_hash: str
    place: int
    end_ms: int
    watching: bytes


@dataclass(frozen=True, slots=True)
class KeptBlocks:
    """How many source offsets the blocks have that all slots are named by."""

    size: int


Item = (
    KeptBlocks
    | Kept
    | KeptSlot
    | KeptTraffic
    | KeptEntry
    | KeptRecord
    | KeptRetired
    | KeptWatching
    | Judged
)
