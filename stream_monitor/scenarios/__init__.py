"""Streams whose answer is known."""
