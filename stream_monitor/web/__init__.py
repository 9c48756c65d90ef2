"""The worker's HTTP server: metrics, health and readiness."""
