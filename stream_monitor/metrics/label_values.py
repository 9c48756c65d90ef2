"""The values of labels that are known beforehand."""

from __future__ import annotations

from stream_monitor.alerts.rule import Severity, Status
from stream_monitor.detectors.verdict import State
from stream_monitor.errors import Reason
from stream_monitor.joining.pending import Outcome
from stream_monitor.metrics.snapshot import PeerOutcome, WorkerState

STATES = tuple(WorkerState)
REASONS = tuple(Reason)
SEVERITIES = tuple(Severity)
WINDOW_STATUSES = (State.OK, State.ALARM, State.THIN)
ALERT_STATUSES = tuple(Status)
OUTCOMES = tuple(Outcome)
HTTP_LIMITS = (
    "slow",  # no whole request in time
    "unread",  # the answer was not taken in time
    "evicted",  # waited longest, and made room for another
    "full",  # refused, as all that are open are at work
)
API_LIMITS = (
    *HTTP_LIMITS,
    "handshake",  # TLS was not agreed on
)
PEER_OUTCOMES = tuple(PeerOutcome)
LIMITS = (
    "repeated",  # records
    "models",  # events
    "open_panes",  # events
    "slot_too_large",  # events
    "document_too_large",  # reports and alerts
    "kept_panes",  # slots
    "slide_changed",  # slots
    "unlike",  # panes
    "reference_unknown",  # lanes
    "join_too_large",  # rows
    "join_gap",  # messages of joins
    "join_models",  # rows
    "join_past_retention",  # labels
    "join_reference_unknown",  # labels
    "slice_combinations",  # rows
    "slice_values",  # rows of values beyond slices.max_values
    "versions",  # rows of versions that are not compared
    "degradation_unfit",  # windows
    "labels_retired",  # slots
    "labels_narrower",  # slots of joiners that have forgotten a part of the pane
)
