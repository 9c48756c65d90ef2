"""Against scikit-learn: exact figures to 1e-12, bounded ones inside their bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from stream_monitor.config.settings import ModelSettings
from stream_monitor.detectors.figure import Figure
from stream_monitor.detectors.performance import judge_performance
from stream_monitor.detectors.scored import scored_figures
from stream_monitor.detectors.verdict import State
from stream_monitor.reference.model import Task
from stream_monitor.summaries.model import ModelSummary
from stream_monitor.summaries.scored import CLIP, ScoredSummary
from tests.detectors.worlds import batch, only, reference

CLASSES = ("0", "1")
Rows = list[tuple[int, float]]
some_scores = st.one_of(
    st.floats(0, 1),
    st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.5004, 0.7, 1.0, 5e-324]),
    st.integers(0, 1000).map(lambda i: i / 1000),
)
some_rows = st.lists(st.tuples(st.integers(0, 1), some_scores), min_size=1, max_size=60)


def summary(rows: Rows) -> ScoredSummary:
    return ScoredSummary.of([str(y) for y, _ in rows], [s for _, s in rows], CLASSES, "1")


def random_rows(seed: int, n: int, digits: int) -> Rows:
    rng = np.random.default_rng(seed)
    scores = np.round(rng.beta(2, 3, n), digits)
    labels = (rng.random(n) < scores**1.5).astype(int)
    return list(zip(labels.tolist(), scores.tolist(), strict=True))


def ece(rows: Rows) -> float:
    """As Naeini et al. have it, from the rows."""
    y, s = (np.array(column, dtype=np.float64) for column in zip(*rows, strict=True))
    edges = np.arange(1, 10) / 10
    bins = np.searchsorted(edges, s, side="left")
    gaps = [abs(s[bins == b].sum() - y[bins == b].sum()) for b in range(10)]
    return float(sum(gaps) / len(rows))


def check(rows: Rows) -> None:
    found = scored_figures(summary(rows))
    y, s = (np.array(column) for column in zip(*rows, strict=True))
    assert found["brier"].value == pytest.approx(float(np.mean((s - y) ** 2)), rel=1e-12, abs=1e-12)
    clipped = np.clip(s, CLIP, 1 - CLIP)
    expected = metrics.log_loss(y, np.column_stack([1 - clipped, clipped]), labels=[0, 1])
    assert found["log_loss"].value == pytest.approx(expected, rel=1e-12, abs=1e-12)
    assert found["ece"].value == pytest.approx(ece(rows), rel=1e-12, abs=1e-12)
    for name, truth in (
        ("roc_auc", metrics.roc_auc_score(y, s) if 0 < y.sum() < len(y) else None),
        ("average_precision", metrics.average_precision_score(y, s) if y.sum() else None),
    ):
        figure = found[name]
        if truth is None:
            assert figure == Figure(None, len(rows))
            continue
        assert figure.value is not None
        assert figure.lower is not None
        assert figure.upper is not None
        assert figure.least is not None
        assert figure.most is not None
        assert 0 <= figure.lower <= figure.least <= figure.value
        assert figure.value <= figure.most <= figure.upper <= 1
        assert figure.least - 1e-12 <= truth <= figure.most + 1e-12


@settings(deadline=None, max_examples=150)
@given(some_rows)
def test_every_figure_is_that_of_scikit_learn_or_bounds_it(rows: Rows) -> None:
    check(rows)


@pytest.mark.parametrize("digits", [2, 3, 16])
@pytest.mark.parametrize("n", [50, 5000])
def test_figures_of_random_scores_are_those_of_scikit_learn(n: int, digits: int) -> None:
    check(random_rows(n + digits, n, digits))


def test_brier_is_that_of_scikit_learn() -> None:
    rows = random_rows(1, 500, 16)
    y, s = zip(*rows, strict=True)
    value = scored_figures(summary(rows))["brier"].value
    assert value == pytest.approx(metrics.brier_score_loss(y, s), rel=1e-12)


@pytest.mark.parametrize(
    "rows",
    [
        [(1, 0.7)],
        [(0, 0.7)],
        [(1, 0.25)] * 40,
        [(0, 0.25)] * 40,
        [(1, 0.0), (0, 1.0)],
        [(i % 2, 0.5) for i in range(30)],
    ],
    ids=["a positive", "a negative", "no negatives", "no positives", "all wrong", "one score"],
)
def test_degenerate_windows_have_what_is_defined_and_no_more(rows: Rows) -> None:
    check(rows)


def test_the_bounds_of_scores_spread_over_the_bins_are_narrow() -> None:
    found = scored_figures(summary(random_rows(3, 20_000, 16)))
    for name in ("roc_auc", "average_precision"):
        figure = found[name]
        assert figure.least is not None
        assert figure.most is not None
        assert figure.most - figure.least < 0.004


def test_one_score_for_all_is_an_auc_of_a_half() -> None:
    assert scored_figures(summary([(i % 2, 0.4) for i in range(10)]))["roc_auc"].value == 0.5


def test_auc_is_exact_where_no_bin_has_both_labels() -> None:
    figure = scored_figures(summary([(0, 0.1), (1, 0.2), (0, 0.3), (1, 0.4)]))["roc_auc"]
    assert (figure.least, figure.value, figure.most) == (0.75, 0.75, 0.75)


def test_rows_without_a_score_in_zero_to_one_are_facts_and_not_in_the_figures() -> None:
    scores = [0.5, 1.5, float("nan"), None, "x", 0.5, 0.5]
    found = ScoredSummary.of(["1", "1", "1", "1", "1", None, "third"], scores, CLASSES, "1")
    facts = found.facts
    assert (found.n, facts.rows, facts.missing, facts.nan) == (1, 6, 1, 1)
    assert (facts.wrong_type, facts.out_of_range, facts.unseen) == (1, 1, 1)


def test_verdicts_of_scores_are_for_information_with_their_bounds() -> None:
    against = reference(task=Task.BINARY, classes=CLASSES, positive="1")
    rows = random_rows(4, 300, 16)
    labels, scores = [str(y) for y, _ in rows], [s for _, s in rows]
    events = batch(300, prediction=["1"] * 300, score=scores, truth=labels)
    verdicts = judge_performance(
        ModelSummary.of(events, against).traffic.total, against, ModelSettings()
    )
    auc, loss = only(verdicts, "roc_auc"), only(verdicts, "log_loss")
    assert (auc.state, auc.n, auc.below, auc.decides) == (State.INFO, 300, True, False)
    assert auc.least is not None
    assert auc.most is not None
    assert auc.least < auc.most
    assert (loss.state, loss.below, loss.least) == (State.INFO, False, None)
    assert loss.lower is not None


def test_without_labels_or_scores_all_figures_are_thin() -> None:
    against = reference(task=Task.BINARY, classes=CLASSES, positive="1")
    for events in (batch(200, score=[0.5] * 200), batch(200, truth=["1"] * 200)):
        verdicts = judge_performance(
            ModelSummary.of(events, against).traffic.total, against, ModelSettings()
        )
        for name in ("roc_auc", "average_precision", "log_loss", "brier", "ece"):
            verdict = only(verdicts, name)
            assert (verdict.state, verdict.statistic) == (State.THIN, None)
