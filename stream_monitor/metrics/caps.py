"""Bounds on the series of a worker: whose names become labels and whose do not.

A model's name comes from the producers, so a hostile or broken one could make series without
end. Counts without such a label (records, rejections, open alerts by severity) stay whole
whatever the caps leave out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caps:
    """At most so many label values; ``columns`` are those of all models together.

    A column has about 25 series and a model about 50 of its own, a series costs about 15 µs a
    scrape: half a second at the defaults, all of them used up.
    """

    models: int = 200
    columns: int = 1_000
    alerts: int = 1_000


def choose_models(
    names: Iterable[str], *, referenced: Collection[str], kept: Collection[str], cap: int
) -> frozenset[str]:
    """At most ``cap`` of the models: those with a reference, those ``kept`` before, then by name.

    References are the operator's, so names made up by producers never displace them; and a
    counter that is shown once is not hidden again by a newcomer without a reference.
    """
    ranked = sorted(names, key=lambda name: (name not in referenced, name not in kept, name))
    return frozenset(ranked[:cap])


def choose_columns(columns: Mapping[str, Sequence[str]], cap: int) -> dict[str, frozenset[str]]:
    """At most ``cap`` columns over all models, shared out so that no model starves another.

    A model that needs less than its share leaves the rest to the others. Of a model's columns
    the first ones are taken, so the choice does not flicker from window to window.
    """
    chosen: dict[str, frozenset[str]] = {}
    left = cap
    for model in sorted(columns, key=lambda name: (len(columns[name]), name)):
        share = left // (len(columns) - len(chosen))
        chosen[model] = frozenset(columns[model][:share])
        left -= len(chosen[model])
    return chosen
