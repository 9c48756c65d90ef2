"""From verdicts to alerts: an alert is one thing with a life, from its start to its recovery."""
