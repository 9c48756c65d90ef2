from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from stream_monitor.errors import DataError
from stream_monitor.reference import codec
from stream_monitor.reference.derived import Components
from stream_monitor.reference.model import (
    Reference,
)
from tests.reference.worlds import derived_example


def hash_of(reference: Reference) -> str:
    return codec.decode(codec.encode(reference)).hash


@pytest.mark.parametrize("pairs", [True, False])
def test_every_part_of_a_formula_changes_the_hash(pairs: bool) -> None:
    before = derived_example(pairs=pairs)
    derived = before.derived
    assert derived is not None
    hashes = [hash_of(before)]
    for name in ("low", "high", "mean", "sd"):
        values = getattr(derived.standard, name).copy()
        values[1] = np.nextafter(values[1], 1.0)
        standard = dataclasses.replace(derived.standard, **{name: values})
        changed = dataclasses.replace(derived, standard=standard)
        hashes.append(hash_of(dataclasses.replace(before, derived=changed)))
    if isinstance(derived, Components):
        axes, variances = derived.axes * 0.5, derived.variances * 0.5
        for more in (
            dataclasses.replace(derived, axes=axes),
            dataclasses.replace(derived, variances=variances),
        ):
            hashes.append(hash_of(dataclasses.replace(before, derived=more)))
    assert len(set(hashes)) == len(hashes)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda r: {"columns": r.columns[:-1]}, "not those of their formulas"),
        (lambda r: {"derived": None}, "not those of their formulas"),
        (lambda r: {"columns": r.columns[1:]}, "features that are not there"),
        (lambda r: {"derived": derived_example(pairs=False).derived}, "not those of their form"),
    ],
)
def test_formulas_that_do_not_fit_the_columns_are_refused(
    change: Callable[[Reference], dict[str, Any]], sentence: str
) -> None:
    reference = derived_example()
    with pytest.raises(DataError, match=sentence):
        codec.decode(codec.encode(dataclasses.replace(reference, **change(reference))))
