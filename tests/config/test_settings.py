import pytest
from pydantic import ValidationError

from stream_monitor.config.limits import MinimumSettings
from stream_monitor.config.monitors import (
    AlertSettings,
    DriftSettings,
    LatencySettings,
    PerformanceSettings,
)
from stream_monitor.config.settings import (
    TOPICS,
    KafkaSettings,
    ModelSettings,
    Settings,
    WorkerSettings,
)


def test_the_defaults_are_those_that_the_other_parts_rely_on() -> None:
    settings = Settings()
    model = settings.defaults
    assert (model.window_ms, model.slide_ms, model.panes) == (3_600_000, 300_000, 12)
    assert (model.allowed_lateness_ms, model.min_samples) == (60_000, 100)
    assert (model.drift.alpha, model.drift.min_effect, model.drift.bins) == (0.001, 0.05, 10)
    assert (settings.kafka.bootstrap_servers, settings.worker.port) == ("127.0.0.1:9092", 9464)
    assert settings.worker.emit_interval_ms == 1_000


def test_topics_carry_the_prefix_and_are_written_with_hyphens() -> None:
    kafka = KafkaSettings(topic_prefix="prod.")
    assert kafka.topic("dead_letters") == "prod.dead-letters"
    assert [KafkaSettings().topic(name) for name in TOPICS] == [
        "predictions",
        "labels",
        "joins",
        "references",
        "summaries",
        "reports",
        "alerts",
        "dead-letters",
    ]


def test_a_model_without_an_entry_is_judged_by_the_defaults() -> None:
    own = ModelSettings(min_samples=7)
    settings = Settings(models={"credit": own})
    assert settings.for_model("credit") is own
    assert settings.for_model("fraud") is settings.defaults


@pytest.mark.parametrize("name", ["group", "topic_prefix"])
def test_settings_cannot_be_changed_once_made(name: str) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(Settings().kafka, name, "other")


def test_fields_are_set_by_their_python_name_or_their_yaml_key() -> None:
    assert ModelSettings(window_ms=600_000) == ModelSettings.model_validate({"window": "10m"})


def test_a_window_is_a_whole_multiple_of_the_slide() -> None:
    with pytest.raises(ValidationError, match=r"window is 1h and slide is 7m; .* whole multiple"):
        ModelSettings(slide_ms=7 * 60_000)


def test_a_window_shorter_than_its_slide_is_refused() -> None:
    with pytest.raises(ValidationError, match="whole multiple"):
        ModelSettings(window_ms=60_000)


def test_a_window_holds_ten_thousand_panes_and_not_one_more() -> None:
    assert ModelSettings(window_ms=10_000, slide_ms=1).panes == 10_000
    with pytest.raises(ValidationError, match=r"holds 10,001 slides of 1ms; at most 10,000"):
        ModelSettings(window_ms=10_001, slide_ms=1)


def test_what_decides_has_to_be_measured() -> None:
    assert DriftSettings(numeric=("psi",), decide_numeric="psi").decide_numeric == "psi"
    with pytest.raises(ValidationError, match="decide_numeric is ks, but numeric lists only psi"):
        DriftSettings(numeric=("psi",), decide_numeric="ks")
    with pytest.raises(ValidationError, match="decide_categorical is chi_square, but categorical"):
        DriftSettings(categorical=("l_infinity",), decide_categorical="chi_square")


@pytest.mark.parametrize("correction", ["holm", "benjamini_hochberg"])
def test_a_correction_that_orders_p_values_needs_a_decider_that_has_one(correction: str) -> None:
    given = {"correction": correction, "decide_categorical": "chi_square"}
    assert DriftSettings.model_validate(given).decide_numeric == "evidence"
    with pytest.raises(ValidationError, match="evidence, which decides, has none"):
        DriftSettings.model_validate({"correction": correction})


def test_more_models_than_a_worker_takes_are_refused() -> None:
    models = {"a": ModelSettings(), "b": ModelSettings()}
    with pytest.raises(ValidationError, match=r"names 2 models, but worker.max_models is 1"):
        Settings(worker=WorkerSettings(max_models=1), models=models)


@pytest.mark.parametrize(
    ("section", "values"),
    [
        (DriftSettings, {"alpha": 0}),
        (DriftSettings, {"alpha": 1}),
        (DriftSettings, {"alpha": float("nan")}),
        (DriftSettings, {"alpha": "0.5"}),
        (DriftSettings, {"alpha": True}),
        (DriftSettings, {"bins": 1}),
        (DriftSettings, {"bins": 10.0}),
        (DriftSettings, {"min_effect": 1.01}),
        (DriftSettings, {"correction": "sidak"}),
        (DriftSettings, {"numeric": []}),
        (DriftSettings, {"numeric": ["ks", "ks"]}),
        (DriftSettings, {"numeric": "ks"}),
        (LatencySettings, {"quantiles": [0.0, 0.5]}),
        (LatencySettings, {"quantiles": [0.5, 1.0]}),
        (LatencySettings, {"quantiles": [0.9, 0.5]}),
        (LatencySettings, {"quantiles": [0.5, 0.5]}),
        (LatencySettings, {"max_p99": 0}),
        (LatencySettings, {"max_p99": float("inf")}),
        (LatencySettings, {"max_p99": 10**400}),
        (MinimumSettings, {"accuracy": -0.1}),
        (PerformanceSettings, {"positive_label": ""}),
        (PerformanceSettings, {"positive_label": ["yes"]}),
        (AlertSettings, {"consecutive": 0}),
        (AlertSettings, {"consecutive": False}),
        (ModelSettings, {"window": 0}),
        (ModelSettings, {"window": "an hour"}),
        (ModelSettings, {"window": None}),
        (ModelSettings, {"min_samples": 0}),
        (ModelSettings, {"ignore": [1]}),
        (ModelSettings, {"nothing_of_the_kind": 1}),
        (WorkerSettings, {"port": 65_536}),
        (WorkerSettings, {"port": -1}),
        (WorkerSettings, {"emit_interval": "0s"}),
        (WorkerSettings, {"data_dir": ""}),
        (KafkaSettings, {"partitions": 0}),
        (KafkaSettings, {"bootstrap_servers": ""}),
        (KafkaSettings, {"bootstrap_servers": "kafka"}),
        (KafkaSettings, {"bootstrap_servers": "kafka:0"}),
        (KafkaSettings, {"bootstrap_servers": "kafka:65536"}),
        (KafkaSettings, {"bootstrap_servers": "a:9092,,b:9092"}),
        (KafkaSettings, {"topic_prefix": "a/b"}),
        (Settings, {"models": {"": {}}}),
    ],
)
def test_values_outside_what_is_allowed_are_refused(
    section: type[ModelSettings], values: dict[str, object]
) -> None:
    with pytest.raises(ValidationError):
        section.model_validate(values)


@pytest.mark.parametrize("servers", ["a:1", "a:9092, b:9092", "[::1]:9092", "127.0.0.1:65535"])
def test_broker_addresses_are_one_or_more_hosts_with_ports(servers: str) -> None:
    assert KafkaSettings(bootstrap_servers=servers).bootstrap_servers == servers


@pytest.mark.parametrize(
    ("given", "label"), [(1, "1"), (1.0, "1"), (0.5, "0.5"), (True, "true"), ("yes", "yes")]
)
def test_a_positive_label_is_the_text_that_events_have_for_it(given: object, label: str) -> None:
    settings = PerformanceSettings.model_validate({"positive_label": given})
    assert settings.positive_label == label


def test_a_latency_limit_is_a_duration_or_a_number_of_ms_and_may_be_a_fraction() -> None:
    assert LatencySettings.model_validate({"max_p99": "1s"}).max_p99_ms == 1_000.0
    assert LatencySettings.model_validate({"max_p99": 0.5}).max_p99_ms == 0.5
