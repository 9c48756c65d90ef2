"""Tokens whose files change while a worker runs."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from stream_monitor.config.api import ApiSettings
from stream_monitor.errors import ConfigurationError
from stream_monitor.web.api.access import Tokens
from stream_monitor.web.api.watched import LOOK_MS, Watched
from tests.web.api.test_access import READ, WRITE, bearer
from tests.web.api.worlds import Api, serving

NEW = "n" * 32


@dataclass
class World:
    """An API whose tokens are in a folder, and its clock."""

    home: Path
    now_ms: int = 0
    said: list[str] = field(default_factory=list)
    api: Api = field(default_factory=Api)

    def write(self, name: str, text: str) -> None:
        """As a mounted Secret is changed: the new file takes the old one's place."""
        new = self.home / "new"
        new.write_text(text)
        os.replace(new, self.home / name)

    def tokens(self) -> Watched[Tokens]:
        read, write = str(self.home / "read_token_file"), str(self.home / "write_token_file")
        settings = ApiSettings(read_token_file=read, write_token_file=write)
        return Watched(
            [read, write], lambda: Tokens.of(settings), lambda: self.now_ms, self.said.append
        )

    def status(self, token: str) -> int:
        return self.api.ask("/monitor/models", headers=bearer(token)).status


@pytest.fixture(name="world")
def _world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    world.write("read_token_file", READ)
    world.write("write_token_file", WRITE)
    with serving(tokens=world.tokens()) as world.api:
        yield world


def test_a_new_token_counts_within_a_second_and_the_old_one_no_more(world: World) -> None:
    assert (world.status(READ), world.status(NEW)) == (200, 401)
    world.write("read_token_file", NEW)
    assert (world.status(READ), world.status(NEW)) == (200, 401), "it is not looked at each time"
    world.now_ms += LOOK_MS
    assert (world.status(READ), world.status(NEW)) == (401, 200)
    assert world.status(WRITE) == 200
    assert world.said == []


@pytest.mark.parametrize("text", ["", "short", "\udcff" * 20, "x" * 5_000], ids=len)
def test_a_file_that_holds_no_token_changes_nothing_and_is_told_once(
    world: World, text: str
) -> None:
    new = world.home / "new"
    new.write_bytes(text.encode("utf-8", "surrogateescape"))
    os.replace(new, world.home / "read_token_file")
    for _ in range(5):
        world.now_ms += LOOK_MS
        assert (world.status(READ), world.status("short")) == (200, 401)
    (sentence,) = world.said
    assert "api.read_token_file" in sentence
    assert READ not in sentence
    assert "short" not in sentence.replace("shorter", "")


def test_a_file_that_is_gone_opens_nothing(world: World) -> None:
    (world.home / "read_token_file").unlink()
    (world.home / "write_token_file").unlink()
    world.now_ms += LOOK_MS
    assert world.api.ask("/monitor/models").status == 401
    assert world.status(READ) == 200
    assert len(world.said) == 1
    world.write("read_token_file", NEW)
    world.write("write_token_file", WRITE)
    world.now_ms += LOOK_MS
    assert (world.status(READ), world.status(NEW)) == (401, 200)


def test_what_is_wrong_at_the_start_refuses_to_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        World(tmp_path).tokens()
