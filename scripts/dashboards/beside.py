"""What runs beside the pipeline in a worker: the shared view in Redis, and the HTTP API."""

from __future__ import annotations

from functools import partial

from scripts.dashboards.frame import Row
from scripts.dashboards.limits import limit
from scripts.dashboards.panels import graph
from scripts.dashboards.promql import increase, newest, quantile_s, rate, recorded, total
from scripts.dashboards.style import Query
from stream_monitor.metrics import outward

_of_redis = partial(graph, none="No Redis is set up", span=6)
_of_api = partial(graph, none="No worker serves the API", span=6)


def beside() -> tuple[Row, Row]:
    """A row of each, empty where there is none."""
    return _redis(), _api()


def _redis() -> Row:
    return Row(
        "Redis (where workers share a view)",
        (
            _of_redis(
                "Redis answers",
                "1 while a worker reaches Redis; at 0 it tells of its own models only "
                "(StreamMonitorRedisDown).",
                "none",
                Query(newest(outward.REDIS_CONNECTED, ("job", "instance")), "{{instance}}"),
                most=1,
            ),
            _of_redis(
                "Written to Redis",
                "Documents that were brought to Redis a second, and those read back from the "
                "topics for one that had lost them.",
                "cps",
                Query(rate(outward.REDIS_WRITES, ("job",)), "{{job}} written"),
                Query(rate(outward.REDIS_REFILLED, ("job",)), "{{job}} read back"),
            ),
            _of_redis(
                "Attempts at Redis that failed",
                "In 15 minutes, over the workers. Above the limit StreamMonitorRedisFailing "
                "begins; /health has the last failure in words.",
                "none",
                Query(increase(outward.REDIS_FAILURES, ("job",), "15m"), "{{job}}"),
                limits=(limit("redis_failures", "warning"),),
            ),
            _of_redis(
                "Waiting for Redis, given up",
                "Documents that wait to be written, and those given up as too many waited "
                "(StreamMonitorRedisDropped).",
                "none",
                Query(total(outward.REDIS_WAITING, ("job",)), "{{job}} waiting"),
                Query(
                    increase(outward.REDIS_DROPPED, ("job",), "$__rate_interval"),
                    "{{job}} given up",
                ),
            ),
        ),
    )


def _api() -> Row:
    return Row(
        "HTTP API",
        (
            _of_api(
                "Requests by status",
                "Requests answered a second. 401 and 403: a token is missing or wrong; 429: more "
                "than api.max_requests of one address; 503: Kafka or the view does not answer.",
                "reqps",
                Query(rate(outward.API_REQUESTS, ("job", "status")), "{{job}} {{status}}"),
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
                Query(quantile_s(0.5, outward.API_SECONDS), "{{job}} median"),
                Query(quantile_s(0.99, outward.API_SECONDS), "{{job}} 99 %"),
                none="No request was made",
                span=6,
            ),
            _of_api(
                "Connections, and those that a limit ended",
                "Open now, and ended a second: slow to ask or to read, evicted for another, "
                "refused as all are at work, or without TLS that was agreed on. Beside the API's "
                "those to /metrics and /health that were ended.",
                "none",
                Query(total(outward.API_CONNECTIONS, ("job",)), "{{job}} open"),
                Query(f"{rate(outward.API_CLOSED, ('job', 'reason'))} > 0", "{{job}} {{reason}}"),
                Query(
                    f"{rate(outward.HTTP_CLOSED, ('job', 'reason'))} > 0",
                    "{{job}} /metrics {{reason}}",
                ),
            ),
            _of_api(
                "Share of requests that failed",
                "Of 5 minutes, but for /health and /ready: answered with 5xx. Above the limit, and "
                "with more than a few, StreamMonitorApiErrors begins.",
                "percentunit",
                Query(recorded("job:stream_monitor_api_errors:ratio_increase5m"), "{{job}}"),
                limits=(limit("api_errors_ratio", "warning"),),
                none="No request has failed",
                span=8,
            ),
            _of_api(
                "Questions passed on to the model's worker",
                "Questions that another worker was asked, by what became of them. What it did not "
                "answer was answered from the topics.",
                "reqps",
                Query(
                    f"{rate(outward.PEER_REQUESTS, ('job', 'outcome'))} > 0", "{{job}} {{outcome}}"
                ),
                none="No question was passed on",
                span=8,
            ),
            _of_api(
                "Forgotten for want of room in memory",
                "What a worker has let go of what was reported; the topics have it still.",
                "cps",
                Query(rate(outward.VIEW_DROPPED, ("job", "what")), "{{job}} {{what}}"),
                span=8,
            ),
        ),
    )
