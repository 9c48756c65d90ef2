"""What was measured, as JSON, as a table in Markdown and as a picture in SVG."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from benchmarks.detection.measure import FalseAlarms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.detection.measure import Delays

_COLOURS = ("#0b6e4f", "#d1495b", "#30638e", "#edae49", "#7b4b94", "#666666")
_LEFT, _WIDTH, _ROW, _TOP = 150, 560, 26, 56
_FROM, _TO = 10.0, 40_000.0  # events, of the axis


@dataclass(frozen=True)
class Measured:
    """One contender in one table."""

    contender: str
    setting: str
    false_alarms: Mapping[str, FalseAlarms]
    delays: Mapping[str, Delays] = field(default_factory=dict)

    @property
    def pooled(self) -> FalseAlarms:
        total = FalseAlarms(0, 0)
        for each in self.false_alarms.values():
            total = total.plus(each)
        return total

    def as_json(self) -> dict[str, object]:
        return {
            "contender": self.contender,
            "setting": self.setting,
            "false_alarms": {
                name: _rate(each)
                for name, each in (*self.false_alarms.items(), ("all", self.pooled))
            },
            "delays": {
                name: {
                    "median": None if math.isinf(each.median) else each.median,
                    "missed": each.missed,
                    "horizon": each.horizon,
                    "repetitions": len(each.events),
                    "alarms_before": each.early,
                }
                for name, each in self.delays.items()
            },
        }


def _rate(alarms: FalseAlarms) -> dict[str, object]:
    low, high = alarms.interval
    return {
        "alarms": alarms.alarms,
        "events": alarms.events,
        "per_million": round(alarms.per_million, 3),
        "interval_95": [round(low, 3), round(high, 3)],
    }


def section(title: str, rows: Sequence[Measured]) -> str:
    """False alarms on the law that drifts and median delays; then false alarms by law."""
    drifts, laws = list(rows[0].delays), list(rows[0].false_alarms)
    parts = [
        f"## {title}\n",
        _table(
            ["contender", "setting", "false alarms / 1e6", *drifts],
            [
                [
                    row.contender,
                    row.setting,
                    _words(row.false_alarms[laws[0]]),
                    *(_delay(row.delays[name]) if name in row.delays else "–" for name in drifts),
                ]
                for row in rows
            ],
        ),
    ]
    if len(laws) > 1:
        parts += [
            "False alarms per million events by law:\n",
            _table(
                ["contender", "setting", *laws, "all"],
                [
                    [
                        row.contender,
                        row.setting,
                        *(f"{row.false_alarms[law].per_million:,.3g}" for law in laws),
                        _words(row.pooled),
                    ]
                    for row in rows
                ],
            ),
        ]
    return "\n".join(parts)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _words(alarms: FalseAlarms) -> str:
    low, high = (f"{each:,.{0 if each >= 10 else 2}f}" for each in alarms.interval)
    rate = f"{alarms.per_million:,.{0 if alarms.per_million >= 10 else 2}f}"
    return f"{rate} ({low}–{high}) in {alarms.events:,}"


def _delay(delays: Delays) -> str:
    median = f"> {delays.horizon:,}" if math.isinf(delays.median) else f"{delays.median:,.0f}"
    if not delays.missed:
        return median
    return f"{median} ({100 * delays.missed / len(delays.events):.1f} % missed)"


def picture(panels: Sequence[tuple[str, Sequence[Measured], Sequence[str]]]) -> str:
    """Median delays on a logarithmic axis; a ring at its end where half or more are missed."""
    parts: list[str] = []
    y = _TOP - 20
    for title, rows, drifts in panels:
        y += 8
        parts.append(f'<text x="12" y="{y}" font-weight="bold">{escape(title)}</text>')
        x = 18.0
        y += 20
        for at, row in enumerate(rows):
            parts.append(f'<circle cx="{x:.0f}" cy="{y - 4}" r="5" fill="{_COLOURS[at]}"/>')
            parts.append(f'<text x="{x + 9:.0f}" y="{y}">{escape(row.contender)}</text>')
            x += 30 + 7 * len(row.contender)
        y += 12
        bottom = y + _ROW * len(drifts)
        for power in range(1, 5):
            line = _x(10.0**power)
            parts.append(f'<path d="M{line:.1f} {y}V{bottom}" stroke="#ddd"/>')
            parts.append(
                f'<text x="{line:.1f}" y="{bottom + 14}" text-anchor="middle">{10**power:,}</text>'
            )
        for name in drifts:
            middle = y + _ROW // 2
            parts.append(f'<text x="12" y="{middle + 4}">{escape(name)}</text>')
            for at, row in enumerate(rows):
                if name in row.delays:
                    beside = middle + 4 * at - 2 * (len(rows) - 1)  # equal medians stay apart
                    parts.append(_dot(row.delays[name].median, beside, _COLOURS[at]))
            y += _ROW
        y = bottom + 40
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LEFT + _WIDTH + 40}" height="{y}" '
        'font-family="sans-serif" font-size="12">\n<rect width="100%" height="100%" fill="white"/>'
        '\n<text x="12" y="20">Median delay in events at one false alarm per million events; '
        f"a ring: half or more are missed</text>\n{body}\n</svg>\n"
    )


def _x(events: float) -> float:
    share = math.log(min(max(events, _FROM), _TO) / _FROM) / math.log(_TO / _FROM)
    return _LEFT + share * _WIDTH


def _dot(median: float, y: int, colour: str) -> str:
    if math.isinf(median):
        return (
            f'<circle cx="{_LEFT + _WIDTH + 16}" cy="{y}" r="4" fill="none" stroke="{colour}" '
            'stroke-width="2"/>'
        )
    return f'<circle cx="{_x(median):.1f}" cy="{y}" r="4" fill="{colour}"/>'
