"""The view in Redis is the local one: the same documents, the same answers."""

import asyncio
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream_monitor.metrics.snapshot import Standing
from stream_monitor.pipeline.effects import Publish
from stream_monitor.testing.redis import RedisServer
from stream_monitor.views.local import LocalView
from stream_monitor.views.protocol import View
from stream_monitor.views.said import said_of, standing_said
from stream_monitor.views.shelf import Bounds
from tests.views.worlds import EPOCH_MS, HASH, SLIDE_MS, Clock, alert, end_of, in_redis, report

MODELS = ("m", "a b", "ü:{x}")
OTHER = "f" * 16

windows = st.integers(0, 12)
reports = st.builds(
    report,
    windows,
    st.sampled_from(MODELS),
    st.integers(0, 3),
    st.sampled_from((HASH, OTHER)),
)


@st.composite
def alerts(draw: st.DrawFn) -> Publish:
    started = draw(windows)
    over = draw(st.none() | st.integers(started, 13))
    id_ = draw(st.sampled_from("abcde"))
    return alert(id_, draw(st.integers(1, 4)), draw(st.sampled_from(MODELS)), started, over)


standings = st.builds(
    lambda model, number: (model, Standing(end_of(number), OTHER, "ok", number)),
    st.sampled_from(MODELS),
    windows,
)
bounds = st.builds(
    Bounds, st.integers(1, 6), st.integers(0, 6).map(lambda n: n * SLIDE_MS), st.integers(1, 4)
)


async def answers(view: View) -> list[Any]:
    """Everything that can be asked."""
    cards = await view.models()
    told: list[Any] = [cards, await view.alerts(None)]
    for model in MODELS:
        told += [
            await view.latest(model),
            await view.alerts(model),
            await view.history(model, 0, end_of(99), 100),
            await view.history(model, end_of(3), end_of(8), 2),
            await view.history(model, end_of(8), end_of(3), 2),
        ]
    return told


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    said=st.lists(reports | alerts() | standings, max_size=40),
    bounds=bounds,
    clock=st.lists(st.integers(0, 1_000), min_size=40, max_size=40),
)
def test_both_views_give_the_same_answers_for_the_same_documents(
    redis: RedisServer, said: list[Any], bounds: Bounds, clock: list[int]
) -> None:
    async def play() -> None:
        local = LocalView(bounds, Clock())
        async with in_redis(redis.url, bounds) as shared:
            await shared.connection.run([("FLUSHALL",)])
            for each, more_ms in zip(said, clock, strict=False):
                now_ms = EPOCH_MS + more_ms
                if isinstance(each, Publish):
                    one = said_of(each, now_ms)
                else:
                    model, standing = each
                    one = standing_said(model, standing, now_ms)
                local.put(one)
                await shared.store.put([one])
            assert await answers(shared.view) == await answers(local)
            for model in MODELS:
                held = await shared.store.held(model)
                assert held == {(s.part, s.id): s.number for s in local.everything(model)}
                assert (await shared.store.open_alerts(model)).keys() == local.open_alerts(model)

    asyncio.run(play())


@settings(max_examples=100, deadline=None)
@given(said=st.lists(reports | alerts(), max_size=20), data=st.data())
def test_the_order_in_which_documents_come_does_not_matter_while_there_is_room(
    said: list[Publish], data: st.DataObject
) -> None:
    # Of an alert's events with the same sequence only one is ever published.
    unlike = list({(each.model, each.id): each for each in said}.values())
    room = Bounds(100, 100 * SLIDE_MS, 100)

    def told(order: list[Publish]) -> list[Any]:
        view = LocalView(room, Clock())
        for each in order:
            view.hear(each)
        return asyncio.run(answers(view))

    assert told(unlike) == told(data.draw(st.permutations(unlike)))


@settings(max_examples=40, deadline=None)
@given(said=st.lists(reports | alerts(), max_size=60), bounds=bounds)
def test_never_more_is_kept_than_the_bounds_allow(said: list[Publish], bounds: Bounds) -> None:
    view = LocalView(bounds, Clock(), max_windows=8)
    for each in said:
        view.hear(each)
        kept = [list(view.everything(model)) for model in MODELS]
        for its in kept:
            assert len({s.id for s in its if s.part in ("0", "r")}) <= bounds.history
            assert len([s for s in its if s.part == "a"]) <= bounds.alerts
        ids = {(s.model, s.id) for its in kept for s in its if s.part in ("0", "r")}
        assert len(ids) <= max(8, len(view.known))
