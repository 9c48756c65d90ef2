"""From verdicts to alerts: a few windows in alarm open one, a few without close it."""
