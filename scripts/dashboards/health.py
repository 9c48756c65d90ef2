"""Does the monitor itself work, and does it keep its promise?"""

from __future__ import annotations

from functools import partial

from scripts.dashboards.alerts import firing
from scripts.dashboards.beside import beside
from scripts.dashboards.colors import ANY_WARNS, GREEN, ORANGE, RED, Colors, Step, of_limits, words
from scripts.dashboards.frame import Board, Row
from scripts.dashboards.headlines import workers_up
from scripts.dashboards.limits import Limit, limit
from scripts.dashboards.panels import Panel, bars, graph, number
from scripts.dashboards.promql import JOB, age_s, increase, newest, rate, recorded, series, total
from scripts.dashboards.style import Query
from stream_monitor.metrics import names, outward

_WORKER = ("job", "instance")
_MANAGER = ("job", "alertmanager")
_REJECTED = "job:stream_monitor_records_rejected"


def health() -> Board:
    """The workers as processes, and the share of records that they could read."""
    return Board(
        "health",
        "stream-monitor: Health and objective",
        "Does the monitor itself work, and does it keep its promise?",
        (
            _now(),
            _objective(),
            _workers(),
            _notifier(),
            *beside(),
            Row("Alerts", (firing("self"),)),
        ),
    )


def _now() -> Row:
    budget = limit("records_rejected_ratio", "warning", "3d")
    three_days = recorded(f"{_REJECTED}:ratio_rate3d")
    return Row(
        "Now",
        (
            workers_up(),
            number(
                "Workers not running",
                "Workers that start, recover or stop.",
                "none",
                Query(_not_running(), "not running"),
                colors=ANY_WARNS,
            ),
            number(
                "Oldest word of a worker",
                "Time since an event loop last said what it does; red where "
                "StreamMonitorEventLoopHangs begins.",
                "s",
                Query(f"max({age_s(names.AS_OF, _WORKER)})", "age"),
                colors=of_limits(_hangs()),
                decimals=0,
            ),
            number(
                "Without a series",
                "Models, columns and alerts that have no series of their own because a cap "
                "was reached.",
                "none",
                Query(f"sum({newest(names.LABELS_DROPPED, ('job', 'label'))})", "dropped"),
                colors=ANY_WARNS,
            ),
            number(
                "Records readable",
                "Share of the records of 3 days that could be read. The objective is what "
                "the budget of StreamMonitorRecordsRejected leaves.",
                "percentunit",
                Query(f"1 - max({three_days})", "readable"),
                colors=Colors(RED, (Step(1 - budget.value, GREEN),)),
                decimals=3,
                none="No records",
            ),
            number(
                "Budget left",
                "Share of the budget of unreadable records that 3 days at the present rate "
                "leave; below 0 the objective is missed.",
                "percentunit",
                Query(f"1 - max({three_days}) / scalar({budget.query})", "left"),
                colors=Colors(RED, (Step(0, ORANGE), Step(0.5, GREEN))),
                decimals=0,
                none="No records",
            ),
        ),
    )


def _objective() -> Row:
    return Row(
        "Objective: records that can be read",
        (
            _rejected(
                ("1h", "6h"),
                "critical",
                "At the limits the budget of days is used up within hours: a critical alert.",
            ),
            _rejected(
                ("1d", "3d"),
                "warning",
                "At the limits the budget is used up before its time: a warning.",
            ),
        ),
    )


def _workers() -> Row:
    return Row(
        "Workers",
        (
            bars(
                "State",
                "Whether each worker runs; one that does not starts, recovers its tables "
                "or stops (StreamMonitorWorkerNotRunning).",
                "none",
                Query(newest(names.STATE, _WORKER, 'state="running"'), "{{instance}}"),
                colors=Colors(
                    ORANGE,
                    (Step(1, GREEN),),
                    words((0, "not running", ORANGE), (1, "running", GREEN)),
                ),
                most=1,
            ),
            graph(
                "Errors that workers got over",
                "In 15 minutes. Above the limit StreamMonitorErrors begins; /health has "
                "the last error in words.",
                "none",
                Query(increase(names.ERRORS, ("job",), "15m"), "{{job}}"),
                limits=(limit("errors", "warning"),),
                span=8,
            ),
            graph(
                "Rebalances",
                "Rebalances that a worker saw in an hour. Above the limit "
                "StreamMonitorRebalancing begins.",
                "none",
                Query(increase(names.REBALANCES, _WORKER, "1h"), "{{instance}}"),
                limits=(limit("rebalances", "warning"),),
                span=8,
            ),
            graph(
                "Age of the snapshot",
                "Time since an event loop last said what it does. Above the limit it "
                "hangs, /ready is 503 and StreamMonitorEventLoopHangs begins.",
                "s",
                Query(age_s(names.AS_OF, _WORKER), "{{instance}}"),
                limits=(_hangs(),),
                span=8,
            ),
            graph(
                "Memory",
                "Resident memory of each worker.",
                "bytes",
                Query(
                    f"max by (job, instance) (process_resident_memory_bytes{{{JOB}}})",
                    "{{instance}}",
                ),
                span=8,
            ),
            graph(
                "Processor",
                "Cores that each worker uses; a worker cannot use much more than one.",
                "none",
                Query(
                    "sum by (job, instance) "
                    f"(rate(process_cpu_seconds_total{{{JOB}}}[$__rate_interval]))",
                    "{{instance}}",
                ),
                span=8,
            ),
            graph(
                "Share of the time at work",
                "Of a worker's time the share spent on batches and on emitting; near 1 "
                "there is no reserve left.",
                "percentunit",
                Query(_busy(), "{{instance}}"),
                span=6,
                most=1,
            ),
            graph(
                "Bytes that joiners hold",
                "Of each partition of joins; labels.max_bytes is where the oldest go.",
                "bytes",
                Query(newest(names.JOINER_BYTES, ("job", "partition")), "partition {{partition}}"),
                span=6,
            ),
            graph(
                "Summaries received",
                "Summaries of panes that stage 2 received a second, and those of them that "
                "said nothing new.",
                "cps",
                Query(rate(names.SLOTS, ("job",)), "{{job}} received"),
                Query(rate(names.SLOTS_REPEATED, ("job",)), "{{job}} repeated"),
                span=6,
            ),
            graph(
                "Joiners recovering",
                "1 while the joiner of a partition reads what it held before; until then "
                "it tells nothing of labels (StreamMonitorJoinerRecovering).",
                "none",
                Query(
                    newest(names.JOINER_RECOVERING, ("job", "partition")), "partition {{partition}}"
                ),
                span=6,
                most=1,
            ),
        ),
    )


def _notifier() -> Row:
    of_notifier = partial(graph, none="No notifier is set up", span=8)
    return Row(
        "Notifier (where workers tell Alertmanager themselves)",
        (
            of_notifier(
                "Alerts told",
                "Alerts that each Alertmanager has taken.",
                "none",
                Query(
                    increase(outward.NOTIFIED, _MANAGER, "$__rate_interval"),
                    "{{alertmanager}}",
                ),
                columns=True,
            ),
            of_notifier(
                "Requests failed, alerts given up",
                "Share of the requests to an Alertmanager that failed; what could not be "
                "told is tried again. Alerts given up are lost "
                "(StreamMonitorNotificationsFailing).",
                "none",
                Query(
                    f"{rate(outward.NOTIFY_FAILURES, _MANAGER)}"
                    f" / ({rate(outward.NOTIFY_REQUESTS, _MANAGER)} > 0)",
                    "{{alertmanager}} share failed",
                ),
                Query(
                    increase(outward.NOTIFY_DROPPED, _MANAGER, "$__rate_interval"),
                    "{{alertmanager}} given up",
                ),
            ),
            of_notifier(
                "Alerts waiting to be told",
                "Alerts that an Alertmanager has still to be told, in all workers.",
                "none",
                Query(
                    total(outward.NOTIFY_WAITING, _MANAGER),
                    "{{alertmanager}}",
                ),
            ),
        ),
    )


def _rejected(ranges: tuple[str, str], severity: str, at_the_limits: str) -> Panel:
    """The share of unreadable records over a short and a long range, with the limits of both."""
    short, long = (f"{range_[:-1]} {range_[-1]}" for range_ in ranges)
    return graph(
        f"Rejected over {short} and {long}",
        f"Share of records put aside as dead letters. {at_the_limits}",
        "percentunit",
        *(
            Query(recorded(f"{_REJECTED}:ratio_rate{range_}"), f"{{{{job}}}} over {range_}")
            for range_ in ranges
        ),
        limits=[limit("records_rejected_ratio", severity, range_) for range_ in ranges],
    )


def _hangs() -> Limit:
    return limit("snapshot_age_seconds", "critical")


def _not_running() -> str:
    other = newest(names.STATE, _WORKER, 'state!="running"')
    return f"count({other} == 1) or vector(0)"


def _busy() -> str:
    work = (names.HANDLE, names.EMIT, names.LABEL_HANDLE, names.LABEL_EMIT)
    parts = (
        f"sum by (job, instance) (rate({series(spec, suffix='_sum')}[$__rate_interval]))"
        for spec in work
    )
    return " + ".join(parts)
