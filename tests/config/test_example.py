import re
from pathlib import Path

from stream_monitor.config import yaml_text
from stream_monitor.config.fields import children, leaves
from stream_monitor.config.load import load
from stream_monitor.config.settings import Settings

EXAMPLE = Path(__file__).parents[2] / "monitor.example.yaml"


def text() -> str:
    return EXAMPLE.read_text(encoding="utf-8")


def test_the_example_loads_and_says_what_the_defaults_are() -> None:
    assert load(text(), {}, "monitor.example.yaml") == Settings()


def test_the_example_names_every_setting() -> None:
    named = set(yaml_text.read(text(), "monitor.example.yaml").lines)
    assert named >= {path for path, _ in leaves(Settings)}
    assert named >= {(key,) for key in children(Settings)}


def test_the_model_commented_out_in_the_example_can_be_used() -> None:
    commented = re.search(r"^# models:\n(?:#  .*\n)+", text(), re.MULTILINE)
    assert commented is not None
    loaded = load(re.sub(r"^# ", "", commented[0], flags=re.MULTILINE), {}, "example")
    assert loaded.for_model("credit-risk").panes == 24
    assert loaded.for_model("credit-risk").ignore == ("customer_id",)
