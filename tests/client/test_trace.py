import pytest

from stream_monitor.client.trace import MAX_STATE, from_headers, valid

GOOD = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    "parent",
    [GOOD, GOOD[:-1] + "0", "cc" + GOOD[2:], "cc" + GOOD[2:] + "-what-the-future-brings"],
)
def test_a_traceparent_of_the_standard_is_carried(parent: str) -> None:
    assert valid(parent, "vendor=1") == (parent, "vendor=1")


@pytest.mark.parametrize(
    "parent",
    [
        None,
        7,
        "",
        GOOD.upper(),
        GOOD + "-more",
        "ff" + GOOD[2:],
        "00-" + "0" * 32 + GOOD[35:],
        GOOD[:36] + "0" * 16 + "-01",
        GOOD + "\n",
        "cc" + GOOD[2:] + "-" + "x" * 65,
    ],
)
def test_anything_else_is_dropped_and_its_state_with_it(parent: object) -> None:
    assert valid(parent, "vendor=1") == (None, None)


@pytest.mark.parametrize("state", [None, 3, "", "a" * (MAX_STATE + 1), "a=\n"])
def test_a_state_that_is_none_leaves_the_parent(state: object) -> None:
    assert valid(GOOD, state) == (GOOD, None)


def test_headers_are_found_in_either_case() -> None:
    assert from_headers({"traceparent": GOOD, "tracestate": "a=1"}) == (GOOD, "a=1")
    assert from_headers({"Traceparent": GOOD, "Tracestate": "a=1"}) == (GOOD, "a=1")
    assert from_headers({}) == (None, None)
