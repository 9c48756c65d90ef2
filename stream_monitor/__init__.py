"""Exact drift, quality and performance monitoring of model predictions on Kafka."""
