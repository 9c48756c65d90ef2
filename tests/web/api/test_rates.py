"""How many requests an address may make."""

from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.web.api.rates import MAX_ADDRESSES, Rates
from tests.web.api.worlds import serving


@given(
    st.integers(1, 50),
    st.lists(st.integers(0, 2_000), min_size=1, max_size=200),
)
def test_never_more_than_the_rate_and_one_burst(per_second: int, steps: list[int]) -> None:
    rates, now_ms, taken = Rates(per_second), 0, 0
    for turn, step in enumerate(steps):
        now_ms += step
        wait_s = rates.take("a", now_ms)
        taken += wait_s == 0
        assert taken <= 2 * per_second + per_second * now_ms / 1000 + 1e-6
        assert rates.take(f"another {turn}", now_ms) == 0, "others are not held up"


@given(st.integers(1, 50))
def test_who_waits_as_long_as_told_may_go_on(per_second: int) -> None:
    rates = Rates(per_second)
    while not (wait_s := rates.take("a", 0)):
        pass
    assert rates.take("a", wait_s * 1000) == 0


def test_addresses_that_are_remembered_are_bounded() -> None:
    rates = Rates(1)
    for number in range(MAX_ADDRESSES + 100):
        rates.take(str(number), 0)
    assert len(rates._buckets) == MAX_ADDRESSES


def test_too_many_requests_are_a_429_that_says_when_to_come_back() -> None:
    with serving(max_requests=2) as api:
        statuses = [api.ask("/monitor/models").status for _ in range(5)]
        assert statuses == [200, 200, 200, 200, 429]
        got = api.ask("/nothing")
        assert (got.status, got.headers["retry-after"]) == (429, "1")
        assert "api.max_requests" in got.document["detail"]
        api.now_ms += 1_000
        assert api.ask("/monitor/models").status == 200
