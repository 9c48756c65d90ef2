"""What is said of an episode, and when."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.notify.desk import LIVES, Desk, Post
from stream_monitor.notify.payload import Links
from tests.notify.worlds import BEGAN_MS, NOW_MS, document, held

RESEND_MS = 60_000


def desk() -> Desk:
    return Desk(RESEND_MS, Links())


def test_an_episode_is_said_at_once_and_is_open_for_some_resends() -> None:
    (post,) = desk().hear(document(), NOW_MS)
    assert post.fires
    assert post.ends_ms == NOW_MS + LIVES * RESEND_MS


def test_it_is_said_again_while_it_is_open_and_not_too_often() -> None:
    at = desk()
    at.hear(document(), NOW_MS)
    said = [
        now
        for now in range(NOW_MS, NOW_MS + 5 * RESEND_MS, 1_000)
        for _ in at.present([held()], now, now)
    ]
    assert said == [NOW_MS + n * RESEND_MS for n in range(1, 5)]


def test_its_end_is_the_events_own_and_is_said_once() -> None:
    at = desk()
    at.hear(document(), NOW_MS)
    (post,) = at.hear(document("recovered"), NOW_MS + 1)
    assert (post.fires, post.ends_ms) == (False, BEGAN_MS + 300_000)
    assert at.present([], NOW_MS + 9 * RESEND_MS, NOW_MS + 9 * RESEND_MS) == []


def test_an_end_ahead_of_the_clock_is_now_or_it_would_be_open_still() -> None:
    (post,) = desk().hear(document("recovered", recovered_at=NOW_MS + 5_000), NOW_MS)
    assert post.ends_ms == NOW_MS


def test_what_is_withdrawn_is_over() -> None:
    at = desk()
    at.hear(document(), NOW_MS)
    (post,) = at.hear(document("withdrawn"), NOW_MS + 1)
    assert not post.fires
    assert at.open_episodes == 0


def test_an_episode_that_becomes_critical_is_ended_as_a_warning() -> None:
    at = desk()
    at.hear(document(severity="warning"), NOW_MS)
    ended, begun = at.hear(document("escalated"), NOW_MS + 5)
    assert (ended.fires, ended.ends_ms, ended.alert.labels["severity"]) == (
        False,
        NOW_MS + 5,
        "warning",
    )
    assert (begun.fires, begun.alert.labels["severity"]) == (True, "critical")
    assert at.open_episodes == 1


def test_after_a_rebalance_the_new_owner_goes_on_with_the_same_alert() -> None:
    old, new = desk(), desk()
    (said,) = old.hear(document(), NOW_MS)
    (taken_up,) = new.present([held()], NOW_MS + 9, NOW_MS + 9)
    assert taken_up.alert.key == said.alert.key
    assert old.present([], NOW_MS + 9, NOW_MS + 9) == [], "it does not end what it lost"
    assert old.present([], NOW_MS + 9 * RESEND_MS, NOW_MS + 9 * RESEND_MS) == []
    assert old.open_episodes == 0


def test_a_state_older_than_what_was_heard_does_not_count() -> None:
    at = desk()
    at.hear(document(), NOW_MS)
    at.present([], NOW_MS - 500, NOW_MS + 100)
    assert at.open_episodes == 1, "the state is from before it began"
    at.hear(document("recovered"), NOW_MS + 200)
    assert at.present([held()], NOW_MS + 150, NOW_MS + 300) == [], "from before it ended"
    assert at.open_episodes == 0


def test_an_alert_without_an_id_is_left_to_the_topic() -> None:
    assert desk().present([held(episode="")], NOW_MS, NOW_MS) == []


steps = st.lists(
    st.tuples(
        st.sampled_from(["started", "recovered", "withdrawn", "look"]),
        st.sampled_from(["a", "b"]),
        st.integers(1, 90_000),
    ),
    max_size=40,
)


@given(steps)
def test_whatever_happens_alertmanager_ends_up_with_what_is_open(
    steps: list[tuple[str, str, int]],
) -> None:
    at, now, truth = desk(), NOW_MS, dict[str, Any]()
    told: dict[str, Post] = {}

    def tell(posts: list[Post]) -> None:
        told.update({post.alert.episode: post for post in posts})

    for what, id_, later in steps:
        now += later
        if what == "look":
            tell(at.present(truth.values(), now, now))
        else:
            tell(at.hear(document(what, alert_id=id_), now))
            truth.pop(id_, None)
            if what == "started":
                truth[id_] = held(episode=id_)
    for _ in range(3):
        now += RESEND_MS
        tell(at.present(truth.values(), now, now))
    assert {id_ for id_, post in told.items() if post.fires and post.ends_ms > now} == set(truth)
    assert at.open_episodes == len(truth)
