"""The evidence of a whole model: Shiryaev–Roberts over e-values, with one threshold.

For each alternative M ← e · max(M + w, 1), M = 0 at the start; w in [0, 1] is how much a pane can
say (``Family.weights``). With w = 1 this is Shiryaev–Roberts, with w = 0 CUSUM (Shiryaev, Theory
Probab. Appl. 8, 1963; Roberts, Technometrics 8, 1966; Page, Biometrika 41, 1954). If the stream is
like its reference, each e has the mean 1 given the past, and max(M + w, 1) ≤ M + 1, so M − (number
of panes) is a supermartingale: an e-detector, and so is a mean of e-detectors (Shin, Ramdas and
Rinaldo, arXiv 2203.03532). It alarms when the mean reaches c; then all M are 0 again, and the
counts stay. By optional stopping the mean number of panes from each beginning to a false alarm is
at least c, and the mean number of false alarms in the first T panes is at most T / c, for any T.
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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stream_monitor.config.duration import DAY
from stream_monitor.detectors.evidence import state as bytes_of
from stream_monitor.detectors.evidence.bins import FeatureBins
from stream_monitor.detectors.evidence.predictive import Family
from stream_monitor.detectors.evidence.state import Remembered, State
from stream_monitor.statistics.arrays import FloatArray, IntArray

VERSION = 1
"""Of the bytes of a state, and of what a state means."""

Counts = Mapping[str, IntArray] | IntArray


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

    ``log_evidence``: ln of the mean of all columns' M, before an alarm sets them to 0.
    ``alarm``: it has reached ``log_threshold``. ``shares``: of that mean, each column's share,
    largest first (equal ones in the columns' order); they add up to 1. ``columns``: ln of each
    column's own M, its mean over its alternatives, in the columns' order.
    """

    log_evidence: float
    log_threshold: float
    alarm: bool
    shares: tuple[tuple[str, float], ...]
    columns: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, eq=False)
class EvidenceDetector:
    """A fold over a model's panes in the order of event time, from counts alone.

    ``features`` are all columns and rates that share the one budget; ``threshold`` is c.
    ``groups`` has the places of the columns that have the same alternatives and number of bins.
    """

    features: tuple[FeatureBins, ...]
    threshold: float
    groups: tuple[tuple[int, ...], ...]
    starts: tuple[FloatArray, ...]
    families: tuple[Family, ...]
    fingerprint: bytes

    @classmethod
    def of(cls, features: Sequence[FeatureBins], threshold: float) -> EvidenceDetector:
        """ValueError without features, for two of one name, or a threshold below 1."""
        names = [feature.name for feature in features]
        if not names or len(set(names)) < len(names):
            raise ValueError("give at least one feature, and each name once")
        if not 1 <= threshold < math.inf:
            raise ValueError(f"a threshold of {threshold}: give the panes to a false alarm, >= 1")
        kinds: dict[tuple[str, int], list[int]] = {}
        for place, feature in enumerate(features):
            kinds.setdefault((feature.alternatives, feature.k), []).append(place)
        groups = tuple(tuple(places) for places in kinds.values())
        starts = tuple(np.stack([features[at].start for at in places]) for places in groups)
        families = tuple(
            Family.of(features[places[0]].alternatives, start)
            for places, start in zip(groups, starts, strict=True)
        )
        said = json.dumps([VERSION, threshold, [feature.fingerprint for feature in features]])
        fingerprint = hashlib.sha256(said.encode()).digest()[:16]
        return cls(tuple(features), threshold, groups, starts, families, fingerprint)

    def start(self) -> State:
        """The state before the first pane."""
        begun = tuple(
            Remembered(
                np.zeros(start.shape, dtype=np.int64),
                np.zeros((start.shape[0], family.histograms, start.shape[1])),
                np.full((start.shape[0], family.size), -np.inf),
            ).frozen()
            for start, family in zip(self.starts, self.families, strict=True)
        )
        return State(None, None, begun)

    def update(self, state: State, counts: Counts, pane_ms: int) -> tuple[State, Evidence]:
        """The state after the pane that starts at ``pane_ms``, and where it stands.

        ``counts``: by name, int64 (K,), where a column that is not there has no rows; or int64
        (F, K) in the columns' order, if all have K bins. A column without rows has e = 1 and w = 0.

        The given state is not changed. Equal calls give equal bits. ValueError unless the pane
        comes after the state's last one, for a name that is no column, and for negative counts
        or a wrong number of bins.
        """
        if state.last_ms is not None and pane_ms <= state.last_ms:
            raise ValueError(
                f"the pane at {pane_ms} does not come after the one at {state.last_ms}: "
                f"give panes in the order of event time, each once"
            )
        after: list[Remembered] = []
        log_means = np.empty(len(self.features))
        for places, start, family, held, drawn in zip(
            self.groups,
            self.starts,
            self.families,
            state.families,
            self._grouped(counts),
            strict=True,
        ):
            urn = start + held.counts
            log_e = family.log_e(urn, held.recent, drawn)
            weights = family.weights(urn, drawn)[:, None]
            log_weights = np.log(weights, out=np.full_like(weights, -np.inf), where=weights > 0)
            log_m = log_e + np.maximum(np.logaddexp(held.log_m, log_weights), 0.0)
            recent = family.remembered(held.recent, drawn)
            after.append(Remembered(held.counts + drawn, recent, log_m))
            log_means[list(places)] = _log_mean(log_m)
        evidence = self._judged(log_means)
        since_ms = state.since_ms
        if evidence.alarm:
            since_ms = pane_ms
            after = [
                Remembered(held.counts, held.recent, np.full_like(held.log_m, -np.inf))
                for held in after
            ]
        return State(pane_ms, since_ms, tuple(held.frozen() for held in after)), evidence

    def fold(
        self, state: State, panes: Sequence[tuple[int, Counts]]
    ) -> tuple[State, tuple[Evidence, ...]]:
        """:meth:`update` for each (start, counts): folding a and then b is folding a + b."""
        told: list[Evidence] = []
        for pane_ms, counts in panes:
            state, evidence = self.update(state, counts, pane_ms)
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
        return bytes_of.load(data, self.fingerprint, self.start().families)

    def _grouped(self, counts: Counts) -> list[IntArray]:
        grouped: list[IntArray] = []
        if isinstance(counts, Mapping):
            unknown = sorted(counts.keys() - {feature.name for feature in self.features})
            if unknown:
                raise ValueError(f"counts of {unknown[0]!r}, which is none of the columns")
            for places, start in zip(self.groups, self.starts, strict=True):
                drawn = np.zeros(start.shape, dtype=np.int64)
                for row, place in enumerate(places):
                    given = counts.get(self.features[place].name)
                    if given is not None:
                        self._check(given.shape == drawn[row].shape)
                        drawn[row] = given
                grouped.append(drawn)
        else:
            shape = (len(self.features), self.features[0].k)
            self._check(counts.shape == shape and all(f.k == shape[1] for f in self.features))
            grouped = [counts[list(places)] for places in self.groups]
        self._check(all((drawn >= 0).all() for drawn in grouped))
        return grouped

    def _check(self, holds: bool) -> None:
        if not holds:
            sizes = {feature.name: feature.k for feature in self.features}
            raise ValueError(f"give counts of at least 0 for the bins of each column: {sizes}")

    def _judged(self, log_means: FloatArray) -> Evidence:
        log_evidence = float(_log_mean(log_means))
        shares = np.exp(log_means - log_evidence) / log_means.size
        shares /= shares.sum()
        names = [feature.name for feature in self.features]
        ranked = np.argsort(-shares, kind="stable").tolist()
        log_threshold = math.log(self.threshold)
        return Evidence(
            log_evidence,
            log_threshold,
            log_evidence >= log_threshold,
            tuple((names[at], float(shares[at])) for at in ranked),
            tuple(zip(names, log_means.tolist(), strict=True)),
        )


def _log_mean(logs: FloatArray) -> FloatArray:
    """ln of the mean over the last axis of exp(logs), all finite."""
    highest = logs.max(axis=-1, keepdims=True)
    total = np.exp(logs - highest).sum(axis=-1) / logs.shape[-1]
    mean: FloatArray = highest[..., 0] + np.log(total)
    return mean
