from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_monitor.statistics.hashing import stable_hash64
from stream_monitor.summaries.sample import CountedSample


def of_counts_drawn(seed: int, distinct: int, repeats: dict[int, int], k: int) -> CountedSample:
    """Ids 0 … distinct − 1 of one seed, each once, and the given ones repeated."""
    ids = [f"{seed}-{i}" for i in range(distinct)]
    return CountedSample.of(ids + [ids[i] for i, n in repeats.items() for _ in range(n)], k)


@settings(deadline=None)
@given(st.lists(st.lists(st.text(max_size=2), max_size=20), max_size=5))
def test_every_count_is_exact_however_the_rows_were_cut(parts: list[list[str]]) -> None:
    merged = CountedSample.empty(4, keep_texts=True)
    for part in parts:
        merged = merged.merge(CountedSample.of_counts(Counter(part), 4))
    truth = Counter(text for part in parts for text in part)
    smallest = sorted(truth, key=lambda text: int(stable_hash64([text])[0]))[:4]
    assert list(merged.texts or ()) == smallest
    assert merged.counts.tolist() == [truth[text] for text in smallest]
    assert merged.total == truth.total()


def test_duplicates_are_exact_up_to_k_distinct_ids() -> None:
    sample = CountedSample.of(["a", "b", "a", "c", "a"], 3)
    estimate = sample.duplicates()
    assert (estimate.share, estimate.standard_error, estimate.exact) == (2 / 5, 0.0, True)


def test_no_rows_have_no_duplicates() -> None:
    assert CountedSample.empty(3, keep_texts=False).duplicates().share == 0.0


def test_distinct_ids_beyond_k_are_found_free_of_duplicates() -> None:
    estimate = of_counts_drawn(0, 20_000, {}, 256).duplicates()
    assert (estimate.share, estimate.standard_error, estimate.exact) == (0.0, 0.0, False)


def test_rare_duplicates_are_estimated_without_bias_and_with_an_honest_error() -> None:
    repeats = dict.fromkeys(range(0, 4000, 20), 1)
    estimates = [of_counts_drawn(seed, 4_000, repeats, 512).duplicates() for seed in range(300)]
    shares = np.array([estimate.share for estimate in estimates])
    errors = np.array([estimate.standard_error for estimate in estimates])
    truth = 200 / 4_200
    assert abs(shares.mean() - truth) < 4 * shares.std() / np.sqrt(len(shares))
    assert np.sqrt((errors**2).mean()) == pytest.approx(shares.std(), rel=0.15)


def test_many_duplicates_are_estimated_within_their_error() -> None:
    repeats = dict.fromkeys(range(2_000), 4)
    truth = 8_000 / 10_000
    estimates = [of_counts_drawn(seed, 2_000, repeats, 512).duplicates() for seed in range(40)]
    misses = [abs(one.share - truth) > 2 * one.standard_error for one in estimates]
    assert sum(misses) <= 6
    assert max(one.standard_error for one in estimates) < 0.02


@pytest.mark.parametrize("place", [0, -1])
def test_one_id_in_half_of_all_rows_is_noticed_whether_sampled_or_not(place: int) -> None:
    hashes = stable_hash64([f"7-{i}" for i in range(10_000)])
    loud = int(np.argsort(hashes)[place])
    estimate = of_counts_drawn(7, 10_000, {loud: 10_000}, 512).duplicates()
    assert abs(estimate.share - 0.5) < 4 * estimate.standard_error < 0.15


def test_the_hash_is_of_the_whole_text_and_the_kept_text_is_cut() -> None:
    sample = CountedSample.of_counts({"x" * 100 + "a": 1, "x" * 100 + "b": 2}, 8)
    assert sample.texts == ("x" * 100, "x" * 100)
    assert sorted(sample.counts.tolist()) == [1, 2]


def test_a_text_that_is_no_unicode_can_be_stored() -> None:
    sample = CountedSample.of_counts({"\ud800": 1}, 8)
    assert CountedSample.from_state(sample.to_state(), 8, keep_texts=True).texts == ("?",)


def test_the_most_common_texts_come_first_and_ties_by_text() -> None:
    sample = CountedSample.of_counts({"b": 1, "c": 5, "a": 1}, 8)
    assert sample.most_common() == [("c", 5), ("a", 1), ("b", 1)]


def test_arrays_of_a_sample_cannot_be_changed() -> None:
    sample = CountedSample.of(["a", "b"], 8).merge(CountedSample.of(["c"], 8))
    with pytest.raises(ValueError, match="read-only"):
        sample.counts[0] = 7
    with pytest.raises(ValueError, match="read-only"):
        sample.hashes[0] = 7
