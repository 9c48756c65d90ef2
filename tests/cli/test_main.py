import json
import subprocess
import sys

import click
import pytest

from stream_monitor.cli import main as module
from stream_monitor.cli.main import COMMANDS, cli, main, run
from stream_monitor.errors import BrokerError, ConfigurationError, DataError, StreamMonitorError


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """The command ``config`` replaced by one that raises the test's parameter."""

    @click.command()
    @click.option("--json", "as_json", is_flag=True)
    def command(as_json: bool) -> None:
        raise request.param

    monkeypatch.setattr(module, "probe", command, raising=False)
    monkeypatch.setitem(COMMANDS, "config", (f"{module.__name__}:probe", ""))


def test_help_lists_every_command_without_importing_any() -> None:
    program = (
        "import sys\n"
        "from stream_monitor.cli.main import run\n"
        "code = run(['--help'])\n"
        "slow = {'numpy', 'scipy', 'faust', 'aiokafka', 'pydantic', 'pyarrow', 'rich', 'yaml'}\n"
        "print('imported:', sorted(slow & set(sys.modules)))\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0
    assert done.stdout.endswith("imported: []\n")
    for name in COMMANDS:
        assert f"\n  {name} " in done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_in_the_table_can_be_imported_and_asked_for_help(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([name, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: stream-monitor {name} ")


def test_no_arguments_are_a_call_for_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    assert capsys.readouterr().out.startswith("Usage: stream-monitor [OPTIONS] COMMAND")


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("stream-monitor ")


@pytest.mark.parametrize(
    ("typed", "hint"), [("confg", "do you mean config?"), ("zzz", "there are demo, worker,")]
)
def test_an_unknown_command_is_refused_with_the_nearest(
    typed: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([typed]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"error: there is no command {typed}; {hint}")


def test_an_unknown_option_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "show", "--jsn"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: No such option")
    assert err.endswith("Try 'stream-monitor config show --help'.\n")


def test_a_group_without_a_command_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config"]) == 2
    assert "Usage: stream-monitor config" in capsys.readouterr().err


ERRORS = [
    (StreamMonitorError("it is so"), 1),
    (ConfigurationError("it is so"), 2),
    (DataError("it is so"), 3),
    (BrokerError("it is so"), 4),
    (click.ClickException("it is so"), 1),
]


@pytest.mark.parametrize(("failing", "code"), ERRORS, indirect=["failing"])
@pytest.mark.usefixtures("failing")
def test_an_error_is_one_sentence_on_stderr_and_its_exit_code(
    code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["config"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "error: it is so\n"


@pytest.mark.parametrize("failing", [BrokerError("no broker at a:1")], indirect=True)
@pytest.mark.usefixtures("failing")
def test_with_json_an_error_is_one_object_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "--json"]) == 4
    out, err = capsys.readouterr()
    assert out == ""
    assert json.loads(err) == {
        "error": {"kind": "BrokerError", "message": "no broker at a:1", "exit_code": 4}
    }


@pytest.mark.parametrize("failing", [KeyboardInterrupt()], indirect=True)
@pytest.mark.usefixtures("failing")
def test_an_interrupted_command_ends_with_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config"]) == 130
    assert capsys.readouterr().err.strip() == "error: interrupted"


@pytest.mark.parametrize("failing", [click.exceptions.Exit(7)], indirect=True)
@pytest.mark.usefixtures("failing")
def test_a_command_may_end_with_a_code_of_its_own() -> None:
    assert run(["config"]) == 7


@pytest.mark.parametrize("failing", [ZeroDivisionError("ours")], indirect=True)
@pytest.mark.usefixtures("failing")
def test_a_bug_is_not_dressed_up_as_somebodys_error() -> None:
    with pytest.raises(ZeroDivisionError):
        run(["config"])


def test_main_exits_with_the_code_of_the_run() -> None:
    with pytest.raises(SystemExit) as caught:
        main(["nothing-of-the-kind"])
    assert caught.value.code == 2


def test_a_table_entry_that_is_no_command_is_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(COMMANDS, "config", (f"{module.__name__}:run", ""))
    with pytest.raises(TypeError, match="is no click command"):
        cli.main(["config"], standalone_mode=False)
