"""A uniform sample of distinct texts with exact counts: the k smallest 64-bit hashes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from numpy.typing import NDArray

from stream_monitor.errors import UnlikeSummaryError
from stream_monitor.statistics.arrays import read_only
from stream_monitor.statistics.hashing import stable_hash64
from stream_monitor.summaries.codec import (
    IntArray,
    damaged,
    pack_ints,
    seal,
    unpack_ints,
    unseal,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HashArray = NDArray[np.uint64]

#: Samples kept of identifiers (no texts) and of names (with texts).
IDS_K = 2048
NAMES_K = 64
#: Longer texts are cut; the hash is of the whole text.
TEXT_LIMIT = 100
#: Two estimates further apart than this many standard errors contradict each other.
_CONTRADICTION = 4.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share in [0, 1] with its standard error; ``exact`` where nothing was estimated."""

    share: float
    standard_error: float
    exact: bool


class SampleWire(msgspec.Struct, array_like=True, frozen=True):
    """The fields of a sample; hashes as raw little-endian uint64."""

    k: int
    hashes: bytes
    counts: bytes
    texts: tuple[str, ...] | None
    total: int


@dataclass(frozen=True, slots=True, eq=False)
class CountedSample:
    """The distinct texts with the ``k`` smallest hashes, and how often each one came.

    A commutative monoid (not a group: what was pushed out does not come back). Every count
    is exact: a hash in the final bottom k is in the bottom k of every part in which it
    occurs, so no part has dropped any of its rows. With at most k distinct texts the sample
    is all of them; above that it is a uniform sample of the distinct texts without
    replacement. Two texts of one 64-bit hash count as one.

    ``hashes`` are ascending (uint64) with ``counts`` (int64, at least 1) beside them;
    ``texts``, where kept, are cut at 100 characters; ``total`` counts all rows, sampled or
    not. Source: Cohen and Kaplan, Summarizing data using bottom-k sketches, PODC 2007.
    """

    k: int
    hashes: HashArray
    counts: IntArray
    texts: tuple[str, ...] | None
    total: int

    @classmethod
    def empty(cls, k: int, *, keep_texts: bool) -> CountedSample:
        """The identity of :meth:`merge`."""
        none = read_only(np.zeros(0, dtype=np.int64))
        return cls(k, none.view(np.uint64), none, () if keep_texts else None, 0)

    @classmethod
    def of(cls, texts: Sequence[str], k: int) -> CountedSample:
        """The sample of texts, one a row, without keeping the texts themselves."""
        if not texts:
            return cls.empty(k, keep_texts=False)
        hashes, counts = np.unique(stable_hash64(texts), return_counts=True)
        return cls(
            k=k,
            hashes=read_only(hashes[:k].copy()),
            counts=read_only(counts[:k].astype(np.int64)),
            texts=None,
            total=len(texts),
        )

    @classmethod
    def of_counts(cls, counts: Mapping[str, int], k: int) -> CountedSample:
        """The sample of counted texts (each count at least 1), with the texts kept."""
        names = list(counts)
        if not names:
            return cls.empty(k, keep_texts=True)
        return _reduce(
            k,
            stable_hash64(names),
            np.fromiter(counts.values(), dtype=np.int64, count=len(names)),
            [_shown(name) for name in names],
            sum(counts.values()),
        )

    @property
    def fingerprint(self) -> str:
        return f"sample:{self.k}:{'hashes' if self.texts is None else 'texts'}"

    @property
    def complete(self) -> bool:
        """Whether the sample holds every row, so that its counts are the whole truth."""
        return int(self.counts.sum()) == self.total

    def merge(self, other: CountedSample) -> CountedSample:
        """The sample of both; ``UnlikeSummaryError`` for another ``k`` or another content."""
        if self.fingerprint != other.fingerprint:
            raise UnlikeSummaryError(
                f"A sample {other.fingerprint} does not merge into {self.fingerprint}."
            )
        if not other.total:
            return self
        if not self.total:
            return other
        texts = None
        if self.texts is not None and other.texts is not None:
            texts = [*self.texts, *other.texts]
        return _reduce(
            self.k,
            np.concatenate((self.hashes, other.hashes)),
            np.concatenate((self.counts, other.counts)),
            texts,
            self.total + other.total,
        )

    def most_common(self) -> list[tuple[str, int]]:
        """The sampled texts with their counts, the largest first, ties by text."""
        pairs = zip(self.texts or (), self.counts.tolist(), strict=True)
        return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))

    def duplicates(self) -> Estimate:
        """The share of rows whose text had come before: (rows − distinct) / rows.

        Exact while the sample is complete. Above that two unbiased estimates compete, both
        given the threshold t, the k-th smallest hash as a fraction of 2^64:

        - Σ (count − 1) / (t · rows) over the k − 1 smaller hashes, with the variance
          estimate (1 − t) / t² · Σ (count − 1)² / rows² (Horvitz–Thompson with rank
          conditioning). Good where duplicates are rare and spread; it is blind to a few
          texts repeated very often that the sample missed.
        - 1 − (k − 1) / (t · rows), relative error of the distinct count 1/√(k − 2): good
          where much is duplicated, however uneven.

        The first is given unless its error is the larger one, or the two differ by more
        than 4 standard errors; then the second. That choice, and the cut to [0, 1], are
        the only bias.
        """
        if not self.total:
            return Estimate(0.0, 0.0, exact=True)
        if self.complete:
            return Estimate((self.total - len(self.hashes)) / self.total, 0.0, exact=True)
        threshold = (float(self.hashes[-1]) + 1.0) / 2.0**64
        repeats = self.counts[:-1].astype(np.float64) - 1.0
        scale = threshold * self.total
        spread = float(repeats.sum()) / scale
        spread_error = math.sqrt((1.0 - threshold) * float(repeats @ repeats)) / scale
        distinct_share = (self.k - 1) / scale
        even = 1.0 - distinct_share
        even_error = distinct_share * math.sqrt((1.0 - threshold) / max(self.k - 2, 1))
        contradiction = abs(spread - even) > _CONTRADICTION * math.hypot(spread_error, even_error)
        if even_error < spread_error or contradiction:
            return Estimate(min(max(even, 0.0), 1.0), even_error, exact=False)
        return Estimate(min(spread, 1.0), spread_error, exact=False)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, CountedSample)
            and self.k == other.k
            and self.total == other.total
            and self.texts == other.texts
            and np.array_equal(self.hashes, other.hashes)
            and np.array_equal(self.counts, other.counts)
        )

    def to_wire(self) -> SampleWire:
        raw = self.hashes.astype("<u8", copy=False).tobytes()
        return SampleWire(self.k, raw, pack_ints(self.counts), self.texts, self.total)

    @classmethod
    def from_wire(cls, wire: SampleWire, k: int, *, keep_texts: bool) -> CountedSample:
        """``UnlikeSummaryError`` if the state is of another ``k`` or content."""
        if wire.k != k or (wire.texts is not None) is not keep_texts:
            raise UnlikeSummaryError("The state of a sample is of another size or content.")
        if len(wire.hashes) % 8:
            raise damaged("the hashes of a sample have the wrong length")
        hashes = np.frombuffer(wire.hashes, dtype="<u8").astype(np.uint64)
        counts = unpack_ints(wire.counts, len(hashes))
        fits = (
            len(hashes) <= k
            and (wire.texts is None or len(wire.texts) == len(hashes))
            and bool((hashes[1:] > hashes[:-1]).all())
            and bool((counts > 0).all())
            and int(counts.sum()) <= wire.total
        )
        if not fits:
            raise damaged("a sample contradicts itself")
        return cls(k, read_only(hashes), read_only(counts), wire.texts, wire.total)

    def to_state(self) -> bytes:
        return seal(self.to_wire())

    @classmethod
    def from_state(cls, data: bytes, k: int, *, keep_texts: bool) -> CountedSample:
        """Inverse of :meth:`to_state`; :class:`DataError` for what is no such state."""
        return cls.from_wire(unseal(data, SampleWire), k, keep_texts=keep_texts)


def _reduce(
    k: int, hashes: HashArray, counts: IntArray, texts: list[str] | None, total: int
) -> CountedSample:
    """Sort by hash, add the counts of equal hashes, keep the k smallest."""
    order = np.argsort(hashes, kind="stable")
    hashes = hashes[order]
    new = np.empty(len(hashes), dtype=np.bool_)
    new[0] = True
    np.not_equal(hashes[1:], hashes[:-1], out=new[1:])
    starts = np.flatnonzero(new)
    sums = np.add.reduceat(counts[order], starts)[:k]
    kept = None
    if texts is not None:
        ends = [*starts[1 : k + 1].tolist(), len(hashes)]
        places = order.tolist()
        # Only a collision gives one hash two texts; the smallest is then the same in any order.
        kept = tuple(
            min(texts[place] for place in places[start:end])
            for start, end in zip(starts[:k].tolist(), ends, strict=False)
        )
    return CountedSample(k, read_only(hashes[starts[:k]]), read_only(sums), kept, total)


def _shown(text: str) -> str:
    """The text as it is kept: cut, and with a ``?`` for what is not Unicode (lone surrogates)."""
    return text[:TEXT_LIMIT].encode("utf-8", "replace").decode("utf-8")
