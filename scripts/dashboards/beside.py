"""What runs beside the pipeline in a worker: the shared view in Redis, and the HTTP API."""

from __future__ import annotations

from scripts.dashboards.frame import Row
from scripts.dashboards.limits import limit
from scripts.dashboards.panels import graph
from scripts.dashboards.promql import increase, newest, quantile_s, rate, total
from scripts.dashboards.style import Query
from stream_monitor.metrics import outward

_NO_REDIS, _NO_API = "No Redis is set up", "No worker serves the API"


def beside() -> tuple[Row, Row]:
    """A row of each, empty where there is none."""
    return _redis(), _api()


def _redis() -> Row:
    return Row(
        "Redis (where workers share a view)",
        (
            graph(
                "Redis answers",
                "1 while a worker reaches Redis; at 0 it tells of its own models only "
                "(StreamMonitorRedisDown).",
                "none",
                Query(newest(outward.REDIS_CONNECTED, ("job", "instance")), "{{instance}}"),
                none=_NO_REDIS,
                span=6,
                most=1,
            ),
            graph(
                "Written to Redis",
                "Documents that were brought to Redis a second, and those read back from the "
                "topics for one that had lost them.",
                "cps",
                Query(rate(outward.REDIS_WRITES, ("job",)), "{{job}} written"),
                Query(rate(outward.REDIS_REFILLED, ("job",)), "{{job}} read back"),
                none=_NO_REDIS,
                span=6,
            ),
            graph(
                "Attempts at Redis that failed",
                "In 15 minutes, over the workers. Above the limit StreamMonitorRedisFailing "
                "begins; /health has the last failure in words.",
                "none",
                Query(increase(outward.REDIS_FAILURES, ("job",), "15m"), "{{job}}"),
                limits=(limit("redis_failures", "warning"),),
                none=_NO_REDIS,
                span=6,
            ),
            graph(
                "Waiting for Redis, given up",
                "Documents that wait to be written, and those given up as too many waited "
                "(StreamMonitorRedisDropped).",
                "none",
                Query(total(outward.REDIS_WAITING, ("job",)), "{{job}} waiting"),
                Query(
                    increase(outward.REDIS_DROPPED, ("job",), "$__rate_interval"),
                    "{{job}} given up",
                ),
                none=_NO_REDIS,
                span=6,
            ),
        ),
    )


def _api() -> Row:
    return Row(
        "HTTP API",
        (
            graph(
                "Requests by status",
                "Requests answered a second. 401 and 403: a token is missing or wrong; 429: more "
                "than api.max_requests of one address; 503: Kafka or the view does not answer.",
                "reqps",
                Query(rate(outward.API_REQUESTS, ("job", "status")), "{{job}} {{status}}"),
                none=_NO_API,
                span=6,
            ),
            graph(
                "Requests refused or failed",
                "Requests a second by path and status; without a path: what is none of the API's, "
                "or no HTTP.",
                "reqps",
                Query(
                    rate(outward.API_REQUESTS, ("route", "status"), 'status=~"4..|5.."'),
                    "{{route}} {{status}}",
                ),
                none="No request was refused",
                span=6,
            ),
            graph(
                "Time to answer",
                "From the head of a request to its answer.",
                "s",
                Query(quantile_s(0.5, outward.API_SECONDS), "{{job}} half"),
                Query(quantile_s(0.99, outward.API_SECONDS), "{{job}} 99 of 100"),
                none="No request was made",
                span=6,
            ),
            graph(
                "Connections, and those that a limit ended",
                "Open now, and ended a second: slow to ask or to read, evicted for another, "
                "refused as all are at work, or without TLS that was agreed on.",
                "none",
                Query(total(outward.API_CONNECTIONS, ("job",)), "{{job}} open"),
                Query(rate(outward.API_CLOSED, ("job", "reason")), "{{job}} {{reason}}"),
                none=_NO_API,
                span=6,
            ),
            graph(
                "Passed on to the model's worker",
                "Questions that another worker was asked, by what became of them. What it did not "
                "answer was answered from the topics.",
                "reqps",
                Query(rate(outward.PEER_REQUESTS, ("job", "outcome")), "{{job}} {{outcome}}"),
                none=_NO_API,
                span=12,
            ),
            graph(
                "No room in the memory of all models",
                "What a worker has let go of what was reported; the topics have it still.",
                "cps",
                Query(rate(outward.VIEW_DROPPED, ("job", "what")), "{{job}} {{what}}"),
                none=_NO_API,
                span=12,
            ),
        ),
    )
