"""The dashboards as code; ``python -m scripts.dashboards`` writes dashboards/*.json."""

import warnings

with warnings.catch_warnings():
    # The SDK's modules would rather write schema v2 and say so as they are imported; what every
    # Grafana reads from a folder is the schema before it.
    warnings.filterwarnings("ignore", "Prefer using dashboardv2", DeprecationWarning)
    import grafana_foundation_sdk.builders.bargauge
    import grafana_foundation_sdk.builders.dashboard  # noqa: F401
