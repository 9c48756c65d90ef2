"""Detectors of drift side by side on the same streams, at equal false-alarm rates."""
