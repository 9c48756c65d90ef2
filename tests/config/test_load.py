import re

import pytest

from stream_monitor.config.load import check, load
from stream_monitor.config.problems import MAX_LISTED, Problem
from stream_monitor.config.settings import Settings
from stream_monitor.errors import ConfigurationError


def problems(text: str | None, **environ: str) -> tuple[Problem, ...]:
    found = check(text, environ, "m.yaml")
    assert not isinstance(found, Settings)
    return found


def settings(text: str | None, **environ: str) -> Settings:
    return load(text, environ, "m.yaml")


def test_without_a_file_and_variables_every_setting_is_the_default() -> None:
    assert settings(None) == Settings()


def test_an_unknown_key_is_refused_with_its_full_path_and_the_nearest_known_one() -> None:
    text = "models:\n  credit:\n    drift:\n      alhpa: 0.01\n"
    (problem,) = problems(text)
    assert problem == Problem(
        "models.credit.drift.alhpa", "no such setting; do you mean alpha?", "line 4"
    )


def test_an_unknown_key_like_no_other_is_refused_with_all_that_are_known() -> None:
    (problem,) = problems("zzz: 1")
    assert (
        problem.sentence
        == "no such setting; known here are kafka, worker, labels, alertmanager, redis, api, "
        "defaults, models"
    )


def test_a_duration_is_not_set_by_the_name_of_its_python_field() -> None:
    (problem,) = problems("defaults: {window_ms: 3600000}")
    assert problem.sentence == "no such setting; do you mean window?"


def test_several_errors_are_listed_at_once_each_with_path_line_given_and_allowed() -> None:
    text = "kafka:\n  partitions: 0\nworker:\n  port: '80'\ndefaults:\n  window: soon\n"
    with pytest.raises(ConfigurationError) as caught:
        settings(text)
    assert str(caught.value).splitlines() == [
        "m.yaml cannot be used, 3 settings are wrong:",
        "  - kafka.partitions (line 2): 0 is given; allowed is a whole number from 1 to 10,000",
        '  - worker.port (line 4): "80" is given; allowed is a whole number from 0 to 65,535',
        "  - defaults.window (line 6): 'soon' is no duration; "
        "write 250ms, 30s, 5m, 1h, 7d, 1h30m or a whole number of milliseconds",
    ]


def test_a_single_error_is_one_sentence() -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings("defaults: {slide: 0s}")
    assert str(caught.value) == (
        "m.yaml cannot be used: defaults.slide (line 1): 0s is given; "
        "allowed is a duration such as 30s, 5m or 1h30m of at least 1ms"
    )


def test_a_flood_of_errors_is_cut() -> None:
    text = "models:\n" + "".join(f"  m{i}: {{bins: 1}}\n" for i in range(MAX_LISTED + 5))
    with pytest.raises(ConfigurationError) as caught:
        settings(text)
    lines = str(caught.value).splitlines()
    assert len(lines) == MAX_LISTED + 2
    assert lines[-1] == "  - and 5 more"


@pytest.mark.parametrize(
    ("text", "path", "sentence"),
    [
        ("kafka: 5", "kafka", "5 is given; allowed is a mapping with the keys bootstrap_servers"),
        ("models: [a]", "models", "[a] is given; allowed is a mapping from a model's name"),
        ("models: {a: [1]}", "models.a", "[1] is given; allowed is a mapping with the keys window"),
        ("models: {1: {}}", "models[1]", "1 is no name of a model; names are texts"),
        ("5: {}", "[5]", "5 is no key of a setting; keys are texts"),
        ("kafka: {group: 5}", "kafka.group", "5 is given; allowed is a text of at least one"),
        ("kafka: {group: {a: 1}}", "kafka.group", "a mapping is given; allowed is a text"),
        ("kafka: {group: [[1]]}", "kafka.group", "a list of more than plain values is given"),
        (
            "defaults: {drift: {correction: sidak}}",
            "defaults.drift.correction",
            "sidak is given; allowed is one of bonferroni, holm, benjamini_hochberg, none",
        ),
        (
            "defaults: {drift: {numeric: [ks, kz]}}",
            "defaults.drift.numeric[1]",
            "kz is given; allowed is a list in brackets, each one of ks, psi",
        ),
        (
            "defaults: {drift: {alpha: .nan}}",
            "defaults.drift.alpha",
            "nan is given; allowed is a number above 0 and below 1",
        ),
        (
            "defaults: {performance: {min: {f1: 2}}}",
            "defaults.performance.min.f1",
            "2 is given; allowed is a number from 0 to 1, or null",
        ),
        (
            "defaults: {latency: {max_p99: true}}",
            "defaults.latency.max_p99",
            "true is given; allowed is a duration such as 30s, 5m or 1h30m",
        ),
        (
            "defaults: {drift: {numeric: [psi], decide_numeric: ks}}",
            "defaults.drift",
            "decide_numeric is ks, but numeric lists only psi",
        ),
        ("worker: {max_models: 1}\nmodels: {a: , b: }", "settings", "models names 2 models"),
    ],
)
def test_each_error_says_where_what_was_given_and_what_is_allowed(
    text: str, path: str, sentence: str
) -> None:
    (problem,) = problems(text)
    assert problem.path == path
    assert problem.sentence.startswith(sentence)


def test_a_model_takes_from_the_defaults_what_it_does_not_set_at_every_depth() -> None:
    text = """
defaults: {window: 30m, drift: {alpha: 0.01, bins: 20}, ignore: [id]}
models:
  credit: {slide: 10m, drift: {bins: 5}}
  fraud: {ignore: [other]}
  empty:
"""
    loaded = settings(text)
    credit, fraud = loaded.for_model("credit"), loaded.for_model("fraud")
    assert (credit.window_ms, credit.slide_ms) == (1_800_000, 600_000)
    assert (credit.drift.alpha, credit.drift.bins) == (0.01, 5)
    assert credit.ignore == ("id",)
    assert fraud.ignore == ("other",)
    assert loaded.models["empty"] == loaded.defaults


def test_a_model_can_take_back_a_limit_of_the_defaults() -> None:
    text = "defaults: {latency: {max_p99: 1s}}\nmodels: {a: {latency: {max_p99: null}}}"
    assert settings(text).for_model("a").latency.max_p99_ms is None


def test_a_section_whose_keys_are_all_commented_out_is_empty() -> None:
    text = "kafka:\nworker:\ndefaults:\n  drift:\nmodels:\n  a:\n    drift:\n"
    loaded = settings(text)
    assert loaded.defaults == Settings().defaults
    assert loaded.models == {"a": loaded.defaults}


def test_an_error_in_the_defaults_is_not_repeated_for_every_model() -> None:
    text = "defaults: {slide: 7m, drift: {bins: 1}}\nmodels: {a: {}, b: {min_samples: 5}}"
    assert [p.path for p in problems(text)] == ["defaults.drift.bins"]
    text = "defaults: {slide: 7m}\nmodels: {a: {}, b: {min_samples: 5}}"
    assert [p.path for p in problems(text)] == ["defaults"]


def test_a_models_own_error_is_listed_even_where_the_defaults_have_the_same() -> None:
    text = "defaults: {drift: {bins: 1}}\nmodels: {a: {drift: {bins: 1}}}"
    assert [p.path for p in problems(text)] == ["defaults.drift.bins", "models.a.drift.bins"]


def test_a_window_of_the_defaults_and_a_slide_of_the_model_are_checked_together() -> None:
    (problem,) = problems("models:\n  a:\n    slide: 7m")
    assert problem.path == "models.a"
    assert problem.where == "line 2"
    assert problem.sentence.startswith("window is 1h and slide is 7m")


def test_variables_lie_over_the_file_and_reach_the_models() -> None:
    text = "defaults: {window: 2h}\nmodels: {a: {min_samples: 5}}"
    loaded = settings(text, STREAM_MONITOR_DEFAULTS__WINDOW="30m")
    assert loaded.defaults.window_ms == loaded.for_model("a").window_ms == 1_800_000


def test_an_error_of_a_variable_names_the_variable() -> None:
    (problem,) = problems("worker: {port: 1}", STREAM_MONITOR_WORKER__PORT="99999")
    assert problem.where == "STREAM_MONITOR_WORKER__PORT"
    (problem,) = problems(None, STREAM_MONITOR_DEFAULTS__SLIDE="7m")
    assert (problem.path, problem.where) == ("defaults", "STREAM_MONITOR_DEFAULTS__SLIDE")


def test_errors_of_variables_and_of_the_file_are_listed_together() -> None:
    found = problems("kafka: {partitions: 0}", STREAM_MONITOR_KAFKA__GROPU="x")
    assert [p.path for p in found] == ["STREAM_MONITOR_KAFKA__GROPU", "kafka.partitions"]


def test_a_variable_below_what_is_no_mapping_leaves_the_files_error() -> None:
    (problem,) = problems("kafka: 5", STREAM_MONITOR_KAFKA__GROUP="x")
    assert problem.path == "kafka"


def test_the_command_line_lies_over_the_environment() -> None:
    loaded = load(
        "kafka: {group: file}",
        {"STREAM_MONITOR_KAFKA__GROUP": "variable"},
        "m.yaml",
        {"kafka.group": ("option", "--group")},
    )
    assert loaded.kafka.group == "option"


def test_an_error_of_an_option_names_the_option() -> None:
    found = check(None, {}, "x", {"kafka.bootstrap_servers": ("x", "--bootstrap-servers")})
    assert not isinstance(found, Settings)
    assert found[0].where == "--bootstrap-servers"


def test_text_that_is_no_yaml_is_refused_with_its_line() -> None:
    with pytest.raises(ConfigurationError, match=r"m\.yaml line 2: the key a stands twice"):
        settings("a: 1\na: 2")


def test_models_that_share_an_anchor_are_still_set_one_by_one() -> None:
    text = "models: {a: &d {drift: {bins: 5}}, b: *d}"
    loaded = settings(text, STREAM_MONITOR_MODELS__A__DRIFT__BINS="7")
    assert [loaded.for_model(name).drift.bins for name in "ab"] == [7, 5]


def test_wrong_settings_of_degradation_are_listed_with_what_is_right() -> None:
    text = (
        "defaults:\n  performance:\n    degradation:\n      detectors: [cusum, kswin]\n"
        "      smallest_rise: 0\n      run_lenght: 5\n      adwin: {delta: 3}\n"
    )
    found = {p.path.removeprefix("defaults.performance.degradation."): p for p in problems(text)}
    assert (
        "one of evidence, cusum, page_hinkley, adwin, ddm, hddm_a" in found["detectors[1]"].sentence
    )
    assert "a number from 0.001 to 1" in found["smallest_rise"].sentence
    assert "do you mean run_length?" in found["run_lenght"].sentence
    assert "a number from 1e-12 to 0.5" in found["adwin.delta"].sentence
    (problem,) = problems("defaults: {performance: {degradation: {baseline_mean: 3}}}")
    assert "give both, or neither" in problem.sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("min: {acuracy: 0.9}", "no such setting; do you mean accuracy?"),
        ("max: {logloss: 0.5}", "no such setting; do you mean log_loss?"),
        ("min: {mae: 3}", "no such setting; known here are coverage, accuracy"),
        ("certain: 1", "1 is given; allowed is one of true, false"),
        ("{min: {bias: 2}, max: {bias: 1}}", "the minimum cannot be above the maximum"),
    ],
)
def test_a_limit_that_cannot_be_is_refused_with_what_can(text: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(sentence)):
        load(f"defaults: {{performance: {text if text[0] == '{' else f'{{{text}}}'}}}", {}, "x")


def test_limits_of_a_model_are_laid_over_those_of_the_defaults() -> None:
    text = """
defaults: {performance: {min: {accuracy: 0.8, f1: 0.7}}}
models: {m: {performance: {min: {f1: 0.9}, max: {log_loss: 1}}}}
"""
    environ = {"STREAM_MONITOR_DEFAULTS__PERFORMANCE__CERTAIN": "true"}
    found = load(text, environ, "x").for_model("m").performance
    assert (found.min.accuracy, found.min.f1, found.max.log_loss) == (0.8, 0.9, 1)
    assert found.certain
