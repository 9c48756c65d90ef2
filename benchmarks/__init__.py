"""Benchmarks: run one with ``python -m benchmarks.NAME``; the last line it prints is JSON."""
