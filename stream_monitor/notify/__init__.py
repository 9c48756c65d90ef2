"""From episodes to Alertmanager, without a Prometheus in between.

What to say and when is worked out in ``payload``, ``desk`` and ``backlog``, which
read no clock and no socket; ``client`` and ``notifier`` do as they say.
"""
