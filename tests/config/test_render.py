import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.config.load import load
from stream_monitor.config.monitors import DriftSettings, LatencySettings, PerformanceSettings
from stream_monitor.config.render import Difference, differences, plain, scalar, to_yaml
from stream_monitor.config.settings import KafkaSettings, ModelSettings, Settings

texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=10)
models = st.builds(
    ModelSettings,
    window_ms=st.integers(1, 50).map(lambda n: n * 3_000),
    slide_ms=st.just(3_000),
    allowed_lateness_ms=st.integers(0, 10**9),
    drift=st.builds(DriftSettings, alpha=st.floats(1e-12, 0.9), bins=st.integers(2, 1_000)),
    performance=st.builds(PerformanceSettings, positive_label=st.none() | texts),
    latency=st.builds(
        LatencySettings, max_p99_ms=st.none() | st.floats(0.001, 1e6) | st.just(250.0)
    ),
    ignore=st.lists(texts, unique=True, max_size=4).map(tuple),
)
all_settings = st.builds(
    Settings,
    kafka=st.builds(KafkaSettings, group=texts),
    defaults=models,
    models=st.dictionaries(texts, models, max_size=3),
)


@given(all_settings)
def test_rendered_settings_load_as_the_same_settings(settings: Settings) -> None:
    assert load(to_yaml(settings), {}, "m.yaml") == settings


def test_durations_are_readable_and_lists_are_lists() -> None:
    values = plain(ModelSettings(latency=LatencySettings(max_p99_ms=0.5)))
    assert (values["window"], values["slide"], values["ignore"]) == ("1h", "5m", [])
    assert values["latency"] == {"quantiles": [0.5, 0.9, 0.99], "max_p99": 0.5}


def test_what_is_not_the_default_is_marked_with_the_default() -> None:
    text = "defaults: {window: 30m}\nmodels: {a: {window: 1h}, b: {}}"
    settings = load(text, {}, "m.yaml")
    lines = to_yaml(settings).splitlines()
    assert "  window: 30m  # default: 1h" in lines
    assert lines[-4:] == ["models:", "  a:", "    window: 1h  # default: 30m", "  b: {}"]
    assert sum("# default" in line for line in lines) == 2
    assert differences(settings) == (
        Difference("defaults.window", "30m", "1h"),
        Difference("models.a.window", "1h", "30m"),
    )


def test_the_defaults_alone_have_no_mark_and_no_difference() -> None:
    assert "#" not in to_yaml(Settings())
    assert differences(Settings()) == ()


@pytest.mark.parametrize("text", ["no", "1", "1e3", "a: b", "", "#x", "ab c", "é", "1:30", "null"])
def test_texts_that_a_yaml_reader_could_take_for_something_else_are_quoted(text: str) -> None:
    assert scalar(text).startswith('"')
    assert yaml.safe_load(scalar(text)) == text


def test_plain_texts_and_durations_are_not_quoted() -> None:
    assert [scalar(t) for t in ("ks", "var/state", "1h30m", "250ms")] == [
        "ks",
        "var/state",
        "1h30m",
        "250ms",
    ]
