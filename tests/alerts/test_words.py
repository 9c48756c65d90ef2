from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.alerts.names import WHAT, listed
from stream_monitor.alerts.rule import Severity, Status
from stream_monitor.alerts.severity import severity_of
from stream_monitor.detectors.checks import CHECKS
from stream_monitor.detectors.findings import CATEGORICAL, NUMERIC
from stream_monitor.detectors.verdict import Carrier, Family, Verdict
from tests.alerts.events import CARRIER, DRIFT, START, event

EVIDENCE = replace(
    DRIFT, monitor="evidence", column="", statistic=6.1, threshold=3.94, p_value=None
)
FEATURES = tuple(
    CARRIER._replace(column=f"feature:{name}", effect=effect, effects=())
    for name, effect in (
        *(("age", 0.2), ("tenure", 0.18), ("zip", 0.16), ("product", 0.14)),
        *(("channel", 0.12), ("income", 0.1)),
    )
)


def words(verdict: Verdict = DRIFT, status: Status = Status.STARTED, **of: Any) -> str:
    return event(verdict, status, **of).summary


def test_evidence_says_what_has_drifted_by_how_much_since_when_and_what_chance_does() -> None:
    assert words(EVIDENCE, columns=(CARRIER,)) == (
        "Critical: model fraud: amount has drifted by 0.31 (KS 0.32, W1 1.21 sd, PSI 0.43) since "
        "2026-01-01T00:30:00Z. The evidence is 140 times what chance reaches once in 30d. "
        "Compared with reference 00112233aabbccdd (5,000 rows), n = 1,200 in the window to "
        "2026-01-01T01:05:00Z. Look first at the source of amount: its units, its encoding, "
        "another kind of traffic."
    )


def test_of_many_columns_five_are_named_the_largest_effect_first() -> None:
    found = words(EVIDENCE, Status.ONGOING, columns=(*FEATURES, CARRIER), sequence=2)
    assert found.startswith(
        "Still critical, now in more columns: model fraud: 7 features have drifted since "
        "2026-01-01T00:30:00Z: amount by 0.31 (KS 0.32, W1 1.21 sd, PSI 0.43), age by 0.2, "
        "tenure by 0.18, zip by 0.16, product by 0.14 and 2 more. The evidence is"
    )


@pytest.mark.parametrize(
    ("statistic", "said"),
    [
        (3.94, "Chance alone starts such an alert no more often than once in 30d."),
        (-300.0, "Chance alone starts such an alert no more often than once in 30d."),
        (4.24, "The evidence is 2 times what chance reaches once in 30d."),
        (6.94, "The evidence is 1,000 times what chance reaches once in 30d."),
        (30.0, "The evidence is over a million times what chance reaches once in 30d."),
    ],
)
def test_the_evidence_is_told_as_so_many_times_what_chance_reaches(
    statistic: float, said: str
) -> None:
    assert said in words(replace(EVIDENCE, statistic=statistic), columns=(CARRIER,))


def test_bad_values_are_told_as_the_rise_of_their_share() -> None:
    missing = Carrier("missing:feature:income", 1.0, START, 0.12, (("share", 0.14), ("rise", 0.12)))
    unseen = Carrier("unseen:feature:region", 0.1, START, 0.03)
    verdict = replace(EVIDENCE, family=Family.QUALITY)
    assert (
        "more bad values since 2026-01-01T00:00:00Z: missing values of income up by 12 points to "
        "14 % and unseen categories of region up by 3 points. The evidence"
    ) in words(verdict, columns=(missing, unseen))


def test_a_classic_monitor_says_its_figures_and_against_what() -> None:
    assert words() == (
        "Critical: model fraud: the distribution of amount has moved: KS distance 0.31, threshold "
        "0.0625, p = 1.5e-40, n = 1,200 in the window to 2026-01-01T01:05:00Z, against reference "
        "00112233aabbccdd (5,000 rows). It has been so since 2026-01-01T00:55:00Z. Look first at "
        "the source of amount: its units, its encoding, another kind of traffic."
    )


def of_figure(monitor: str, *, below: bool) -> Verdict:
    """A verdict of a performance figure that is beyond its limit of 1 by a quarter."""
    return replace(
        DRIFT,
        family=Family.PERFORMANCE,
        monitor=monitor,
        column="",
        statistic=0.75 if below else 1.25,
        threshold=1.0,
        below=below,
        p_value=None,
        effect=0.25,
    )


@pytest.mark.parametrize(
    ("monitor", "below", "said"),
    [
        ("recall", True, "recall is below its minimum: 0.75, minimum 1"),
        ("roc_auc", True, "ROC AUC is below its minimum: 0.75, minimum 1"),
        ("log_loss", False, "log loss is above its maximum: 1.25, maximum 1"),
        ("mae", False, "the mean absolute error is above its maximum: 1.25, maximum 1"),
        ("bias", True, "the mean error (bias) is below its minimum: 0.75, minimum 1"),
        ("degradation_cusum", False, "the errors have risen: CUSUM 1.25, threshold 1"),
        ("degradation_evidence", False, "the errors have risen: effect 0.25"),
    ],
)
def test_a_figure_is_called_by_its_name_and_the_side_of_its_limit(
    monitor: str, below: bool, said: str
) -> None:
    found = words(of_figure(monitor, below=below))
    assert f"model fraud: {said}, n = 1,200" in found
    usual = monitor.startswith("degradation_")
    assert f"against the {'usual errors' if usual else 'configured limit'}. It has" in found
    assert "p =" not in found


def test_a_p_value_of_zero_is_written_as_a_bound() -> None:
    assert "p < 1e-300" in words(replace(DRIFT, p_value=0.0))


@pytest.mark.parametrize(
    ("status", "sequence", "head"),
    [
        (Status.STARTED, 1, "Critical: model"),
        (Status.STARTED, 3, "Critical, again: model"),
        (Status.ESCALATED, 2, "Now critical, until now a warning: model"),
        (Status.ONGOING, 2, "Still critical, now in more columns: model"),
        (Status.RECOVERED, 2, "Recovered: model"),
        (Status.WITHDRAWN, 2, "Withdrawn: model"),
    ],
)
def test_each_status_begins_in_its_own_way(status: Status, sequence: int, head: str) -> None:
    assert words(DRIFT, status, sequence=sequence).startswith(head)


def test_what_is_over_says_how_long_it_lasted_and_how_bad_it_was() -> None:
    now = replace(DRIFT, statistic=0.01, effect=0.01, p_value=0.9)
    assert words(now, Status.RECOVERED, severity=Severity.CRITICAL) == (
        "Recovered: model fraud: it is no longer so that the distribution of amount has moved: KS "
        "distance 0.01, threshold 0.0625, p = 0.9, n = 1,200 in the window to "
        "2026-01-01T01:05:00Z. It lasted 10m, from 2026-01-01T00:55:00Z to 2026-01-01T01:05:00Z, "
        "and was critical."
    )
    assert words(EVIDENCE, Status.RECOVERED, columns=(*FEATURES, CARRIER)).startswith(
        "Recovered: model fraud: amount, age, tenure, zip, product and 2 more are close to the "
        "reference again. It lasted 35m, "
    )


def test_what_is_no_longer_asked_says_so() -> None:
    gone = replace(DRIFT, statistic=None, threshold=None, p_value=None, effect=None, n=0)
    assert words(gone, Status.RECOVERED) == (
        "Recovered: model fraud: ks of amount is no longer asked against reference "
        "00112233aabbccdd: the reference or the configuration was replaced."
    )


ROWS = replace(
    DRIFT,
    family=Family.QUALITY,
    monitor="rows",
    column="",
    statistic=231.0,
    threshold=600.0,
    p_value=None,
    effect=0.615,
    n=231,
    below=True,
)
WORSE = replace(
    DRIFT,
    family=Family.PERFORMANCE,
    monitor="version_worse",
    column="version:v2",
    statistic=4.06,
    threshold=3.06,
    p_value=None,
    effect=0.0312,
    n=646,
    reference_n=2015,
)


def test_too_few_events_are_told_beside_their_minimum() -> None:
    assert words(ROWS) == (
        "Critical: model fraud: fewer events come than there must be: events 231, minimum 600, "
        "n = 231 in the window to 2026-01-01T01:05:00Z, against the configured limit. It has been "
        "so since 2026-01-01T00:55:00Z. Look first at who calls the model: whether its requests, "
        "or the events that tell of them, get lost."
    )
    assert severity_of(replace(ROWS, effect=0.4)) is Severity.WARNING


def test_a_version_that_is_worse_is_told_beside_the_champions_events() -> None:
    assert words(WORSE) == (
        "Warning: model fraud: version v2 is worse than the champion: effect 0.0312, n = 646 until "
        "2026-01-01T01:05:00Z, against the champion's 2,015 labelled events of the same hours. It "
        "has been so since 2026-01-01T00:55:00Z. The evidence is 10 times what an alarm needs. "
        "Look first at what version v2 does otherwise (its training data, its features, how it was "
        "packed), and give it no more traffic until then."
    )
    assert "over a million times what an alarm needs" in words(replace(WORSE, statistic=10.0))
    assert words(WORSE, Status.RECOVERED).startswith(
        "Recovered: model fraud: version v2 is no longer worse than the champion, or not served: "
        "effect 0.0312, n = 646 until 2026-01-01T01:05:00Z. It lasted 10m, "
    )
    gone = replace(WORSE, statistic=None, threshold=None, effect=None, n=0)
    assert words(gone, Status.RECOVERED) == (
        "Recovered: model fraud: version v2 is no longer compared with a champion: it has become "
        "the champion, or the reference or the configuration was replaced."
    )


MONITORS = sorted(
    {(Family.DRIFT, name) for name in (*NUMERIC, *CATEGORICAL, "evidence")}
    | {(Family.QUALITY, name) for checks in CHECKS.values() for name in checks}
    | {(Family.QUALITY, name) for name in ("duplicates", "rows", "evidence")}
    | {(Family.PERFORMANCE, name) for name in ("accuracy", "coverage", "r2", "unheard_of")}
    | {(Family.PERFORMANCE, "version_worse")}
    | {(Family.PERFORMANCE, f"degradation_{name}") for name in ("cusum", "adwin", "evidence")}
    | {(Family.LATENCY, "p99")}
)


@pytest.mark.parametrize(("family", "monitor"), MONITORS)
def test_every_monitor_has_words_of_its_own(family: Family, monitor: str) -> None:
    by_columns = monitor == "evidence"
    changes = monitor.startswith("degradation_") or monitor == "version_worse"
    by_name = family is Family.PERFORMANCE and not changes
    assert monitor in WHAT or by_columns or by_name


COLUMNS = ("feature:a b", "prediction", "score", "class:yes", "missing:score", "dependence:a*b")
figures = st.none() | st.floats(-300, 300)


@given(
    st.sampled_from(MONITORS),
    st.sampled_from(Status),
    st.sampled_from(("", "feature:a", "prediction")),
    st.lists(st.sampled_from(COLUMNS), unique=True),
    st.tuples(figures, figures, figures, st.none() | st.floats(0, 1)),
    st.integers(0, 10**9),
    st.integers(1, 5),
)
def test_every_paragraph_is_one_of_whole_sentences(
    monitor: tuple[Family, str],
    status: Status,
    column: str,
    columns: list[str],
    numbers: tuple[float | None, ...],
    n: int,
    sequence: int,
) -> None:
    statistic, threshold, effect, p_value = numbers
    verdict = replace(
        DRIFT,
        family=monitor[0],
        monitor=monitor[1],
        column=column,
        statistic=statistic,
        threshold=threshold,
        effect=effect,
        p_value=p_value,
        n=n,
    )
    carriers = tuple(Carrier(name, 0.5, START, effect, (("ks", 0.5),)) for name in columns)
    said = event(verdict, status, sequence=sequence, columns=carriers)
    assert not re.search(r"\s\s|\n|[{}]| [.,:;]|\.\.|::|\(\)|None", said.summary)
    assert said.summary.endswith(".")
    assert "model fraud" in said.summary
    assert (f"Look first at {said.look_first}." in said.summary) is bool(said.look_first)
    assert bool(said.look_first) is said.is_open


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, unique=True))
def test_a_list_names_at_most_five_and_counts_all(names: list[str]) -> None:
    found = listed(names)
    more = re.search(r" and (\d+) more$", found)
    named = re.split(r", | and ", found.removesuffix(more[0]) if more else found)
    assert named == names[:5]
    assert len(named) + (int(more[1]) if more else 0) == len(names)
