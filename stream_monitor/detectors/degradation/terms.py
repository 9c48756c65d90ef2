"""What the evidence is held to."""

from __future__ import annotations

from typing import NamedTuple

from stream_monitor.config.settings import ModelSettings


class Terms(NamedTuple):
    """The budget of a model, and when an accusation stands.

    ``panes``: to a false alarm, on average, at least. ``window_ms``: the effect is measured over
    the panes of so much event time, and over ``min_samples`` labelled rows. ``recover_below``:
    of the smallest effect that matters; below it a rise is over.
    """

    panes: float
    window_ms: int
    min_samples: int
    recover_below: float

    @classmethod
    def of(cls, settings: ModelSettings) -> Terms:
        """Of a model's settings.

        Half of the model's false alarms are for what comes with the events, half for what comes
        with the labels, so each may raise one in twice as many panes.
        """
        return cls(
            2 * settings.false_alarms.panes(settings.slide_ms),
            settings.window_ms,
            settings.min_samples,
            settings.alerts.recover_below,
        )
