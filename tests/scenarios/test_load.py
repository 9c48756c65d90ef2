"""A scenario's file: what it may say, and what is said of one that says something else."""

import pytest

from stream_monitor.errors import ConfigurationError
from stream_monitor.scenarios.spec.base import Generated
from stream_monitor.scenarios.spec.injections import SuddenDrift
from stream_monitor.scenarios.spec.load import load
from tests.scenarios.shipped import TEXTS, shipped, written

SMALL = """\
story: A story.
base:
  features:
    x: {kind: normal, mean: 0, sd: 1}
    c: {kind: categorical, shares: {a: 1, b: 3}}
timeline:
  move: {inject: sudden_drift, at: 1h, feature: x, shift: 1}
"""


def refused(text: str, *overrides: str) -> str:
    with pytest.raises(ConfigurationError) as error:
        load(text, "small.yaml", overrides, TEXTS)
    return str(error.value)


def test_a_small_scenario_has_the_defaults() -> None:
    scenario = written(SMALL)
    assert scenario.duration_ms == 6 * 3_600_000
    assert isinstance(scenario.base, Generated)
    assert scenario.begins_ms == 3_600_000
    assert scenario.expect.nothing_else


def test_what_a_scenario_is_like_is_taken_key_by_key() -> None:
    scenario = written("story: s\nlike: no_drift\nbase: {traffic: {rate: 60}}\n")
    other = shipped("no_drift")
    assert isinstance(scenario.base, Generated)
    assert isinstance(other.base, Generated)
    assert scenario.base.traffic.rate == 60
    assert scenario.base.features == other.base.features
    assert scenario.settings == other.settings
    assert scenario.expect.never == ()


def test_values_of_the_command_line_win_by_path_or_by_the_name_of_an_injection() -> None:
    scenario = load(SMALL, "s", ("move.shift=0.5", "base.traffic.rate=9", "timeline.move.at=2h"))
    assert isinstance(scenario.base, Generated)
    assert scenario.base.traffic.rate == 9
    move = scenario.timeline["move"]
    assert isinstance(move, SuddenDrift)
    assert (move.shift, move.at_ms) == (0.5, 7_200_000)
    later = shipped("sudden_drift", "expect.found.0.by=3h")
    assert later.expect.found[0].by_ms == 10_800_000


@pytest.mark.parametrize(
    ("override", "said"),
    [
        (
            "move.shift=x",
            "timeline.move.shift (--set move.shift=x): x is given; allowed is a number",
        ),
        ("move.shft=1", "timeline.move.shft (--set move.shft=1): no such key; do you mean shift?"),
        (
            "move.inject=suden_drift",
            "inject is suden_drift, which there is not; do you mean sudden_",
        ),
        ("move.at=soon", "timeline.move.at (--set move.at=soon): 'soon' is no duration"),
        (
            "move.at=7h",
            "timeline.move.at (--set move.at=7h): 7h is given, and the stream ends after",
        ),
        ("move.until=30m", "until has to be later"),
        ("move.feature=y", "there is no feature y; there are x, c"),
        ("move.feature=c", "c has categories and no numbers"),
        ("move.shift=0", "nothing moves; give a shift"),
        ("moov.shift=1", "there is no moov to set; do you mean move?"),
        ("move.shift", "is no setting; write PATH=VALUE"),
        ("base.traffic.rate=-1", "-1 is given; allowed is a number above 0"),
        ("base.traffic.rate=1e6", "this makes 6,000,000 events, and a scenario may have 2,000,000"),
        ("base.features.x.kind=norml", "kind is norml, which there is not; do you mean normal?"),
        ("base.features.x.sd=0", "base.features.x.sd (--set base.features.x.sd=0): 0 is given"),
        ("base.features.score.kind=boolean", "base.features.score.share"),
        ("base.classes=[no]", "base.classes"),
        ("base.classes=[no, no]", "the two classes have one name"),
        ("base.truth.weights={y: 1}", "base.truth.weights.y"),
        ("base.correlations=[{between: [x, y], rho: 0.5}]", "there is no feature y"),
        ("settings.window=7m", "settings (--set settings.window=7m): window is 7m and slide is 5m"),
        ("settings.drift.min_efect=1", "settings.drift.min_efect"),
        ("expect.found=[{family: drift, by: 1h}]", "it can begin after 1h only; set a later by"),
        (
            "expect.found=[{family: drft, by: 2h}]",
            "drft is given; allowed is one of drift, quality",
        ),
        ("expect.figures=[{figure: rows, by: 2h}]", "give at_least, at_most or equals"),
        ("expect.found.0.by=2h", "allowed is a list in brackets"),
        ("start=noon", "'noon' is no time; write 2024-01-01T00:00:00Z"),
        ("story=", "story (--set story=): null is given; allowed is a text"),
        ("duration=400d", "400d is given; allowed is a duration"),
    ],
)
def test_what_is_wrong_is_said_with_its_path_and_what_is_allowed(override: str, said: str) -> None:
    assert said in refused(SMALL, override)


def test_everything_wrong_is_said_at_once_with_its_line() -> None:
    text = SMALL.replace("sd: 1", "sd: -1").replace("shift: 1", "shift: one")
    said = refused(text)
    assert "2 settings are wrong" in said
    assert "base.features.x.sd (line 4): -1 is given; allowed is a number above 0" in said
    assert "timeline.move.shift (line 7): one is given; allowed is a number from" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("story: s\n", "base: is missing"),
        ("story: s\nlike: nobody\n", "like: there is no scenario nobody; there are"),
        ("story: s\nlike: sudden_drift\n", "like: sudden_drift is like another one itself"),
        (SMALL + "  gone: {at: 1h}\n", "timeline.gone (line 8): has no inject; allowed is one of"),
        (SMALL + "  c: {inject: concept_drift}\n", "nothing changes; give an intercept"),
        (SMALL + "  q: {inject: data_quality, feature: x}\n", "nothing breaks; give missing"),
        (
            SMALL + "  l: {inject: label_delay, delay: 1h}\n",
            "label_delay needs labels that come on their own; set base.labels.delay",
        ),
        (
            SMALL + "  n: {inject: new_category, feature: x, category: z, share: 0.1}\n",
            "x has no categories; choose one that has",
        ),
        (SMALL + "  s: {inject: feature_swap, features: [x, z]}\n", "there is no feature z"),
        (
            SMALL + "  b: {inject: regression_bias, bias: 2}\n",
            "regression_bias needs answers that are numbers; set base.task: regression",
        ),
        (SMALL + "  b: {inject: regression_bias}\n", "nothing changes; give a bias above or"),
        ("- 1\n", "holds a list; a scenario is a mapping with the keys story, model"),
    ],
)
def test_what_does_not_fit_together_is_refused(text: str, said: str) -> None:
    assert said in refused(text)


REGRESSION = ("base.task=regression", "base.truth.noise=2", "base.segments={plan: {a: 1, b: 2}}")


def test_a_regression_with_segments_is_a_base_too() -> None:
    where = ("move.where={plan: b}", "settings.slices.segments=[plan]")
    scenario = load(SMALL, "s", (*REGRESSION, *where))
    assert scenario.timeline["move"].where == {"plan": "b"}


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (("base.truth.noise=0",), "base.truth.noise"),
        (("base.classes=[a, b]",), "base.classes (--set base.classes=[a, b]): a regression has no"),
        (("base.served.threshold=0.4",), "base.served.threshold"),
        (("base.task=binary",), "a binary truth is a chance already; leave it out, or set task"),
        (("base.task=binary", "base.truth.noise=0", "base.decimals=1"), "answers no number"),
        (("base.task=regresion",), "regresion is given; allowed is one of binary, regression"),
        (("move.where={plan: c}",), "timeline.move.where.plan"),
        (("move.where={plan: c}",), "plan is never c; there are a, b"),
        (("move.where={plam: b}",), "there is no segment plam; do you mean plan?"),
        (("base.segments={plan: {a: 0}}",), "no category has a share above 0"),
        (
            ("expect.figures=[{figure: 'slice:plan:a:mae', at_most: 1, by: 2h}]",),
            "plan is not reported; list it in settings.slices.segments",
        ),
        (
            ("expect.figures=[{figure: 'slice:tarif:a:mae', at_most: 1, by: 2h}]",),
            "there is no segment tarif; there are plan",
        ),
        (
            ("expect.figures=[{figure: 'slice:plan:a', at_most: 1, by: 2h}]",),
            "slice:plan:a is no figure of a slice; write slice:SEGMENT:VALUE:METRIC",
        ),
    ],
)
def test_what_does_not_fit_a_regression_or_its_segments_is_refused(
    overrides: tuple[str, ...], said: str
) -> None:
    assert said in refused(SMALL, *REGRESSION, *overrides)


def test_correlations_that_no_features_can_have_are_refused() -> None:
    three = ", ".join(f"{{between: [{a}, {b}], rho: -0.9}}" for a, b in ("xy", "yz", "xz"))
    said = refused(
        SMALL,
        "base.features.y={kind: normal, mean: 0, sd: 1}",
        "base.features.z={kind: normal, mean: 0, sd: 1}",
        f"base.correlations=[{three}]",
    )
    assert "no features can have all these correlations at once" in said


def test_a_base_of_a_file_has_no_concept_that_drifts_and_no_season() -> None:
    text = "story: s\nbase: {file: a.csv, reference: b.csv}\n"
    assert "concept_drift needs a base with a true model" in refused(
        text + "timeline: {c: {inject: concept_drift, intercept: 1}}\n"
    )
    assert "a season needs the times" in refused(text + "settings: {season: {by: hour}}\n")
    assert "base.fle" in refused("story: s\nbase: {fle: a.csv}\n")
    assert "base.labl" in refused("story: s\nbase: {file: a.csv, reference: b.csv, labl: y}\n")
