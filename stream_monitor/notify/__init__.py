"""From episodes to Alertmanager, without a Prometheus in between.

What to say and when is worked out in ``payload``, ``desk``, ``backlog`` and ``backoff``, which
read no clock and no socket; ``client`` and ``notifier`` do as they say.
"""
