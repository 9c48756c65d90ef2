import pytest

from stream_monitor.config.fields import ByName, Leaf, at, children, dotted, leaves, nearest
from stream_monitor.config.monitors import DriftSettings
from stream_monitor.config.settings import ModelSettings, Settings


def test_a_section_is_listed_under_its_yaml_keys() -> None:
    assert list(children(Settings)) == [
        "kafka",
        "worker",
        "labels",
        "alertmanager",
        "redis",
        "api",
        "defaults",
        "models",
    ]
    assert "window" in children(ModelSettings)
    assert "window_ms" not in children(ModelSettings)


def test_what_stands_under_a_path_is_found_through_the_names_of_models() -> None:
    assert at(("defaults", "drift")) is DriftSettings
    assert at(("models", "any.name", "drift")) is DriftSettings
    assert at(("models",)) == ByName(ModelSettings)
    assert isinstance(at(("models", "x", "drift", "alpha")), Leaf)


@pytest.mark.parametrize("path", [("x",), ("kafka", "x"), ("kafka", "group", "x")])
def test_a_path_that_leads_nowhere_finds_nothing(path: tuple[str, ...]) -> None:
    assert at(path) is None


def test_every_setting_says_what_it_allows() -> None:
    for path, leaf in leaves(Settings):
        assert leaf.allowed().startswith(("a ", "one of ")), path


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("worker.port", "a whole number from 0 to 65,535"),
        ("worker.emit_interval", "a duration such as 30s, 5m or 1h30m of at least 1ms"),
        ("defaults.drift.alpha", "a number above 0 and below 1"),
        ("defaults.drift.correction", "one of bonferroni, holm, benjamini_hochberg, none"),
        ("defaults.performance.min.f1", "a number from 0 to 1, or null"),
        ("defaults.latency.quantiles", "a list in brackets, each a number above 0 and below 1"),
        ("defaults.ignore", "a list in brackets, each a text of at least one character"),
        ("kafka.topic_prefix", "a text"),
    ],
)
def test_what_a_setting_allows_is_said_with_its_bounds(path: str, allowed: str) -> None:
    leaf = at(tuple(path.split(".")))
    assert isinstance(leaf, Leaf)
    assert leaf.allowed() == allowed


def test_paths_are_dotted_with_positions_in_brackets() -> None:
    assert dotted(("defaults", "latency", "quantiles", 0)) == "defaults.latency.quantiles[0]"


def test_only_a_like_word_is_near() -> None:
    assert nearest("alhpa", ["alpha", "bins"]) == "alpha"
    assert nearest("zzz", ["alpha", "bins"]) is None
