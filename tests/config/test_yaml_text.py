from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.config import yaml_text
from stream_monitor.config.render import scalar
from stream_monitor.errors import ConfigurationError


def read(text: str) -> dict[object, object]:
    return yaml_text.read(text, "m.yaml").values


@pytest.mark.parametrize("text", ["", "# nothing but a comment\n", "---\n", "{}", "null"])
def test_an_empty_text_is_an_empty_mapping(text: str) -> None:
    assert read(text) == {}


def test_scalars_are_those_of_yaml_1_2() -> None:
    text = "a: no\nb: 1:30\nc: 010\nd: 1e-3\ne: 2026-01-01\nf: true\ng: ~\nh:\ni: -5\nj: 1.5\nk: .5"
    values = ["no", "1:30", "010", 0.001, "2026-01-01", True, None, None, -5, 1.5, 0.5]
    assert read(text) == dict(zip("abcdefghijk", values, strict=True))


def test_every_key_has_its_line() -> None:
    lines = yaml_text.read("a:\n  b: 1\n\n  c:\n    d: 2\ne: [{f: 1}]\n", "m.yaml").lines
    assert lines == {
        ("a",): 1,
        ("a", "b"): 2,
        ("a", "c"): 4,
        ("a", "c", "d"): 5,
        ("e",): 6,
        ("e", "0", "f"): 6,
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: 1\nb: 2\na: 3\n", "m.yaml line 3: the key a stands twice, first on line 1"),
        ("a: {b: 1, b: 2}", "m.yaml line 1: the key a.b stands twice"),
        ("a: 1\n'a': 2", "m.yaml line 2: the key a stands twice"),
        ("a: [1\nb: 2", "m.yaml line 2 is not YAML that can be read"),
        ("a: 1\n---\nb: 2", "m.yaml line 2 is not YAML"),
        ("a:\n\tb: 1", "m.yaml line 2 is not YAML"),
        ("a: \x00", "m.yaml is not YAML"),
        ("a: *b", "m.yaml line 1 is not YAML"),
        ("? [a]\n: 1", "m.yaml line 1 is not YAML"),
        ("a: !!python/object:os.system 1", "m.yaml line 1 is not YAML"),
        ("a: !!int x", "m.yaml is not YAML"),
        ("a: !!timestamp 2026-13-45", "m.yaml is not YAML"),
        ("- a", "m.yaml holds a list; settings are a mapping"),
        ("just words", "m.yaml holds a str; settings are a mapping"),
        ("a: &x [*x]", "m.yaml line 1: the alias under a.0 stands for what contains it"),
        ("[" * 5_000, "m.yaml is nested too deeply"),
        ("a: " + "[" * 80 + "]" * 80, "m.yaml line 1: nested too deeply"),
    ],
)
def test_text_that_is_not_one_mapping_is_refused_with_its_line(text: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(text)
    assert str(caught.value).startswith(sentence)


def test_anchors_and_merge_keys_can_be_used() -> None:
    assert read("x: &d {a: 1}\ny:\n  <<: *d\n  b: 2\nz: *d") == {
        "x": {"a": 1},
        "y": {"a": 1, "b": 2},
        "z": {"a": 1},
    }


def test_aliases_of_aliases_are_walked_once_each() -> None:
    levels = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 40)]
    assert len(read("\n".join(["a0: &a0 [x]", *levels]))) == 40


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda below: st.lists(below, max_size=4),
    max_leaves=8,
)


@given(values)
def test_a_rendered_scalar_or_list_reads_back_as_it_was(value: object) -> None:
    assert yaml_text.scalar(scalar(value)) == value


@given(st.text())
def test_any_text_is_read_or_refused_as_configuration(text: str) -> None:
    with suppress(ConfigurationError):
        assert isinstance(read(text), dict)


@pytest.mark.parametrize("text", ["a: b: c", "[1", "*a", "{"])
def test_a_value_that_is_not_yaml_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="is not a YAML value"):
        yaml_text.scalar(text)
