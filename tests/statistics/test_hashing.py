"""Laws of the stable hash."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.statistics.hashing import stable_hash64

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15

texts = st.lists(st.text(st.characters(codec=None), max_size=30), max_size=20)


def mixed(state: int) -> int:
    state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    state = (state ^ (state >> 27)) * 0x94D049BB133111EB & MASK
    return state ^ (state >> 31)


def one_by_one(text: str) -> int:
    """The docstring's definition, in plain Python."""
    data = text.encode("utf-8", "surrogatepass")
    total = len(data) * GOLDEN
    for index in range(len(data) // 8 + 1):
        word = int.from_bytes(data[8 * index : 8 * index + 8], "little")
        total += mixed(word ^ ((index + 1) * GOLDEN & MASK))
    return mixed(total & MASK)


@settings(deadline=None)
@given(texts)
def test_a_text_has_the_same_hash_in_every_batch(batch: list[str]) -> None:
    assert stable_hash64(batch).tolist() == [one_by_one(text) for text in batch]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", 0x48218226FF3CD4BF),
        ("a", 0x142E2BBD2D46AF3C),
        ("é", 0x8642357A175F7CE),
        ("\ud800", 0x2334FFB101C14FC0),
        ("b" * 100, 0x8DFF02FBFD900E56),
    ],
)
def test_the_values_are_pinned(text: str, value: int) -> None:
    assert int(stable_hash64([text])[0]) == value


def test_no_text_gives_no_hash() -> None:
    found = stable_hash64([])
    assert (found.size, found.dtype) == (0, np.dtype(np.uint64))


def test_trailing_nul_characters_count() -> None:
    batch = ["", "\0", "\0\0", "\0" * 8, "\0" * 9, "a", "a\0", "a" + "\0" * 7, "a" + "\0" * 8]
    assert len(set(stable_hash64(batch).tolist())) == len(batch)


def test_a_long_text_does_not_disturb_its_neighbours() -> None:
    batch = ["a", "b" * 100_000, "", "c"]
    assert stable_hash64(batch).tolist() == [one_by_one(text) for text in batch]


@pytest.mark.parametrize("form", ["{}", "id-{:08d}", "{:032x}", "user/{}/event", "{0:b}:{0}"])
def test_100_000_like_identifiers_do_not_collide_and_spread_evenly(form: str) -> None:
    hashes = stable_hash64([form.format(number) for number in range(100_000)])
    assert np.unique(hashes).size == hashes.size
    for shift in (0, 20, 56):
        cells = np.bincount((hashes >> np.uint64(shift)).astype(np.int64) & 255, minlength=256)
        statistic = ((cells - hashes.size / 256) ** 2).sum() / (hashes.size / 256)
        assert 150 < statistic < 370  # χ² with 255 degrees of freedom, five deviations
