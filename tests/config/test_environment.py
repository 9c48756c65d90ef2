import pytest

from stream_monitor.config.environment import FromEnvironment, read, variable
from stream_monitor.config.fields import leaves
from stream_monitor.config.load import load
from stream_monitor.config.settings import ModelSettings, Settings
from stream_monitor.errors import ConfigurationError


def sentences(found: FromEnvironment) -> list[str]:
    return [str(problem) for problem in found.problems]


def test_every_setting_has_a_variable_of_its_own() -> None:
    names = [variable(path) for path, _ in leaves(Settings)]
    assert len(names) == len(set(names))
    assert {
        "STREAM_MONITOR_KAFKA__BOOTSTRAP_SERVERS",
        "STREAM_MONITOR_WORKER__EMIT_INTERVAL",
        "STREAM_MONITOR_DEFAULTS__WINDOW",
        "STREAM_MONITOR_DEFAULTS__DRIFT__ALPHA",
    } <= set(names)


@pytest.mark.parametrize(
    "name",
    ["STREAM_MONITOR_KAFKA__GROUP", "stream_monitor_kafka__group", "Stream_Monitor_KAFKA__group"],
)
def test_the_case_of_a_variable_does_not_matter(name: str) -> None:
    assert load(None, {name: "x"}, "m.yaml").kafka.group == "x"


def test_a_variable_that_names_no_setting_is_refused_with_the_nearest() -> None:
    assert sentences(read({"STREAM_MONITOR_DEFAULTS__WINDWO": "1h"}, ())) == [
        "STREAM_MONITOR_DEFAULTS__WINDWO: no such setting; "
        "do you mean STREAM_MONITOR_DEFAULTS__WINDOW?"
    ]


def test_a_variable_with_single_underscores_is_refused_with_the_nearest() -> None:
    (sentence,) = sentences(read({"STREAM_MONITOR_KAFKA_GROUP": "x"}, ()))
    assert sentence.endswith("do you mean STREAM_MONITOR_KAFKA__GROUP?")
    (sentence,) = sentences(read({"STREAM_MONITOR_REDIS_URL": "x"}, ()))
    assert sentence.endswith("do you mean STREAM_MONITOR_REDIS__URL?")


@pytest.mark.parametrize("name", ["STREAM_MONITOR_NOPE", "STREAM_MONITOR_XYZ", "STREAM_MONITOR_"])
def test_a_variable_that_is_like_none_is_not_taken_for_one(name: str) -> None:
    (sentence,) = sentences(read({name: "x"}, ()))
    assert sentence.endswith("settings are named like STREAM_MONITOR_KAFKA__BOOTSTRAP_SERVERS")


def test_the_configs_path_tests_and_other_programs_are_let_through() -> None:
    found = read(
        {
            "STREAM_MONITOR_CONFIG": "m.yaml",
            "STREAM_MONITOR_TEST_KAFKA": "127.0.0.1:9092",
            "STREAM_MONITORING": "x",
            "HOME": "/",
        },
        (),
    )
    assert found == FromEnvironment()


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("KAFKA__GROUP", "5", "5"),
        ("KAFKA__GROUP", "null", None),
        ("KAFKA__GROUP", "a: b", "a: b"),
        ("KAFKA__PARTITIONS", "5", 5),
        ("DEFAULTS__WINDOW", "30m", "30m"),
        ("DEFAULTS__WINDOW", "250", 250),
        ("DEFAULTS__DRIFT__ALPHA", "1e-4", 0.0001),
        ("DEFAULTS__DRIFT__NUMERIC", "ks,psi", ["ks", "psi"]),
        ("DEFAULTS__DRIFT__NUMERIC", "[ks, psi]", ["ks", "psi"]),
        ("DEFAULTS__LATENCY__QUANTILES", "0.5, 0.9", [0.5, 0.9]),
        ("DEFAULTS__IGNORE", "", []),
        ("DEFAULTS__LATENCY__MAX_P99", "null", None),
        ("DEFAULTS__PERFORMANCE__POSITIVE_LABEL", "1", "1"),
    ],
)
def test_a_variable_is_read_by_the_type_of_its_setting(name: str, text: str, value: object) -> None:
    found = read({f"STREAM_MONITOR_{name}": text}, ())
    assert list(found.values.values()) == [value]


def test_a_value_that_cannot_be_read_says_what_is_allowed() -> None:
    assert sentences(read({"STREAM_MONITOR_KAFKA__PARTITIONS": "[4"}, ())) == [
        "STREAM_MONITOR_KAFKA__PARTITIONS: '[4' cannot be read; "
        "allowed is a whole number from 1 to 10,000"
    ]


def test_the_same_setting_by_two_variables_is_refused() -> None:
    environ = {"STREAM_MONITOR_KAFKA__GROUP": "a", "stream_monitor_kafka__group": "b"}
    assert sentences(read(environ, ())) == [
        "stream_monitor_kafka__group: STREAM_MONITOR_KAFKA__GROUP sets kafka.group too; keep one"
    ]


def test_a_model_of_the_file_can_be_set_whatever_signs_its_name_has() -> None:
    loaded = load(
        "models: {credit-risk.v2: {}}",
        {"STREAM_MONITOR_MODELS__CREDIT_RISK_V2__DRIFT__BINS": "7"},
        "m.yaml",
    )
    assert loaded.models["credit-risk.v2"] == ModelSettings.model_validate({"drift": {"bins": 7}})


def test_a_model_that_the_file_does_not_name_cannot_be_set() -> None:
    with pytest.raises(ConfigurationError, match="STREAM_MONITOR_MODELS__FRAUD__WINDOW"):
        load("models: {credit: {}}", {"STREAM_MONITOR_MODELS__FRAUD__WINDOW": "1h"}, "m.yaml")


def test_a_variable_that_stands_for_two_models_is_refused() -> None:
    (sentence,) = sentences(read({"STREAM_MONITOR_MODELS__A_B__WINDOW": "1h"}, ("a-b", "a.b")))
    assert "it stands for both models.a-b.window and models.a.b.window" in sentence
