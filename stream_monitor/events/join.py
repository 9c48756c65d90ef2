"""Batches of one call put together: one a model, rows by offset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from stream_monitor.events.batch import EventBatch, RawColumn

#: How many cells without a value a table of rows with unlike names may get.
FREE_CELLS = 1_000_000


def join(batches: Iterable[EventBatch]) -> tuple[EventBatch, ...]:
    """One batch a model, its rows in offset order, the batches by their first offset.

    A model keeps several where a table of all names would be mostly empty.
    """
    parts: dict[str, list[EventBatch]] = {}
    for batch in sorted(batches, key=_first_offset):
        parts.setdefault(batch.model, []).append(batch)
    joined = [batch for of_model in parts.values() for batch in _join(of_model)]
    return tuple(sorted(joined, key=_first_offset))


def _first_offset(batch: EventBatch) -> int:
    return int(batch.offsets[0])


def _join(parts: Sequence[EventBatch]) -> list[EventBatch]:
    if len(parts) == 1:
        return [*parts]
    features = _names(part.features for part in parts)
    segments = _names(part.segments for part in parts)
    cells = sum(map(len, parts)) * (len(features) + len(segments))
    if cells > FREE_CELLS:
        held = sum(len(part) * (len(part.features) + len(part.segments)) for part in parts)
        if cells > FREE_CELLS + held:
            half = len(parts) // 2
            return _join(parts[:half]) + _join(parts[half:])
    lengths = [len(part) for part in parts]

    def column(pieces: Iterable[RawColumn | None]) -> RawColumn | None:
        return stack([*pieces], lengths)

    def table(tables: list[Mapping[str, RawColumn]], names: Iterable[str]) -> dict[str, RawColumn]:
        stacked = {name: stack([one.get(name) for one in tables], lengths) for name in names}
        return {name: raw for name, raw in stacked.items() if raw is not None}

    whole = EventBatch(
        model=parts[0].model,
        offsets=np.concatenate([part.offsets for part in parts]),
        timestamps=np.concatenate([part.timestamps for part in parts]),
        features=table([part.features for part in parts], features),
        prediction=column(part.prediction for part in parts),
        score=column(part.score for part in parts),
        scores=column(part.scores for part in parts),
        latency_ms=column(part.latency_ms for part in parts),
        ground_truth=column(part.ground_truth for part in parts),
        prediction_ids=column(part.prediction_ids for part in parts),
        model_versions=column(part.model_versions for part in parts),
        segments=table([part.segments for part in parts], segments),
    )
    if (np.diff(whole.offsets) >= 0).all():
        return [whole]
    return [whole.take(np.argsort(whole.offsets, kind="stable"))]


def _names(tables: Iterable[Mapping[str, RawColumn]]) -> list[str]:
    return list(dict.fromkeys(name for table in tables for name in table))


def stack(pieces: Sequence[RawColumn | None], lengths: Sequence[int]) -> RawColumn | None:
    """Columns end to end; numpy stays numpy where all pieces have one type."""
    if all(piece is None for piece in pieces):
        return None
    arrays = [piece for piece in pieces if isinstance(piece, np.ndarray)]
    if len(arrays) == len(pieces) and len({array.dtype for array in arrays}) == 1:
        return np.concatenate(arrays)
    stacked: list[object] = []
    for piece, length in zip(pieces, lengths, strict=True):
        if piece is None:
            stacked += [None] * length
        else:
            stacked += piece.tolist() if isinstance(piece, np.ndarray) else piece
    return stacked
