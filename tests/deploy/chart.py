"""The Helm chart as it comes out of Helm's own library, and the schemas that it has to fit."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import helm_python
import jsonschema
import kubernetes_validate
import yaml

from stream_monitor.config.load import load
from stream_monitor.config.settings import Settings
from tests.deploy.image import image_environment

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy" / "helm" / "stream-monitor"
VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
SCHEMAS = Path(__file__).parent / "schemas"
KUBERNETES = kubernetes_validate.latest_version()

SECURED: dict[str, Any] = {
    "kafka": {
        "security": {
            "protocol": "sasl_ssl",
            "mechanism": "scram-sha-512",
            "username": "monitor",
            "passwordSecret": {"name": "kafka", "key": "secret-key"},
            "caSecret": {"name": "ca"},
            "clientCertificateSecret": {"name": "client"},
        }
    },
    "redis": {
        "url": "rediss://monitor@redis:6380/1",
        "passwordSecret": {"name": "redis"},
        "caSecret": {"name": "redis-ca", "key": "authority"},
    },
    "api": {
        "enabled": True,
        "readTokenSecret": {"name": "api", "key": "read"},
        "writeTokenSecret": {"name": "api", "key": "write"},
        "certificateSecret": {"name": "api-tls"},
        "clientCaSecret": {"name": "api-clients"},
        "peerCaSecret": {"name": "api-peers", "key": "authority"},
        "trustedProxies": ["10.244.0.0/16", "fd00::/8"],
    },
}
EVERYTHING: dict[str, Any] = {
    **SECURED,
    "api": {
        **SECURED["api"],
        "ingress": {
            "enabled": True,
            "className": "nginx",
            "host": "monitor.example.org",
            "tlsSecret": "monitor-tls",
            "annotations": {"nginx.ingress.kubernetes.io/backend-protocol": "HTTPS"},
        },
    },
    "image": {"pullSecrets": ["registry"], "digest": f"sha256:{'0' * 64}"},
    "config": (ROOT / "monitor.example.yaml").read_text(encoding="utf-8"),
    "extraEnv": [{"name": "TZ", "value": "UTC"}],
    "createTopics": False,
    "persistence": {"storageClass": "fast"},
    "podAntiAffinity": "hard",
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"key": "dedicated", "operator": "Exists"}],
    "priorityClassName": "high",
    "podAnnotations": {"a": "b"},
    "podLabels": {"team": "ml"},
    "serviceAccount": {"annotations": {"a": "b"}},
    "networkPolicy": {
        "apiFrom": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "web"}}}],
        "kafkaTo": [{"ipBlock": {"cidr": "10.0.0.0/8"}}],
        "kafkaPorts": [9093, 9094],
        "redisTo": [{"podSelector": {"matchLabels": {"app": "redis"}}}],
        "redisPorts": [6380],
    },
    "keda": {
        "enabled": True,
        "authenticationRef": "kafka",
        "tls": True,
        "sasl": "scram_sha512",
        "extraTriggers": [
            {"type": "cpu", "metricType": "Utilization", "metadata": {"value": "80"}}
        ],
    },
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "prometheusRule": {"enabled": True, "labels": {"release": "prometheus"}},
    "dashboards": {"enabled": True, "annotations": {"folder": "ml"}},
}
RULES = """\
groups:
  - name: g
    rules:
      - {alert: A, expr: up == 0, annotations: {summary: "{{ $labels.job }}"}}
"""


@cache
def the_chart() -> helm_python.Chart:
    return helm_python.Chart.load(str(CHART))


def render(
    values: dict[str, Any] | None = None, chart: helm_python.Chart | None = None
) -> dict[str, dict[str, Any]]:
    """Every manifest of a release named demo, by ``Kind/name``."""
    files = (chart or the_chart()).render(values or {}, name="demo", namespace="ml")
    found = {}
    for path, text in files.items():
        if not path.endswith(".txt"):
            for manifest in filter(None, yaml.safe_load_all(text)):
                found[f"{manifest['kind']}/{manifest['metadata']['name']}"] = manifest
    return found


def pod(values: dict[str, Any] | None = None) -> dict[str, Any]:
    template: dict[str, Any] = render(values)["StatefulSet/demo-stream-monitor"]["spec"]["template"]
    spec: dict[str, Any] = template["spec"]
    return spec


def container(values: dict[str, Any] | None = None) -> dict[str, Any]:
    (only,) = pod(values)["containers"]
    assert isinstance(only, dict)
    return only


def settings(values: dict[str, Any] | None = None) -> Settings:
    """What a worker of the release is started with: image, ConfigMap and variables."""
    fields = {"metadata.name": "demo-stream-monitor-0"}
    given: dict[str, str] = {}
    for each in container(values)["env"]:
        if "valueFrom" in each:
            given[each["name"]] = fields[each["valueFrom"]["fieldRef"]["fieldPath"]]
        else:  # the cluster knows the variables above this one
            given[each["name"]] = re.sub(
                r"\$\((\w+)\)", lambda match: given[match[1]], each["value"]
            )
    text = render(values)["ConfigMap/demo-stream-monitor"]["data"]["monitor.yaml"]
    return load(text, image_environment() | given, "monitor.yaml")


def check(manifest: dict[str, Any]) -> None:
    own = SCHEMAS / f"{manifest['kind']}.json"
    if own.exists():
        jsonschema.validate(manifest, json.loads(own.read_text(encoding="utf-8")))
    else:
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
