"""What Prometheus, Alertmanager and Grafana are given, checked by their own programs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.test_compose import ROOT, SERVICES, WORKERS, mounts, worker_settings

PROVISIONING = ROOT / "deploy" / "grafana" / "provisioning"


def run(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    found = shutil.which(program)
    if found is None:
        pytest.fail(f"{program} is missing: apt-get install prometheus prometheus-alertmanager")
    command = [found, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def prometheus() -> dict[str, Any]:
    loaded = read(ROOT / "deploy" / "prometheus" / "prometheus.yml")
    assert isinstance(loaded, dict)
    return loaded


def inside(service: str, path: str) -> Path:
    """The file or folder of ours that a path in a container is."""
    for source, target in mounts(service):
        if path == target or path.startswith(f"{target}/"):
            return (ROOT / source / path[len(target) :].lstrip("/")).resolve()
    raise AssertionError(f"nothing of ours is at {path} in {service}")


def targets(job: dict[str, Any]) -> set[str]:
    return {target for each in job["static_configs"] for target in each["targets"]}


def test_prometheus_takes_its_configuration_and_the_rules_of_the_repository(
    tmp_path: Path,
) -> None:
    given = prometheus()
    (rules,) = given["rule_files"]
    given["rule_files"] = [str(inside("prometheus", rules))]
    file = tmp_path / "prometheus.yml"
    file.write_text(yaml.safe_dump(given), encoding="utf-8")
    done = run("promtool", "check", "config", file)
    assert done.returncode == 0, done.stdout + done.stderr
    written = len(list((ROOT / "alerting" / "rules").glob("*.yml")))
    assert written == 0 or f"{written} rule files found" in done.stdout


def test_a_configuration_of_prometheus_that_is_wrong_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "prometheus.yml"
    file.write_text("scrape_config: []\n", encoding="utf-8")
    assert run("promtool", "check", "config", file).returncode != 0


def test_alertmanager_takes_its_configuration(tmp_path: Path) -> None:
    folder = tmp_path / "alertmanager"
    shutil.copytree(ROOT / "alerting", folder)
    file = folder / "alertmanager.yml"
    # The container's templates are beside its configuration, as they are here.
    text = file.read_text(encoding="utf-8").replace("/etc/alertmanager/", f"{folder}/")
    file.write_text(text, encoding="utf-8")
    done = run("amtool", "check-config", file)
    assert done.returncode == 0, done.stdout + done.stderr
    file.write_text("route: {receiver: none}\n", encoding="utf-8")
    assert run("amtool", "check-config", file).returncode != 0


@pytest.mark.parametrize("service", ["prometheus", "alertmanager"])
def test_a_server_is_given_the_file_and_the_storage_that_are_mounted(service: str) -> None:
    given = dict(word[2:].split("=", 1) for word in SERVICES[service]["command"])
    assert inside(service, given["config.file"]).is_file()
    storage = given.get("storage.tsdb.path") or given["storage.path"]
    assert storage in {target for source, target in mounts(service) if not source.startswith(".")}


def test_prometheus_scrapes_every_worker_where_it_listens() -> None:
    (job,) = [job for job in prometheus()["scrape_configs"] if job["job_name"] == "stream-monitor"]
    assert targets(job) == {f"{name}:{worker_settings(name).worker.port}" for name in WORKERS}


def test_prometheus_tells_the_alertmanager_of_the_composition() -> None:
    (each,) = prometheus()["alerting"]["alertmanagers"]
    (target,) = targets(each)
    assert target.partition(":")[0] in SERVICES
    assert target.partition(":")[2] == SERVICES["alertmanager"]["ports"][0].rpartition(":")[2]


def test_grafana_asks_the_prometheus_of_the_composition() -> None:
    (source,) = read(PROVISIONING / "datasources" / "prometheus.yml")["datasources"]
    port = SERVICES["prometheus"]["ports"][0].rpartition(":")[2]
    assert source["url"] == f"http://prometheus:{port}"
    assert source["jsonData"]["timeInterval"] == prometheus()["global"]["scrape_interval"]
    assert inside("grafana", "/etc/grafana/provisioning") == PROVISIONING


def test_grafana_finds_the_dashboards_of_the_repository() -> None:
    (provider,) = read(PROVISIONING / "dashboards" / "stream-monitor.yml")["providers"]
    assert inside("grafana", provider["options"]["path"]) == ROOT / "dashboards"
