"""The metrics of what a worker tells outside Kafka: Alertmanagers, Redis, and whoever asks it.

They stand in the list of all metrics (``names.py``), whose conventions are theirs.
"""

from __future__ import annotations

from stream_monitor.metrics.spec import Spec, counter, gauge, histogram, specs_in

# The notifier
NOTIFIED = counter("notifications_total", "alertmanager", "Alerts an Alertmanager has taken.")
NOTIFY_REQUESTS = counter(
    "notification_requests_total", "alertmanager", "Requests to an Alertmanager."
)
NOTIFY_FAILURES = counter(
    "notification_requests_failed_total",
    "alertmanager",
    "Requests to an Alertmanager that failed; what could not be told is tried again.",
)
NOTIFY_DROPPED = counter(
    "notifications_dropped_total", "alertmanager", "Alerts given up: too many, refused, or expired."
)
NOTIFY_WAITING = gauge(
    "notifications_waiting", "alertmanager", "Alerts that an Alertmanager has still to be told."
)

# The shared view in Redis
REDIS_CONNECTED = gauge("redis_connected", "", "1 while Redis answers, 0 while it does not.")
REDIS_WRITES = counter("redis_writes_total", "", "Documents that were brought to Redis.")
REDIS_FAILURES = counter("redis_failures_total", "", "Attempts at Redis that failed.")
REDIS_DROPPED = counter("redis_dropped_total", "", "Documents given up: too many were waiting.")
REDIS_REFILLED = counter(
    "redis_refilled_total", "", "Documents read back from the topics for a Redis without history."
)
REDIS_WAITING = gauge("redis_waiting", "", "Documents that wait to be brought to Redis.")

# The HTTP servers: that of worker.port, and the API
HTTP_CLOSED = counter(
    "http_connections_closed_total",
    "reason",
    "Connections to worker.port (/metrics, /health) that a limit has ended.",
)
API_REQUESTS = counter(
    "api_requests_total", "route status", "Requests answered; route empty: of no path there is."
)
API_SECONDS = histogram(
    "api_request_seconds", "From the head of a request to its answer, until it begins to be sent."
)
API_CONNECTIONS = gauge("api_connections", "", "Connections of the API that are open.")
API_CLOSED = counter(
    "api_connections_closed_total", "reason", "Connections that a limit of the API has ended."
)

# The view in memory, and questions to the worker that owns a model
VIEW_DROPPED = counter(
    "view_dropped_total",
    "what",
    "What a worker's memory of all models had no room for; it is on the topics still.",
)
PEER_REQUESTS = counter(
    "peer_requests_total",
    "outcome",
    "Questions passed on to the worker that owns the model; answered by it, or else from here.",
)

#: All of them, in the order of the exposition.
ALL: tuple[Spec, ...] = specs_in(globals())
