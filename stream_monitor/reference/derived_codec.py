"""The bytes of the formulas of derived columns, canonical: they are part of a reference's hash."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from stream_monitor.reference.derived import Components, Derived, Products, Standard
from stream_monitor.reference.model import NumericColumn, ReferenceColumn, Role
from stream_monitor.reference.packing import pack_counts, unpack_counts
from stream_monitor.statistics.arrays import FloatArray, read_only


class ProductsWire(msgspec.Struct, array_like=True, frozen=True, tag="products"):
    sources: tuple[str, ...]
    figures: bytes
    pairs: bytes


class ComponentsWire(msgspec.Struct, array_like=True, frozen=True, tag="components"):
    sources: tuple[str, ...]
    figures: bytes
    axes: bytes
    variances: bytes


def pack_derived(derived: Derived | None) -> bytes:
    """The bytes of the formulas; empty for ``None``."""
    if derived is None:
        return b""
    standard = derived.standard
    wire: ProductsWire | ComponentsWire
    if isinstance(derived, Products):
        pairs = pack_counts(derived.pairs.reshape(-1))
        wire = ProductsWire(standard.sources, _floats(standard.figures), pairs)
    else:
        axes, variances = _floats(derived.axes), _floats(derived.variances)
        wire = ComponentsWire(standard.sources, _floats(standard.figures), axes, variances)
    return msgspec.msgpack.encode(wire)


def unpack_derived(data: bytes, columns: Sequence[ReferenceColumn]) -> Derived | None:
    """Inverse of :func:`pack_derived`.

    ValueError or a ``MsgspecError`` for what is damaged, and where the formulas are not those of
    the ``columns`` of the role dependence, or are of features that these do not have.
    """
    derived = _unpacked(data) if data else None
    inputs = {} if derived is None else derived.inputs
    if list(inputs) != [column.name for column in columns if column.role is Role.DEPENDENCE]:
        raise ValueError("the derived columns are not those of their formulas")
    numeric = {
        column.name
        for column in columns
        if column.role is Role.FEATURE and isinstance(column, NumericColumn)
    }
    if derived is not None and not numeric.issuperset(derived.standard.sources):
        raise ValueError("a derived column is of features that are not there")
    return derived


def _unpacked(data: bytes) -> Derived:
    wire = msgspec.msgpack.decode(data, type=ProductsWire | ComponentsWire)
    low, high, mean, sd = _array(wire.figures).reshape(4, len(wire.sources))
    standard = Standard(wire.sources, low, high, mean, sd)
    if isinstance(wire, ProductsWire):
        return Products(standard, unpack_counts(wire.pairs).reshape(-1, 2))
    axes = _array(wire.axes).reshape(-1, len(wire.sources))
    return Components(standard, axes, _array(wire.variances))


def _floats(values: FloatArray) -> bytes:
    return values.astype("<f8").tobytes()


def _array(data: bytes) -> FloatArray:
    return read_only(np.frombuffer(data, dtype="<f8").astype(np.float64))
