import json
from pathlib import Path

import pytest

from stream_monitor.cli.main import run
from stream_monitor.config.load import load
from stream_monitor.config.settings import Settings

pytestmark = pytest.mark.usefixtures("alone")


def write(text: str, name: str = "monitor.yaml") -> Path:
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_the_defaults_are_right(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "check"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("OK: the configuration can be used.\n\nEvery setting is the default:\n")
    assert err == ""


def test_a_right_file_is_ok_and_what_it_changes_is_marked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write("defaults: {window: 30m}")
    assert run(["config", "check"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(
        "OK: monitor.yaml can be used.\n\n1 setting is not the default (marked below):"
    )
    assert "  window: 30m  # default: 1h\n" in out


def test_a_wrong_file_ends_with_code_2_and_the_list_of_errors(
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = write("defaults: {drift: {alhpa: 1}}\nworker: {port: -1}", "other.yaml")
    assert run(["config", "check", "--config", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: other.yaml cannot be used, 2 settings are wrong:\n")
    assert "defaults.drift.alhpa (line 1): no such setting; do you mean alpha?" in err
    assert "worker.port (line 2): -1 is given" in err


def test_as_json_the_problems_are_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    write("worker:\n  port: -1")
    assert run(["config", "check", "--json"]) == 2
    out, err = capsys.readouterr()
    assert err == ""
    document = json.loads(out)
    assert document == {
        "ok": False,
        "source": "monitor.yaml",
        "problems": [
            {
                "path": "worker.port",
                "sentence": "-1 is given; allowed is a whole number from 0 to 65,535",
                "where": "line 2",
            }
        ],
    }


def test_as_json_text_that_is_no_yaml_is_a_problem_too(capsys: pytest.CaptureFixture[str]) -> None:
    write("a: [")
    assert run(["config", "check", "--json"]) == 2
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert problem["sentence"].startswith("monitor.yaml line 1 is not YAML")


def test_as_json_a_right_file_brings_settings_and_differences(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write("defaults: {window: 30m}")
    assert run(["config", "check", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is True
    assert document["settings"]["defaults"]["window"] == "30m"
    assert document["differences"] == [{"path": "defaults.window", "value": "30m", "default": "1h"}]


def test_what_show_prints_loads_as_the_same_settings(capsys: pytest.CaptureFixture[str]) -> None:
    text = f"kafka: {{group: {'long ' * 60}}}\nmodels: {{'[bold]a': {{slide: 1m}}}}"
    write(text)
    assert run(["config", "show"]) == 0
    assert load(capsys.readouterr().out, {}, "shown") == load(text, {}, "written")


def test_show_as_json_is_one_document_of_all_settings(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "show", "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out)) == list(Settings.model_fields)


def test_show_of_a_wrong_file_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    write("a: 1")
    assert run(["config", "show", "--json"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert json.loads(err)["error"]["kind"] == "ConfigurationError"


def test_the_file_may_be_named_by_a_variable(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a: 1")
    monkeypatch.setenv("STREAM_MONITOR_CONFIG", str(write("kafka: {group: x}", "named.yaml")))
    assert run(["config", "check"]) == 0
    assert capsys.readouterr().out.startswith("OK: named.yaml")


def test_variables_and_options_are_in_effect_in_this_order(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STREAM_MONITOR_KAFKA__BOOTSTRAP_SERVERS", "variable:1")
    monkeypatch.setenv("STREAM_MONITOR_KAFKA__GROUP", "variable")
    assert run(["config", "show", "--json", "--bootstrap-servers", "option:1"]) == 0
    kafka = json.loads(capsys.readouterr().out)["kafka"]
    assert (kafka["bootstrap_servers"], kafka["group"]) == ("option:1", "variable")


def test_a_wrong_option_is_named_in_the_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "check", "--bootstrap-servers", "x"]) == 2
    assert "(--bootstrap-servers): 'x' is no broker address" in capsys.readouterr().err


def test_a_file_that_cannot_be_read_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "check", "--config", "absent.yaml"]) == 2
    assert "absent.yaml cannot be read: no such file" in capsys.readouterr().err
    assert run(["config", "check", "--config", str(Path.cwd())]) == 2
    assert "cannot be read: is a directory" in capsys.readouterr().err
    Path("latin.yaml").write_bytes(b"a: \xff")
    assert run(["config", "check", "--config", "latin.yaml"]) == 2
    assert "latin.yaml is not UTF-8 text" in capsys.readouterr().err


def test_a_byte_order_mark_is_let_through() -> None:
    Path("monitor.yaml").write_bytes(b"\xef\xbb\xbfkafka: {group: x}")
    assert run(["config", "check"]) == 0
