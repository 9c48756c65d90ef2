"""A worker whose API is given files that cannot be used."""

from pathlib import Path

import pytest

from stream_monitor.cli.main import run


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("cert_file: nothing.pem, key_file: nothing.pem", "api.cert_file nothing.pem"),
        ("read_token_file: nothing", "api.read_token_file: nothing cannot be read"),
        ("read_token_file: short", "api.read_token_file: short holds 4 characters"),
    ],
)
def test_a_worker_does_not_start_without_the_files_of_its_api(
    settings: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("short").write_text("hush")
    Path("monitor.yaml").write_text(f"api: {{port: 0, {settings}}}")
    assert run(["worker", "--port", "0", "--data-dir", str(tmp_path / "state")]) == 2
    error = capsys.readouterr().err
    assert said in " ".join(error.split())
    assert "hush" not in error
