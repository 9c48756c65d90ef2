from stream_monitor.pipeline.messages import Slot, SlotKey
from stream_monitor.pipeline.slots import Pane, StoredSlot


def slot(last: int, rows: int, block: int = 0, partition: int = 0) -> Slot:
    key = SlotKey("m", "hash", 0, 10, partition, block)
    return Slot(key, last, rows, f"{last}".encode())


def test_a_slot_that_has_come_further_replaces_one_that_has_not() -> None:
    pane = Pane()
    pane.replace(slot(10, 5), frozen=False)
    pane.replace(slot(20, 9), frozen=False)
    assert pane.rows == 9


def test_a_slot_that_has_come_less_far_changes_nothing() -> None:
    pane = Pane()
    pane.replace(slot(20, 9), frozen=False)
    assert pane.replace(slot(10, 5), frozen=False) is None
    assert pane.rows == 9


def test_a_slot_that_says_the_same_is_kept_again() -> None:
    # After a crash the copy in the table may not have reached its changelog.
    pane = Pane()
    pane.replace(slot(20, 9), frozen=False)
    assert pane.replace(slot(20, 9), frozen=False) == (StoredSlot(20, 9, b"20"), 0)
    assert pane.rows == 9


def test_slots_of_other_blocks_and_partitions_add_up() -> None:
    pane = Pane()
    pane.replace(slot(20, 9), frozen=False)
    pane.replace(slot(40, 3, block=1), frozen=False)
    pane.replace(slot(20, 2, partition=1), frozen=False)
    assert pane.rows == 14


def test_what_comes_for_a_judged_pane_is_late_and_counted_once() -> None:
    pane = Pane()
    pane.replace(slot(20, 9), frozen=False)
    first = pane.replace(slot(30, 12), frozen=True)
    assert first is not None
    assert first[1] == 3
    again = pane.replace(slot(30, 12), frozen=True)
    assert again is not None
    assert again[1] == 0
    assert (pane.rows, pane.late_rows) == (9, 3)
    assert pane.replace(slot(25, 10), frozen=True) is None


def test_a_block_that_comes_only_after_its_pane_was_judged_is_late_as_a_whole() -> None:
    pane = Pane()
    taken = pane.replace(slot(30, 12), frozen=True)
    assert taken is not None
    assert taken[1] == 12
    assert (pane.rows, pane.late_rows) == (0, 12)


def test_a_judged_pane_of_which_nothing_more_comes_has_nothing_late() -> None:
    pane = Pane()
    pane.replace(slot(20, 9), frozen=False)
    taken = pane.replace(slot(50, 9), frozen=True)
    assert taken is not None
    assert taken[1] == 0
    assert pane.late_rows == 0
