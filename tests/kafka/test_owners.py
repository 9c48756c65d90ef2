"""Who is said to own a model, from what the group's assignor tells; no Kafka."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from faust.assignor.partition_assignor import PartitionAssignor

from stream_monitor.kafka.admin import STATE_TABLE
from stream_monitor.kafka.app import AppSettings, create_app
from stream_monitor.kafka.owners import Owners
from stream_monitor.kafka.table import StateTable
from stream_monitor.views.owner import Owner
from tests.kafka.asked import MODELS

HERE = "http://here:1"


class Group:
    """A worker, and what its group tells it: who holds which partitions."""

    def __init__(self, home: Path) -> None:
        self.app = create_app(AppSettings("127.0.0.1:1", "monitor", home))
        StateTable(self.app, STATE_TABLE, 1_000_000)
        self.is_running = True
        self.owners = Owners(self.app, lambda: len(MODELS), lambda: self.is_running)

    @property
    def url(self) -> str:
        """What this worker announces."""
        return str(self.app.conf.canonical_url)

    def tell(self, held: Mapping[str, Sequence[int]]) -> None:
        """Which URLs hold which partitions."""
        changelog = "monitor-state-changelog"
        assignor = self.app.assignor
        assert isinstance(assignor, PartitionAssignor)
        assignor.changelog_distribution = {
            url: {changelog: list(partitions)} for url, partitions in held.items()
        }


@pytest.fixture(name="group")
def _group(tmp_path: Path) -> Group:
    return Group(tmp_path)


def test_the_owner_is_who_holds_the_partition_of_the_models_summaries(group: Group) -> None:
    group.owners.announce(HERE)
    group.tell({group.url: (0, 2), "https://there:2#a": (1,)})
    here, there = Owner(group.owners.me, HERE), Owner("a", "https://there:2")
    found = [group.owners.of(MODELS[partition]) for partition in range(4)]
    assert found == [here, there, here, None]
    group.is_running = False
    assert [group.owners.of(MODELS[partition]) for partition in (0, 1)] == [None, there]


def test_before_the_group_has_told_anything_nobody_owns_a_model(group: Group) -> None:
    assert [group.owners.of(model) for model in MODELS.values()] == [None] * 4


def test_a_worker_without_an_address_that_leads_to_it_cannot_be_asked(group: Group) -> None:
    group.owners.announce(HERE)
    group.tell({f"{HERE}#another": [0], "http://of-an-older-version:6066": [1], "urn:uuid:b": [2]})
    assert [group.owners.of(model) for model in MODELS.values()] == [None] * 4


def test_every_start_announces_something_else_even_without_an_api(tmp_path: Path) -> None:
    silent, announced = ([Group(tmp_path) for _ in range(2)] for _ in range(2))
    for group in announced:
        group.owners.announce(HERE)
    assert len({group.url for group in (*silent, *announced)}) == 4
