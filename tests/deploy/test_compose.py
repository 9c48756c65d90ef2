"""The parts of the container set-up that can be checked without a container engine."""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from stream_monitor.config.load import load
from stream_monitor.config.settings import Settings
from stream_monitor.metrics.exporter import Exporter
from stream_monitor.metrics.snapshot import Snapshot, WorkerState
from stream_monitor.testing.kafka import KAFKA_VERSION
from stream_monitor.web.api.access import Tokens
from stream_monitor.web.pages import Pages
from stream_monitor.web.server import MonitorServer
from tests.deploy.image import final_stage, image_environment, instructions
from tests.docs.test_docs import ours, parse

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
WORKERS = [name for name in SERVICES if name.startswith("worker-")]
PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+\.\d+[\w.-]*(?:@sha256:[0-9a-f]{64})?")


def mounts(service: str) -> list[tuple[str, str]]:
    """(source, target) of a service's volumes; a file or folder of ours is for reading only."""
    volumes = [each.split(":") for each in SERVICES[service].get("volumes", [])]
    assert [v for v in volumes if v[0].startswith(".") and v[2:] != ["ro"]] == []
    return [(source, target) for source, target, *_ in volumes]


def interpolated(environment: dict[str, str], given: dict[str, str]) -> dict[str, str]:
    """With variables as compose reads them: ``${NAME:-default}``."""
    variable = re.compile(r"\$\{(\w+):-([^}]*)\}")
    return {
        name: variable.sub(lambda found: given.get(found[1]) or found[2], value)
        for name, value in environment.items()
    }


def worker_settings(service: str, given: dict[str, str] | None = None) -> Settings:
    """What a worker of the composition is started with: file, image and composition."""
    environment = image_environment() | interpolated(SERVICES[service]["environment"], given or {})
    files = {target: ROOT / source for source, target in mounts(service)}
    text = files[environment["STREAM_MONITOR_CONFIG"]].read_text(encoding="utf-8")
    return load(text, environment, service)


def test_every_mounted_file_is_there_and_every_named_volume_is_declared() -> None:
    for service in SERVICES:
        for source, _ in mounts(service):
            if source.startswith("."):
                assert (ROOT / source).exists(), f"{service} mounts {source}"
            else:
                assert source in COMPOSE["volumes"], f"{service} mounts {source}"


def test_every_image_is_pinned_to_a_version() -> None:
    images = [service["image"] for service in SERVICES.values()]
    images += [rest.split()[0] for name, rest in instructions() if name == "FROM"]
    assert [image for image in images if not PINNED.fullmatch(image)] == []


def test_kafka_is_of_the_version_the_tests_run_on() -> None:
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{KAFKA_VERSION}"


def test_a_service_waits_only_for_services_that_are_there_and_can_be_healthy() -> None:
    image_has_check = any(name == "HEALTHCHECK" for name, _ in final_stage())
    for service in SERVICES.values():
        for other, wanted in service.get("depends_on", {}).items():
            assert other in SERVICES
            if wanted["condition"] == "service_healthy":
                built_here = "build" in SERVICES[other]
                assert "healthcheck" in SERVICES[other] or (built_here and image_has_check)


def test_every_service_says_whether_it_is_healthy() -> None:
    checked = {name for name, each in SERVICES.items() if "test" in each.get("healthcheck", {})}
    # The scenario ends; everything else stays.
    assert checked | set(WORKERS) | {"scenario"} == set(SERVICES)
    assert any(name == "HEALTHCHECK" for name, _ in final_stage())


@pytest.mark.parametrize("worker", WORKERS)
def test_a_worker_is_given_settings_that_the_configuration_accepts(worker: str) -> None:
    settings = worker_settings(worker)
    listeners = SERVICES["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    assert f"://{settings.kafka.bootstrap_servers}," in listeners
    assert settings.worker.host == "0.0.0.0"


@pytest.mark.parametrize("worker", WORKERS)
def test_workers_share_a_view_in_redis_if_its_address_is_given(worker: str) -> None:
    assert worker_settings(worker).redis.url is None
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    (url,) = re.findall(r"redis://\S+", example)
    redis = worker_settings(worker, {"REDIS_URL": url}).redis
    assert redis.host in SERVICES
    assert (redis.port, redis.encrypts) == (6379, False)
    assert "redis-server" in SERVICES[redis.host]["command"]


def test_each_of_the_two_workers_keeps_its_state_in_a_volume_of_its_own() -> None:
    assert len(WORKERS) == 2
    states = set()
    for worker in WORKERS:
        directory = worker_settings(worker).worker.data_dir
        states |= {source for source, target in mounts(worker) if target == directory}
        assert SERVICES[worker]["read_only"] is True
    assert len(states) == 2
    assert states <= set(COMPOSE["volumes"])


def test_ports_are_for_this_machine_only_and_no_two_are_the_same() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert len({port.split(":")[1] for port in ports}) == len(ports)


def test_no_password_stands_in_the_composition() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    settings = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    secret = re.compile(r"passw|secret|token|api_?key", re.IGNORECASE)
    lines = [line for line in settings if secret.search(line)]
    grafana = [line for line in lines if "GF_" in line]
    # Without a value, or with an empty one, compose stops and shows the words after the mark.
    stops = r" +GF_SECURITY_ADMIN_PASSWORD: \$\{GRAFANA_PASSWORD:\?[^{}]+\}"
    assert [bool(re.fullmatch(stops, line)) for line in grafana] == [True]
    given = [line.strip() for line in lines if line not in grafana and "$$" not in line]
    assert given[0] == "API_TOKEN: ${API_TOKEN:-}"
    assert all("/tmp/api-token" in line or line == "unset API_TOKEN" for line in given[1:])


@pytest.mark.parametrize("token", ["", "t" * 32])
@pytest.mark.parametrize("worker", WORKERS)
def test_the_api_opens_with_a_token_and_without_one_stays_closed(
    worker: str, token: str, tmp_path: Path
) -> None:
    service = SERVICES[worker]
    (script,) = service["command"]
    program = tmp_path / "stream-monitor"
    program.write_text('#!/bin/sh\necho "$@"\nenv\n')
    program.chmod(0o755)
    file = tmp_path / "api-token"
    said = subprocess.run(
        [*service["entrypoint"], script.replace("$$", "$").replace("/tmp/api-token", str(file))],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "API_TOKEN": token},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert said[0] == "worker"
    environment = dict(line.split("=", 1) for line in said[1:])
    assert "API_TOKEN" not in environment
    ours = {name: value for name, value in environment.items() if name.startswith("STREAM_")}
    api = load(None, image_environment() | ours, worker).api
    if not token:
        assert api == Settings().api
        assert not file.exists()
        return
    assert (api.host, api.read_token_file, api.write_token_file) == ("0.0.0.0", *[str(file)] * 2)
    assert file.stat().st_mode & 0o077 == 0
    tokens = Tokens.of(api)
    assert tokens.read == tokens.write == hashlib.sha256(token.encode()).digest()
    assert any(port.endswith(f":{api.port}") for port in service["ports"])


def test_the_example_of_the_environment_has_every_variable_and_no_password() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    given = dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))
    named = re.findall(
        r"(?<!\$)\$\{(\w+)", (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    )
    assert set(given) == set(named)
    assert given["GRAFANA_PASSWORD"] == given["API_TOKEN"] == ""
    assert ".env" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_the_composition_is_one_by_the_compose_specification() -> None:
    file = ROOT / "tests" / "deploy" / "schemas" / "compose-spec.json"
    schema = json.loads(file.read_text(encoding="utf-8"))
    validator = jsonschema.validators.validator_for(schema)(schema)
    assert [error.message for error in validator.iter_errors(COMPOSE)] == []
    broken = {**COMPOSE, "services": {"kafka": {"imagge": "x"}}}
    assert not validator.is_valid(broken)


def test_a_container_has_no_rights_and_cannot_change_what_it_runs() -> None:
    for name, service in SERVICES.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
    writable = {name for name, service in SERVICES.items() if not service.get("read_only")}
    assert writable == {"kafka"}


def test_logs_have_a_bound() -> None:
    for service in SERVICES.values():
        assert set(service["logging"]["options"]) == {"max-size", "max-file"}


def test_only_what_is_asked_for_starts_besides_the_monitor_and_its_view() -> None:
    asked = {name: each["profiles"] for name, each in SERVICES.items() if "profiles" in each}
    assert asked == {"scenario": ["scenario"], "redis": ["redis"]}


def test_the_scenario_runs_commands_that_the_program_takes_on_data_that_is_there() -> None:
    (script,) = SERVICES["scenario"]["command"]
    lines = script.replace("$$", "$").strip().splitlines()
    for line in lines:
        ((*call,),) = ours(line)
        parse(call)
        for word in call:
            if word.startswith("/data/"):
                assert (ROOT / "stream_monitor" / word[1:]).is_file()
    assert [line.split()[1] for line in lines] == ["reference", "reference", "replay"]
    assert ("./stream_monitor/data", "/data") in mounts("scenario")


def test_the_image_runs_as_a_user_without_rights_and_without_compilers() -> None:
    stage = final_stage()
    users = [rest for name, rest in stage if name == "USER"]
    assert users
    assert not users[-1].startswith(("0", "root"))
    assert "-slim" in stage[0][1]
    runs = " ".join(rest for name, rest in stage if name == "RUN")
    assert not re.search(r"apt-get|apk |gcc|build-essential|git ", runs)
    assert "--no-index" in runs
    assert re.search(
        r"pip uninstall --yes .*\bpip setuptools wheel$", runs.partition(" useradd")[0]
    )


def test_the_image_starts_a_worker_whose_state_is_in_its_volume() -> None:
    stage = dict(final_stage())
    assert json.loads(stage["ENTRYPOINT"]) == ["stream-monitor"]
    assert json.loads(stage["CMD"]) == ["worker"]
    settings = load(None, image_environment(), "Dockerfile")
    assert json.loads(stage["VOLUME"]) == [settings.worker.data_dir]
    assert stage["EXPOSE"] == f"{settings.worker.port} {settings.api.port}"
    assert settings.api.host == "127.0.0.1", "who opens it gives it a token"


def test_the_build_has_the_files_it_copies_and_the_context_lets_them_in() -> None:
    let_in = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    copied = {
        source
        for name, rest in instructions()
        if name == "COPY"
        for source in (part.removeprefix("./") for part in rest.split()[:-1])
    }
    assert copied <= let_in
    assert [name for name in copied if not (ROOT / name).exists()] == []


@pytest.fixture
def server() -> Iterator[tuple[MonitorServer, list[WorkerState]]]:
    """The worker's web server with a state that the test can change."""
    state = [WorkerState.STARTING]

    def read() -> Snapshot:
        return Snapshot(state=state[0], as_of_ms=1_000)

    with MonitorServer(Pages(read, Exporter(read), lambda: 1_000)) as made:
        yield made, state


def test_the_health_check_of_the_image_tells_a_running_worker_from_another(
    server: tuple[MonitorServer, list[WorkerState]],
) -> None:
    made, state = server
    rest = next(rest for name, rest in final_stage() if name == "HEALTHCHECK")
    command = [sys.executable, *json.loads(rest.partition("CMD ")[2])[1:]]
    environment = os.environ | {"STREAM_MONITOR_WORKER__PORT": str(made.port)}

    def code() -> int:
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
        return done.returncode

    assert code() != 0
    state[0] = WorkerState.RUNNING
    assert code() == 0
