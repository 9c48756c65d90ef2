"""The verdict on a period in a sentence, and the numbers beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from stream_monitor.alerts.columns import ranked
from stream_monitor.alerts.names import WHAT, listed, name_of
from stream_monitor.alerts.rule import Severity
from stream_monitor.detectors.few_rows import MONITOR as ROWS
from stream_monitor.detectors.verdict import Family, State
from stream_monitor.reports.episodes import Episode
from stream_monitor.reports.history import History
from stream_monitor.reports.words import capital, count, cut, figure_name, moment


class Tone(StrEnum):
    """What the sentence comes to."""

    CRITICAL = "critical"
    WARNING = "warning"
    OVER = "over"  # something was wrong and is not any more
    GOOD = "good"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Overview:
    """``sentence`` is the verdict; ``statuses`` counts the windows by what they came to.

    ``rows`` and ``labelled`` are of windows that do not overlap.
    """

    tone: Tone
    sentence: str
    statuses: Counter[str]
    rows: int
    labelled: int
    open: tuple[Episode, ...]
    over: tuple[Episode, ...]
    withdrawn: tuple[Episode, ...]


def overview(history: History) -> Overview:
    """What the period comes to."""
    statuses = Counter(window.status for window in history.windows)
    open_ = tuple(each for each in history.episodes if each.is_open)
    withdrawn = tuple(each for each in history.episodes if each.is_withdrawn)
    over = tuple(e for e in history.episodes if not (e.is_open or e.is_withdrawn))
    tone, sentence = _verdict(history, statuses, open_, over)
    rows = labelled = 0
    begins: int | None = None
    for window in reversed(history.windows):
        if begins is None or window.end_ms <= begins:
            begins = window.start_ms
            rows += window.rows
            labelled += window.labelled
    return Overview(tone, sentence, statuses, rows, labelled, open_, over, withdrawn)


def what(episode: Episode) -> str:
    """What an alert is about, as a short title."""
    event = episode.told
    columns = [cut(name_of(each.column)) for each in ranked(event.columns)]
    names = listed(columns) if columns else ""
    if event.monitor.startswith("degradation"):
        return "errors have risen"
    if event.family == Family.DRIFT:
        return f"drift of {names}" if names else "drift"
    if event.monitor == ROWS:
        return WHAT[ROWS][0]
    if event.family == Family.QUALITY and not event.column:
        return f"more {names}" if names else "more bad values"
    if event.column and event.monitor in WHAT:
        return WHAT[event.monitor][0].format(name=cut(name_of(event.column)))
    side = "below" if event.below else "above"
    return f"{figure_name(event.monitor)} {side} its limit"


def gravest(episodes: Sequence[Episode]) -> list[Episode]:
    """Critical ones first, then those with more columns, then the older ones."""
    return sorted(
        episodes,
        key=lambda e: (e.told.severity != Severity.CRITICAL, -len(e.told.columns), e.since_ms),
    )


def _verdict(
    history: History,
    statuses: Counter[str],
    open_: tuple[Episode, ...],
    over: tuple[Episode, ...],
) -> tuple[Tone, str]:
    judged = sum(statuses.values()) - statuses[State.THIN]
    if open_:
        first, *rest = gravest(open_)
        is_critical = first.told.severity == Severity.CRITICAL
        also = f"; also {listed([what(each) for each in rest])}" if rest else ""
        return (
            Tone.CRITICAL if is_critical else Tone.WARNING,
            f"Something is wrong: {what(first)}, since {moment(first.since_ms)}{also}.",
        )
    if not judged:
        if history.windows:
            return Tone.UNKNOWN, (
                f"Nothing can be said: none of {count(len(history.windows), 'window')} held "
                f"the {history.settings.min_samples:,} rows that a verdict needs."
            )
        return Tone.UNKNOWN, "Nothing can be said: there is no report of any window of this period."
    worse = _worse_versions(history)
    if over:
        last = max(over, key=lambda each: each.end_ms or 0)
        said = count(len(over), "alert")
        verb = "is" if len(over) == 1 else "are"
        told = (
            f"{said} of this period {verb} over, the last ({what(last)}) since "
            f"{moment(last.end_ms or last.since_ms)}"
        )
        if worse:
            return Tone.WARNING, f"{capital(told)}; but {worse}."
        return Tone.OVER, f"All is well again: {told}."
    touched = statuses[State.ALARM]
    aside = ""
    if touched:
        verb = "was" if touched == 1 else "were"
        aside = f" ({count(touched, 'window')} {verb} in alarm, too few in a row for an alert)"
    if worse:
        return Tone.WARNING, f"{capital(worse)}; no alert in {count(judged, 'window')}{aside}."
    return Tone.GOOD, f"All is well: {count(judged, 'window')} judged, no alert{aside}."


def _worse_versions(history: History) -> str:
    """Which versions are worse than the champion; empty if none is."""
    told = [
        (cut(str(each["version"])), cut(str(each["champion"])))
        for each in history.cumulative.told.get("versions", ())
        if any(metric["decided"] == "worse" for metric in each["metrics"])
    ]
    if not told:
        return ""
    names = [version for version, _ in told]
    many = len(names) > 1
    noun, verb = ("versions", "are") if many else ("version", "is")
    return f"{noun} {listed(names)} {verb} worse than {told[0][1]}"
