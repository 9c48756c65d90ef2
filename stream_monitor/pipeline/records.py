"""What is kept of a judged window while labels can still change what was said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from stream_monitor.alerts.history import Past
from stream_monitor.alerts.rule import Window
from stream_monitor.detectors.verdict import Carrier, Family, State, Verdict
from stream_monitor.pipeline.report import worst
from stream_monitor.windows.panes import WindowSpec


@dataclass(frozen=True, slots=True)
class WindowRecord:
    """A window's last report, as far as the next one is compared with it.

    ``number`` counts the windows of a model in the order they were judged, ``labelled`` is
    how many labels the last report knew, ``others`` what all but performance came to, and
    ``figures`` the performance figures by (monitor, column). ``cut``: the length of the window
    and of its slide in ms, ``None`` if an older version has kept it.
    """

    end_ms: int
    number: int
    revision: int
    labelled: int
    others: State
    deciding: tuple[Verdict, ...]
    figures: Mapping[tuple[str, str], float | None]
    cut: tuple[int, int] | None = None

    def past(self, spec: WindowSpec) -> Past:
        """The window for the fold of alerts."""
        window_ms, slide_ms = self.cut or (spec.window_ms, spec.slide_ms)
        end = self.end_ms
        return Past(Window(end - window_ms, end, end - slide_ms), self.deciding)

    def is_of(self, spec: WindowSpec) -> bool:
        """Whether the window was cut as windows are now, so that it can be judged again."""
        return self.cut in (None, (spec.window_ms, spec.slide_ms))

    @property
    def status(self) -> State:
        """What the whole window comes to."""
        return worst([self.others, *(verdict.state for verdict in self.deciding)])

    def encode(self) -> bytes:
        return _encoder.encode(
            {
                "end": self.end_ms,
                "number": self.number,
                "revision": self.revision,
                "labelled": self.labelled,
                "others": self.others,
                "deciding": [
                    [getattr(verdict, name) for name in Verdict.__slots__]
                    for verdict in self.deciding
                ],
                "figures": [[*key, value] for key, value in self.figures.items()],
                "cut": self.cut,
            }
        )

    @classmethod
    def decode(cls, data: bytes) -> WindowRecord:
        kept: dict[str, Any] = _decoder.decode(data)
        cut = kept.get("cut")
        return cls(
            int(kept["end"]),
            int(kept["number"]),
            int(kept["revision"]),
            int(kept["labelled"]),
            State(kept["others"]),
            tuple(_verdict(fields) for fields in kept["deciding"]),
            {(monitor, column): value for monitor, column, value in kept["figures"]},
            None if cut is None else (int(cut[0]), int(cut[1])),
        )


def figures_of(verdicts: Sequence[Verdict]) -> dict[tuple[str, str], float | None]:
    """The performance figures of a window."""
    return {(v.monitor, v.column): v.statistic for v in verdicts if v.family is Family.PERFORMANCE}


def changes(before: Mapping[tuple[str, str], float | None], now: Sequence[Verdict]) -> list[Any]:
    """Which figures have changed, before and now."""
    return [
        {
            "monitor": monitor,
            "column": column,
            "before": before.get((monitor, column)),
            "now": value,
        }
        for (monitor, column), value in figures_of(now).items()
        if before.get((monitor, column)) != value
    ]


def _verdict(fields: list[Any]) -> Verdict:
    values = dict(zip(Verdict.__slots__, fields, strict=True))
    carriers = tuple(
        Carrier(column, share, since_ms, effect, tuple((name, value) for name, value in effects))
        for column, share, since_ms, effect, effects in values["carriers"]
    )
    # Family and state are names in JSON.
    family, state = Family(values["family"]), State(values["state"])
    return Verdict(**(values | {"family": family, "state": state, "carriers": carriers}))


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()
