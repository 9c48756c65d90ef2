"""The Helm chart, rendered by Helm's own library and checked against the cluster's schemas."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import helm_python
import jsonschema
import kubernetes_validate
import pytest
import yaml

from stream_monitor.config.load import load
from stream_monitor.config.settings import Settings
from stream_monitor.errors import ConfigurationError
from stream_monitor.kafka import app
from tests.deploy.chart import (
    CHART,
    EVERYTHING,
    ROOT,
    RULES,
    SECURED,
    VALUES,
    check,
    container,
    pod,
    render,
    settings,
    the_chart,
)
from tests.deploy.image import instructions


@pytest.fixture
def filled(tmp_path: Path) -> helm_python.Chart:
    """The chart with one file of rules and one dashboard, whatever the repository has."""
    copy = tmp_path / "stream-monitor"
    shutil.copytree(CHART, copy, ignore=shutil.ignore_patterns("files"))
    for name, text in (
        ("rules/a_b.yml", RULES),
        ("dashboards/d.json", '{"title": "{{x}} \\"q\\""}\n'),
    ):
        file = copy / "files" / name
        file.parent.mkdir(parents=True)
        file.write_text(text, encoding="utf-8")
    return helm_python.Chart.load(str(copy))


def test_helm_has_nothing_to_say_against_the_chart() -> None:
    said = helm_python.lint(str(CHART), strict=True)
    assert [m for m in said["messages"] if m["error"] != "icon is recommended"] == []
    assert said["errors"] == []


@pytest.mark.parametrize("values", [{}, SECURED, EVERYTHING], ids=["none", "secured", "all"])
def test_every_manifest_is_one_that_the_cluster_takes(
    values: dict[str, Any], filled: helm_python.Chart
) -> None:
    for manifest in render(values, filled).values():
        check(manifest)


def test_a_manifest_with_a_key_that_does_not_exist_is_seen() -> None:
    manifests = render(EVERYTHING)
    for name in ("StatefulSet", "ScaledObject", "ServiceMonitor", "NetworkPolicy"):
        manifest = manifests[f"{name}/demo-stream-monitor"]
        manifest["spec"]["noSuchKey"] = 1
        with pytest.raises((jsonschema.ValidationError, kubernetes_validate.ValidationError)):
            check(manifest)


def test_what_is_optional_is_not_there_by_default() -> None:
    assert {name.partition("/")[0] for name in render()} == {
        "ConfigMap",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "Service",
        "ServiceAccount",
        "StatefulSet",
    }


def test_rules_and_dashboards_come_out_as_they_are(filled: helm_python.Chart) -> None:
    manifests = render(EVERYTHING, filled)
    rule = manifests["PrometheusRule/demo-stream-monitor-a-b"]
    assert rule["spec"] == yaml.safe_load(RULES)
    assert rule["metadata"]["labels"]["release"] == "prometheus"
    dashboard = manifests["ConfigMap/demo-stream-monitor-d"]
    assert json.loads(dashboard["data"]["d.json"]) == {"title": '{{x}} "q"'}
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"


def test_every_rule_and_dashboard_of_the_repository_is_in_the_chart() -> None:
    manifests = render({"prometheusRule": {"enabled": True}, "dashboards": {"enabled": True}})
    rules = [m["spec"] for m in manifests.values() if m["kind"] == "PrometheusRule"]
    files = sorted((ROOT / "alerting" / "rules").glob("*.yml"))
    assert rules == [yaml.safe_load(file.read_text(encoding="utf-8")) for file in files]
    maps = [m["data"] for m in manifests.values() if m["kind"] == "ConfigMap"]
    names = {name for data in maps for name in data} - {"monitor.yaml"}
    assert names == {file.name for file in (ROOT / "dashboards").glob("*.json")}


def test_a_worker_is_given_settings_that_the_configuration_accepts() -> None:
    kafka = settings().kafka
    assert kafka.bootstrap_servers == VALUES["kafka"]["bootstrapServers"]
    assert (kafka.partitions, kafka.replication) == (4, 3)
    assert settings().worker.host == "0.0.0.0"
    assert settings().worker.port == container()["ports"][0]["containerPort"]
    assert settings(EVERYTHING).labels == Settings().labels


def test_secrets_are_named_and_mounted_and_the_worker_finds_them() -> None:
    security, api = settings(SECURED).kafka.security, settings(SECURED).api
    assert (security.protocol, security.mechanism) == ("sasl_ssl", "scram-sha-512")
    assert security.password is None
    mounted = {each["name"]: each["mountPath"] for each in container(SECURED)["volumeMounts"]}
    files = {
        f"{mounted[volume['name']]}/{item['path']}": (volume["secret"]["secretName"], item["key"])
        for volume in pod(SECURED)["volumes"]
        if "secret" in volume
        for item in volume["secret"]["items"]
    }
    assert files == {
        security.password_file: ("kafka", "secret-key"),
        security.ca_file: ("ca", "ca.crt"),
        security.cert_file: ("client", "tls.crt"),
        security.key_file: ("client", "tls.key"),
        settings(SECURED).redis.password_file: ("redis", "password"),
        settings(SECURED).redis.ca_file: ("redis-ca", "authority"),
        api.read_token_file: ("api", "read"),
        api.write_token_file: ("api", "write"),
        api.cert_file: ("api-tls", "tls.crt"),
        api.key_file: ("api-tls", "tls.key"),
        api.client_ca_file: ("api-clients", "ca.crt"),
        api.peer_ca_file: ("api-peers", "authority"),
    }


def test_redis_is_reached_where_there_is_one_and_nowhere_else() -> None:
    redis = settings(SECURED).redis
    assert (redis.address, redis.username) == ("rediss://redis:6380/1", "monitor")
    assert redis.password is None
    assert settings().redis.url is None

    def out(values: dict[str, Any]) -> list[int]:
        policy = render(values)["NetworkPolicy/demo-stream-monitor"]
        return [port["port"] for each in policy["spec"]["egress"] for port in each["ports"]]

    assert 6379 not in out({})
    assert 6379 in out(SECURED)
    assert 6380 in out(EVERYTHING)


OPEN = {"api": {"enabled": True, "readTokenSecret": {"name": "api"}}}
WORKERS = {
    "podSelector": {
        "matchLabels": {
            "app.kubernetes.io/name": "stream-monitor",
            "app.kubernetes.io/instance": "demo",
        }
    }
}


def ins(values: dict[str, Any]) -> dict[str, Any]:
    """Who is let in, by port."""
    policy = render(values)["NetworkPolicy/demo-stream-monitor"]
    return {rule["ports"][0]["port"]: rule["from"] for rule in policy["spec"]["ingress"]}


def test_the_api_is_for_the_pod_alone_unless_it_is_opened() -> None:
    closed = settings().api
    assert (closed.enabled, closed.host) == (True, "127.0.0.1")
    assert set(ins({})) == {"http"}
    assert [port["name"] for port in container()["ports"]] == ["http"]
    assert "Service/demo-stream-monitor-api" not in render()


def test_an_opened_api_is_reached_by_its_service_from_where_the_policy_says() -> None:
    api = settings(OPEN).api
    assert (api.enabled, api.host, api.encrypts, api.write_token_file) == (
        True, "0.0.0.0", False, None,
    )  # fmt: skip
    ports = {port["name"]: port["containerPort"] for port in container(OPEN)["ports"]}
    assert ports == {"http": 9464, "api": api.port}
    service = render(OPEN)["Service/demo-stream-monitor-api"]["spec"]
    assert [(p["port"], p["targetPort"]) for p in service["ports"]] == [(api.port, "api")]
    assert service["selector"] == render(OPEN)["Service/demo-stream-monitor"]["spec"]["selector"]
    assert "publishNotReadyAddresses" not in service, "only workers that are ready are asked"
    assert ins(OPEN) == {
        "http": VALUES["networkPolicy"]["metricsFrom"],
        "api": [{"podSelector": {}}, WORKERS],
    }
    alone = {**OPEN, "networkPolicy": {"metricsFrom": []}}
    assert set(ins(alone)) == {"api"}
    assert ins({**OPEN, "networkPolicy": {"metricsFrom": [], "apiFrom": []}}) == {"api": [WORKERS]}
    assert settings(SECURED).api.trusted_proxies == ("10.244.0.0/16", "fd00::/8")


def test_workers_reach_each_other_by_the_names_that_the_headless_service_gives_them() -> None:
    service = render(OPEN)["Service/demo-stream-monitor"]["spec"]
    spec = render(OPEN)["StatefulSet/demo-stream-monitor"]["spec"]
    assert (service["clusterIP"], spec["serviceName"]) == ("None", "demo-stream-monitor")
    name = "demo-stream-monitor-0.demo-stream-monitor.ml.svc"
    assert settings(OPEN).api.advertise == f"http://{name}:6066"
    assert settings(SECURED).api.advertise == f"https://{name}:6066"
    assert settings().api.advertise is None
    egress = render(OPEN)["NetworkPolicy/demo-stream-monitor"]["spec"]["egress"]
    assert [each["to"] for each in egress if each["ports"][0]["port"] == "api"] == [[WORKERS]]
    labels = spec["template"]["metadata"]["labels"]
    assert labels.items() >= WORKERS["podSelector"]["matchLabels"].items()


def test_an_ingress_leads_to_the_service_of_the_api() -> None:
    manifests = render(EVERYTHING)
    spec = manifests["Ingress/demo-stream-monitor"]["spec"]
    (rule,) = spec["rules"]
    (path,) = rule["http"]["paths"]
    service = manifests[f"Service/{path['backend']['service']['name']}"]["spec"]
    assert path["backend"]["service"]["port"]["name"] in {p["name"] for p in service["ports"]}
    assert spec["tls"] == [{"hosts": [rule["host"]], "secretName": "monitor-tls"}]
    assert ins(EVERYTHING)["api"] == [*EVERYTHING["networkPolicy"]["apiFrom"], WORKERS]
    assert "Ingress/demo-stream-monitor" not in render(SECURED)


def test_what_is_scraped_is_no_port_of_the_api() -> None:
    manifests = render(EVERYTHING)
    (endpoint,) = manifests["ServiceMonitor/demo-stream-monitor"]["spec"]["endpoints"]
    api = manifests["Service/demo-stream-monitor-api"]["spec"]["ports"]
    assert endpoint["port"] not in {port["name"] for port in api}
    for probe in ("startup", "readiness", "liveness"):
        assert container(EVERYTHING)[f"{probe}Probe"]["httpGet"]["port"] == "http"


def test_the_group_that_keda_measures_is_that_of_the_workers() -> None:
    values = {"keda": {"enabled": True}, "kafka": {"topicPrefix": "prod.", "group": "g"}}
    manifests = render(values)
    (trigger,) = manifests["ScaledObject/demo-stream-monitor"]["spec"]["triggers"]
    kafka = settings(values).kafka
    assert trigger["metadata"]["topic"] == kafka.topic("predictions")
    assert trigger["metadata"]["consumerGroup"] == kafka.topic_prefix + kafka.group
    assert "replicas" not in manifests["StatefulSet/demo-stream-monitor"]["spec"]


def test_the_lag_that_stands_at_block_boundaries_does_not_scale() -> None:
    standing = VALUES["kafka"]["partitions"] * settings().kafka.block_size
    assert VALUES["keda"]["lagThreshold"] >= standing
    assert VALUES["keda"]["maxReplicas"] <= VALUES["kafka"]["partitions"]


def test_a_pod_is_killed_only_after_a_worker_had_time_to_stop() -> None:
    assert pod()["terminationGracePeriodSeconds"] > app._STOP_TIMEOUT_S + 5
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    assert schema["properties"]["terminationGracePeriodSeconds"]["minimum"] > app._STOP_TIMEOUT_S


def test_a_pod_has_no_rights_and_writes_to_its_volumes_alone() -> None:
    spec, only = pod(), container()
    user = next(rest for name, rest in reversed(instructions()) if name == "USER")
    owner = spec["securityContext"]
    assert f"{owner['runAsUser']}:{owner['runAsGroup']}" == user
    assert owner["runAsNonRoot"] is True
    assert owner["fsGroup"] == owner["runAsGroup"]
    assert spec["automountServiceAccountToken"] is False
    assert only["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    writable = {m["mountPath"] for m in only["volumeMounts"] if not m.get("readOnly")}
    assert writable == {settings().worker.data_dir, "/tmp"}


def test_kubernetes_sets_no_variable_that_a_worker_would_take_for_a_setting() -> None:
    assert pod()["enableServiceLinks"] is False
    with pytest.raises(ConfigurationError, match="no such setting"):
        load(None, {"STREAM_MONITOR_SERVICE_HOST": "10.0.0.1"}, "environment")


def test_probes_ask_for_pages_that_a_worker_has() -> None:
    only = container()
    paths = {name: only[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "readiness")}
    assert paths == {"startup": "/health", "readiness": "/ready"}
    patience = VALUES["probes"]["liveness"]
    assert patience["periodSeconds"] * patience["failureThreshold"] >= 600


@pytest.mark.parametrize(
    "values",
    [
        {"replica": 3},
        {"replicas": "3"},
        {"config": {"kafka": {}}},
        {"terminationGracePeriodSeconds": 20},
        {"kafka": {"bootstrapServers": "kafka"}},
        {"kafka": {"security": {"protocol": "tls"}}},
        {"redis": {"url": "redis://:in-the-open@redis"}},
        {"redis": {"url": "redis"}},
        {"redis": {"passwordSecret": {"name": "redis"}}},
        {"redis": {"url": "redis://redis", "caSecret": {"name": "ca"}}},
        {"kafka": {"security": {"protocol": "sasl_ssl"}}},
        {"kafka": {"security": {"password": "in the open"}}},
        {"kafka": {"security": {"caSecret": {"name": "ca"}}}},
        {"kafka": {"security": {"passwordSecret": {"name": "kafka"}}}},
        {"api": {"enabled": True}},
        {"api": {"readTokenSecret": {"name": "api"}}},
        {"api": {"ingress": {"enabled": True, "host": "a"}}},
        {"api": {**OPEN["api"], "ingress": {"enabled": True}}},
        {"api": {**OPEN["api"], "clientCaSecret": {"name": "ca"}}},
        {"api": {**OPEN["api"], "trustedProxies": ["everybody"]}},
        {"api": {**OPEN["api"], "token": "in the open"}},
        {"image": {"digest": "sha256:1"}},
        {"podAntiAffinity": "some"},
    ],
)
def test_values_that_are_wrong_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(helm_python.HelmError):
        the_chart().validate_schema(the_chart().merge_values(values))


@pytest.mark.parametrize(
    "values", [{}, SECURED, EVERYTHING, OPEN], ids=["none", "secured", "all", "open"]
)
def test_values_that_are_right_are_taken(values: dict[str, Any]) -> None:
    the_chart().validate_schema(the_chart().merge_values(values))


def leaves(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Every value by its dotted name; what an operator fills freely is one value."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict) and value and key != "labels":
            found |= leaves(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = value
    return found


def test_the_readme_lists_every_value_with_its_default() -> None:
    text = (CHART / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w.]+)` \| `(.*?)` \|", text, re.MULTILINE)
    assert {name: yaml.safe_load(default) for name, default in rows} == leaves(VALUES)
    assert len(rows) == len(leaves(VALUES))


def test_the_chart_is_of_the_package_s_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{chart["appVersion"]}"' in project
