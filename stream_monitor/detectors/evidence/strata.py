"""Where each stratum's columns are in the arrays of the detector.

A stratum (an hour of the day, a weekday, …) has a reference of its own: the same columns in other
bins. Its urns are its own; what is known of a change is of all strata together. Columns of the same
alternatives and the same number of bins, the most in any stratum, are a group and share arrays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from stream_monitor.detectors.evidence.bins import Alternatives, FeatureBins
from stream_monitor.detectors.evidence.predictive import Family
from stream_monitor.detectors.evidence.tracks import Said, Tracks
from stream_monitor.statistics.arrays import FloatArray, IntArray

Counts: TypeAlias = Mapping[str, IntArray] | IntArray


@dataclass(frozen=True, slots=True)
class Group:
    """``places`` of the columns, their alternatives, and the most bins they have in a stratum.

    ``size`` is the number Q of the alternatives, ``histograms`` of them histograms.
    """

    places: tuple[int, ...]
    alternatives: Alternatives
    bins: int
    size: int
    histograms: int


@dataclass(frozen=True, eq=False, slots=True)
class Part:
    """The columns of one group that have the same number K of bins in a stratum.

    ``rows``: their places in the arrays of the group, at ``group``. ``places``: in the columns.
    ``start``: float64 (rows, K), the start of their urns.
    """

    group: int
    rows: slice | IntArray
    places: tuple[int, ...]
    start: FloatArray
    family: Family


@dataclass(frozen=True, eq=False, slots=True)
class Stratum:
    """One stratum's bins of all columns, in the columns' order, and their parts."""

    features: tuple[FeatureBins, ...]
    parts: tuple[Part, ...]

    def told(
        self, counts: Counts, urns: tuple[IntArray, ...] | None, tracks: Sequence[Tracks]
    ) -> tuple[tuple[IntArray, ...], tuple[Said, ...]]:
        """The urns' counts after a pane, read-only, and what it says of each group's columns.

        ``urns``: the counts of its panes before; None for the first.
        """
        said = tuple(Said.nothing(held) for held in tracks)
        after: list[IntArray] = []
        for at, (part, drawn) in enumerate(zip(self.parts, self.counted(counts), strict=True)):
            past = np.zeros_like(drawn) if urns is None else urns[at]
            urn, rows, here = part.start + past, part.rows, said[part.group]
            recent = tracks[part.group].recent[rows]
            here.log_e[rows, : part.family.size] = part.family.log_e(urn, recent, drawn)
            here.weights[rows] = part.family.weights(urn, drawn)
            here.seen[rows] = drawn.sum(axis=1) > 0
            if part.family.histograms:
                here.recent[rows] = part.family.remembered(recent, drawn)
            counted = past + drawn
            counted.flags.writeable = False
            after.append(counted)
        return tuple(after), said

    def counted(self, counts: Counts) -> list[IntArray]:
        """The counts of each part, int64 (rows, K).

        ValueError for a name that is no column, negative counts, or a wrong number of bins.
        """
        found: list[IntArray] = []
        if isinstance(counts, Mapping):
            unknown = sorted(counts.keys() - {feature.name for feature in self.features})
            if unknown:
                raise ValueError(f"counts of {unknown[0]!r}, which is none of the columns")
            for part in self.parts:
                drawn = np.zeros(part.start.shape, dtype=np.int64)
                for row, place in enumerate(part.places):
                    given = counts.get(self.features[place].name)
                    if given is not None:
                        self._check(given.shape == drawn[row].shape)
                        drawn[row] = given
                found.append(drawn)
        else:
            shape = (len(self.features), self.features[0].k)
            self._check(counts.shape == shape and all(f.k == shape[1] for f in self.features))
            found = [counts[list(part.places)] for part in self.parts]
        self._check(all((drawn >= 0).all() for drawn in found))
        return found

    def _check(self, holds: bool) -> None:
        if not holds:
            sizes = {feature.name: feature.k for feature in self.features}
            raise ValueError(f"give counts of at least 0 for the bins of each column: {sizes}")


def laid_out(
    strata: Mapping[str, Sequence[FeatureBins]],
) -> tuple[tuple[Group, ...], dict[str, Stratum]]:
    """The groups of all columns, in the order of the first stratum's, and the strata by name.

    ValueError without strata or columns, for two columns of one name, and for strata whose
    columns differ in name or in what they are watched for.
    """
    columns = tuple(next(iter(strata.values()), ()))
    alternatives = {feature.name: feature.alternatives for feature in columns}
    if not columns or len(alternatives) < len(columns):
        raise ValueError("give at least one feature, and each name once")
    ordered: dict[str, tuple[FeatureBins, ...]] = {}
    for name, features in strata.items():
        named = {feature.name: feature for feature in features}
        if len(named) < len(features) or alternatives != {
            each: feature.alternatives for each, feature in named.items()
        }:
            raise ValueError(
                f"the columns of stratum {name!r} are not those of the others: "
                f"give each stratum bins of {', '.join(alternatives)}"
            )
        ordered[name] = tuple(named[each] for each in alternatives)
    kinds: dict[tuple[Alternatives, int], list[int]] = {}
    for place, column in enumerate(columns):
        most = max(features[place].k for features in ordered.values())
        kinds.setdefault((column.alternatives, most), []).append(place)
    groups: list[Group] = []
    for (watched, most), places in kinds.items():
        family = Family.of(watched, np.ones((1, most)))
        groups.append(Group(tuple(places), watched, most, family.size, family.histograms))
    return tuple(groups), {name: _stratum(groups, features) for name, features in ordered.items()}


def _stratum(groups: Sequence[Group], features: tuple[FeatureBins, ...]) -> Stratum:
    parts: list[Part] = []
    for at, group in enumerate(groups):
        sizes: dict[int, list[int]] = {}
        for row, place in enumerate(group.places):
            sizes.setdefault(features[place].k, []).append(row)
        for bins, rows in sizes.items():
            places = tuple(group.places[row] for row in rows)
            start = np.stack([features[place].start for place in places])
            every = len(rows) == len(group.places)
            of_columns = [features[place].kinds for place in places]
            kinds = np.stack([each for each in of_columns if each is not None] or [start])
            family = Family.of(
                group.alternatives,
                start,
                learns=bins == group.bins,
                kinds=kinds if group.alternatives is Alternatives.MIX else None,
            )
            which = slice(None) if every else np.array(rows, dtype=np.int64)
            parts.append(Part(at, which, places, start, family))
    return Stratum(features, tuple(parts))
