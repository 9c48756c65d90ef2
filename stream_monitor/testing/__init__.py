"""Fakes and servers for tests, shipped so that users can test against them too."""
