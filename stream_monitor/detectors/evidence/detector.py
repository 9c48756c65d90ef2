"""The evidence of a whole model: Shiryaev–Roberts over e-values, with one threshold.

For each alternative M ← e · max(M + w, 1), M = 0 at the start; w in [0, 1] is how much a pane can
say (``Family.weights``). With w = 1 this is Shiryaev–Roberts, with w = 0 CUSUM (Shiryaev, Theory
Probab. Appl. 8, 1963; Roberts, Technometrics 8, 1966; Page, Biometrika 41, 1954). If the stream is
like its reference, each e has the mean 1 given the past, and max(M + w, 1) ≤ M + 1, so M − (number
of panes) is a supermartingale: an e-detector, and so is a weighted mean of e-detectors (Shin,
Ramdas and Rinaldo, arXiv 2203.03532). It alarms when the mean reaches c; then M of the columns that
carry it is 0 again, if their part of the mean is c or more, else all M; the counts stay. So every
alarm takes c from a sum that grows by 1 a pane on average: by optional stopping the mean number of
false alarms in the first T panes is at most T / c, for any T, and the mean time to the first one is
at least c panes. What is known of other columns is not lost with an alarm.
(Shiryaev–Roberts alone would alarm every c panes where nothing is seen, as e = 1 there.)

What is proven: for one column, over references and streams drawn together, and for a rate over its
prior (``bins_of_rate``). For the mean over columns it needs each column's e to have the mean 1
given the past of *all* columns; that is so for independent columns. Dependent columns may together
tell where a column's reference lies in its distribution, which its own urn does not know. Whatever
the dependence, the chance that the mean, were it never set to 0, is c or more at a given pane t is
at most t / c; the bounds on the alarms are simulated in the tests then, not proven.

Rows have to be exchangeable: seasons, trends inside the reference and rows that come in clusters
are evidence against that, and are alarmed.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from stream_monitor.config.duration import DAY
from stream_monitor.detectors.evidence import state as bytes_of
from stream_monitor.detectors.evidence.bins import FeatureBins
from stream_monitor.detectors.evidence.carriers import carriers
from stream_monitor.detectors.evidence.state import State
from stream_monitor.detectors.evidence.strata import Counts, Group, Stratum, laid_out
from stream_monitor.detectors.evidence.tracks import Said, Tracks
from stream_monitor.statistics.arrays import FloatArray

VERSION = 3
"""Of the bytes of a state, and of what a state means."""


def threshold(*, slide_ms: int, false_alarms: float = 1.0, per_ms: int = 30 * DAY) -> float:
    """c: the panes of ``slide_ms`` in which one false alarm is allowed, at least 1.

    >>> threshold(slide_ms=5 * 60 * 1000)
    8640.0
    """
    panes = per_ms / slide_ms / false_alarms if slide_ms > 0 and false_alarms > 0 else 0.0
    if not 1 <= panes < math.inf:
        raise ValueError(
            f"{false_alarms} false alarms in {per_ms} ms of panes of {slide_ms} ms: "
            f"allow at most one a pane"
        )
    return panes


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where the model stands after a pane; natural logarithms.

    ``log_evidence``: ln of the weighted mean of all columns' M, before an alarm sets them to 0.
    ``alarm``: it has reached ``log_threshold``. ``shares``: of that mean, each column's share,
    largest first (equal ones in the columns' order); they add up to 1. ``columns``: ln of each
    column's own M, its mean over its alternatives, in the columns' order. At an alarm, else empty:
    ``carriers``, the columns that carry it (see there), largest share first; and ``since``, of each
    of them the start of the pane in which its change most likely began.
    """

    log_evidence: float
    log_threshold: float
    alarm: bool
    shares: tuple[tuple[str, float], ...]
    columns: tuple[tuple[str, float], ...] = ()
    carriers: tuple[str, ...] = ()
    since: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, eq=False)
class EvidenceDetector:
    """A fold over a model's panes in the order of event time, from counts alone.

    ``features`` are all columns and rates that share the one budget, as the first of ``strata``
    has them; ``threshold`` is c. ``weights``: float64 (F,), the columns' parts of the mean.
    """

    features: tuple[FeatureBins, ...]
    threshold: float
    weights: FloatArray
    strata: Mapping[str, Stratum]
    groups: tuple[Group, ...]
    fingerprint: bytes

    @classmethod
    def of(
        cls,
        features: Sequence[FeatureBins],
        threshold: float,
        weights: Mapping[str, float] | None = None,
    ) -> EvidenceDetector:
        """Of one reference for all panes; see :meth:`stratified`."""
        return cls.stratified({"": features}, threshold, weights)

    @classmethod
    def stratified(
        cls,
        strata: Mapping[str, Sequence[FeatureBins]],
        threshold: float,
        weights: Mapping[str, float] | None = None,
    ) -> EvidenceDetector:
        """Of a reference for each stratum: the same columns, each in the bins of its own.

        Each stratum has urns of its own; M is of all of them, because an e-value has the mean 1
        whichever urn it comes from. So there is one budget, no part of it is set aside for a
        stratum, and evidence adds up over the day. An alternative means the same in all strata. A
        column's histograms are of the strata in which it has the most bins; in the others their
        e-values are 1.

        ``weights``: > 0, by name, of each column; divided by their sum. Equal if not given.
        ValueError without features, for two of one name, for strata of unlike columns, a
        threshold below 1, and weights that are not positive or not of these columns.
        """
        groups, laid = laid_out(strata)
        if not 1 <= threshold < math.inf:
            raise ValueError(f"a threshold of {threshold}: give the panes to a false alarm, >= 1")
        features = next(iter(laid.values())).features
        parts = _weights([feature.name for feature in features], weights)
        said = [
            VERSION,
            threshold,
            parts.tolist(),
            [[name, [each.fingerprint for each in laid[name].features]] for name in sorted(laid)],
        ]
        fingerprint = hashlib.sha256(json.dumps(said).encode()).digest()[:16]
        return cls(features, threshold, parts, laid, groups, fingerprint)

    def start(self) -> State:
        """The state before the first pane."""
        begun = tuple(
            Tracks.begun(len(group.places), group.size, group.histograms, group.bins)
            for group in self.groups
        )
        return State(None, None, begun, {})

    def update(
        self, state: State, counts: Counts, pane_ms: int, stratum: str = ""
    ) -> tuple[State, Evidence]:
        """The state after the pane that starts at ``pane_ms``, and where it stands.

        ``counts``: by name, int64 (K,), where a column that is not there has no rows; or int64
        (F, K) in the columns' order, if all have K bins. A column without rows has e = 1 and w = 0,
        and so have all columns in a pane of a stratum that is not known, whatever its counts.

        The given state is not changed. Equal calls give equal bits. ValueError unless the pane
        comes after the state's last one, for a name that is no column, and for negative counts
        or a wrong number of bins.
        """
        if state.last_ms is not None and pane_ms <= state.last_ms:
            raise ValueError(
                f"the pane at {pane_ms} does not come after the one at {state.last_ms}: "
                f"give panes in the order of event time, each once"
            )
        known = self.strata.get(stratum)
        if known is None:
            urns, said = state.urns, tuple(Said.nothing(held) for held in state.tracks)
        else:
            of_it, said = known.told(counts, state.urns.get(stratum), state.tracks)
            urns = {**state.urns, stratum: of_it}
        tracks = tuple(
            held.after(pane_ms, each) for held, each in zip(state.tracks, said, strict=True)
        )
        evidence = self._judged(tracks, pane_ms)
        since_ms = state.since_ms
        if evidence.alarm:
            since_ms = pane_ms
            accused = {self._places[name] for name in evidence.carriers}
            spent = sum(share for name, share in evidence.shares if name in evidence.carriers)
            alone = evidence.log_evidence + math.log(spent) >= evidence.log_threshold
            tracks = tuple(
                held.again(
                    [row for row, place in enumerate(group.places) if place in accused],
                    others=not alone,
                )
                for held, group in zip(tracks, self.groups, strict=True)
            )
        return State(pane_ms, since_ms, tuple(held.frozen() for held in tracks), urns), evidence

    def fold(
        self, state: State, panes: Iterable[tuple[int, Counts] | tuple[int, Counts, str]]
    ) -> tuple[State, tuple[Evidence, ...]]:
        """:meth:`update` for each (start, counts) or (start, counts, stratum).

        Folding a and then b is folding a + b.
        """
        told: list[Evidence] = []
        for pane_ms, counts, *stratum in panes:
            state, evidence = self.update(state, counts, pane_ms, *stratum)
            told.append(evidence)
        return state, tuple(told)

    def dump(self, state: State) -> bytes:
        """The state as bytes, which hold every bit."""
        return bytes_of.dump(state, self.fingerprint)

    def load(self, data: bytes) -> State:
        """The state that :meth:`dump` wrote, which goes on bit for bit as that one.

        ValueError for bytes that are damaged, or of other bins (another reference, or what another
        version of numpy drew for its ties), threshold or version; the caller starts anew.
        """
        shapes = {
            name: tuple(part.start.shape for part in stratum.parts)
            for name, stratum in self.strata.items()
        }
        return bytes_of.load(data, self.fingerprint, self.start().tracks, shapes)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {feature.name: place for place, feature in enumerate(self.features)}

    def _judged(self, tracks: Sequence[Tracks], pane_ms: int) -> Evidence:
        log_means = np.empty(len(self.features))
        for group, held in zip(self.groups, tracks, strict=True):
            log_means[list(group.places)] = held.log_means()
        highest = log_means.max()
        parts = self.weights * np.exp(log_means - highest)
        log_evidence = float(highest + np.log(parts.sum() / self.weights.sum()))
        shares = parts / parts.sum()
        ranked = np.argsort(-shares, kind="stable")
        names = list(self._places)
        log_threshold = math.log(self.threshold)
        evidence = Evidence(
            log_evidence,
            log_threshold,
            log_evidence >= log_threshold,
            tuple((names[at], float(shares[at])) for at in ranked.tolist()),
            tuple(zip(names, log_means.tolist(), strict=True)),
        )
        if not evidence.alarm:
            return evidence
        log_parts = np.log(self.weights) + log_means - log_threshold
        ranked = np.argsort(-log_parts, kind="stable")  # as the shares, but those lost beside one
        named = ranked[: carriers(log_parts[ranked])].tolist()
        begun = {
            place: held.since(row, pane_ms)
            for group, held in zip(self.groups, tracks, strict=True)
            for row, place in enumerate(group.places)
            if place in named
        }
        return replace(
            evidence,
            carriers=tuple(names[at] for at in named),
            since=tuple((names[at], begun[at]) for at in named),
        )


def _weights(names: Sequence[str], given: Mapping[str, float] | None) -> FloatArray:
    """float64 (F,), with the sum 1 but for rounding, read-only."""
    if given is None:
        given = dict.fromkeys(names, 1.0)
    if given.keys() != set(names):
        odd = ", ".join(sorted(given.keys() ^ set(names)))
        raise ValueError(f"give each column one weight, and nothing else: see {odd}")
    weights = np.array([given[name] for name in names], dtype=np.float64)
    if not (np.isfinite(weights) & (weights > 0)).all():
        raise ValueError("give finite weights above 0")
    weights /= weights.max()
    parts: FloatArray = weights / weights.sum()
    if not parts.all():
        raise ValueError("give weights that are closer to each other: some are lost beside others")
    parts.flags.writeable = False
    return parts
