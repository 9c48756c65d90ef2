"""The dashboards as code; ``python -m scripts.dashboards`` writes dashboards/*.json."""

import warnings
from importlib import import_module

with warnings.catch_warnings():
    # The SDK's modules would rather write schema v2 and say so as they are imported; what every
    # Grafana reads from a folder is the schema before it.
    warnings.filterwarnings("ignore", "Prefer using dashboardv2", DeprecationWarning)
    for _name in ("bargauge", "dashboard"):
        import_module(f"grafana_foundation_sdk.builders.{_name}")
