"""Events and labels that are sent by HTTP: what is taken, and what is wrong with the rest."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_monitor.config.api import ApiSettings
from stream_monitor.events.batch import Record
from stream_monitor.events.decode import Decoder
from stream_monitor.events.labels import LabelDecoder
from stream_monitor.events.limits import Limits
from stream_monitor.web.api import bodies
from stream_monitor.web.api.problems import ProblemDocument, ProblemError
from tests.metrics.worlds import NOW_MS
from tests.web.api.worlds import Api, serving

EVENT = {"model": "m", "prediction_id": "1", "features": {"x": 1.5, "c": "a"}, "score": 0.2}
LABEL = {"model": "m", "prediction_id": "1", "ground_truth": "repay"}


@pytest.fixture(name="api")
def _api() -> Iterator[Api]:
    with serving() as api:
        yield api


def test_one_event_is_one_message(api: Api) -> None:
    got = api.post("/monitor/predict", EVENT)
    assert (got.status, got.document) == (202, {"accepted": 1})
    ((topic, value),) = api.kafka.sent
    assert (topic, json.loads(value)) == ("predictions", EVENT)


def test_a_list_is_a_message_each(api: Api) -> None:
    assert api.post("/monitor/labels", [LABEL, LABEL]).document == {"accepted": 2}
    assert [(t, json.loads(v)) for t, v in api.kafka.sent] == [("labels", LABEL)] * 2


@pytest.mark.parametrize(
    ("path", "body", "fault"),
    [
        ("predict", {"features": {}}, "model"),
        ("predict", [EVENT, {"features": {}}], "[1].model"),
        ("predict", [EVENT, EVENT, {**EVENT, "features": [1]}], "[2].features"),
        ("predict", {**EVENT, "timestamp": 1_790_000_190}, "timestamp"),
        ("predict", {**EVENT, "timestamp": "2099-01-01T00:00:00Z"}, "timestamp"),
        ("predict", {**EVENT, "prediction_id": [1]}, "prediction_id"),
        ("predict", {"model": "m", "columns": {"features": {"x": [1]}}}, "columns"),
        ("predict", [3], "[0]"),
        ("predict", 3, ""),
        ("predict", [], ""),
        ("predict", b'{"model": "m"', ""),
        ("predict", b"\xff", ""),
        ("labels", {"model": "m", "prediction_id": "1"}, "ground_truth"),
        ("labels", [{**LABEL, "prediction_id": 1.5}], "[0].prediction_id"),
        ("labels", [LABEL, {**LABEL, "prediction_id": ""}], "[1].prediction_id"),
        ("labels", EVENT, "ground_truth"),
    ],
)
def test_what_is_wrong_is_a_422_with_its_path_and_nothing_is_sent(
    api: Api, path: str, body: Any, fault: str
) -> None:
    got = api.post(f"/monitor/{path}", body)
    assert got.status == 422
    assert [error["path"] for error in got.document["errors"]] == [fault]
    assert "`" not in got.document["detail"]
    assert not api.kafka.sent


def test_every_fault_is_told_up_to_a_hundred(api: Api) -> None:
    got = api.post("/monitor/predict", [{}] * 150)
    assert len(got.document["errors"]) == 100
    assert "150 such faults" in got.document["detail"]


#: For each field of an event, or of a label, what is wrong there; ``None`` is left out.
WRONG_EVENT: dict[str, list[Any]] = {
    "model": [None, "", 3, "m" * 300],
    "features": [[1], {"x" * 300: 1}],
    "model_version": [[1], True],
    "prediction_id": [1.5, {}],
    "timestamp": ["never", -1, "2099-01-01T00:00:00Z"],
    "scores": [3, "high"],
    "segments": [[], "north"],
    "columns": [{"features": {"x": [1]}}, 3],
}
WRONG_LABEL: dict[str, list[Any]] = {
    "model": WRONG_EVENT["model"],
    "prediction_id": [None, "", 1.5],
    "ground_truth": [None],
    "timestamp": WRONG_EVENT["timestamp"],
    "columns": WRONG_EVENT["columns"],
}


def wrong(all_of: dict[str, list[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Some of the fields, and what is wrong with each."""
    fields = st.sets(st.sampled_from([*all_of]), min_size=1)
    return fields.flatmap(
        lambda chosen: st.fixed_dictionaries({f: st.sampled_from(all_of[f]) for f in chosen})
    )


@given(st.lists(wrong(WRONG_EVENT), max_size=3), st.lists(wrong(WRONG_LABEL), max_size=3))
def test_every_field_that_is_wrong_is_told_at_once(
    events: list[dict[str, Any]], labels: list[dict[str, Any]]
) -> None:
    whole_event = {**EVENT, "timestamp": NOW_MS, "scores": {"a": 0.1}, "segments": {"s": "n"}}
    for check, whole, wrongs in (
        (bodies.events, whole_event, events),
        (bodies.labels, {**LABEL, "timestamp": NOW_MS}, labels),
    ):
        items = [whole, *({**whole, **wrong} for wrong in wrongs)]
        if not wrongs:
            assert len(check(json.dumps(items).encode(), Limits(), NOW_MS)) == 1
            continue
        with pytest.raises(ProblemError) as refused:
            check(json.dumps(items).encode(), Limits(), NOW_MS)
        told = [(fault.path, fault.message) for fault in refused.value.document.errors]
        assert {path for path, _ in told} == {
            f"[{i}].{field}" for i, wrong in enumerate(wrongs, 1) for field in wrong
        }
        assert len(told) == sum(map(len, wrongs)), "each once"
        items_told = [path.partition(".")[0] for path, _ in told]
        assert items_told == sorted(items_told), "one item after the other"
        assert all(message.startswith(path.partition(".")[2]) for path, message in told)


def test_of_many_items_with_faults_the_first_hundred_are_looked_at_to_the_end() -> None:
    bad = {"features": [1], "timestamp": "never", "scores": 3}
    with pytest.raises(ProblemError) as refused:
        bodies.events(json.dumps([bad] * 1_000).encode(), Limits(), NOW_MS)
    document = refused.value.document
    assert len(document.errors) == 100
    assert [fault.path for fault in document.errors[:4]] == [
        "[0].model", "[0].features", "[0].scores", "[0].timestamp",
    ]  # fmt: skip
    # Of four faults each: all of a hundred items, one of each of the others.
    assert "at least 1,300 such faults" in document.detail


def test_a_value_of_another_type_is_a_fact_of_quality_and_no_fault(api: Api) -> None:
    body = b'{"model": "m", "features": {"x": NaN, "c": [1]}, "score": "high", "latency_ms": {}}'
    assert api.post("/monitor/predict", body).status == 202
    assert b"NaN" in api.kafka.sent[0][1]


def test_kafka_that_does_not_take_it_is_a_503_and_no_success(api: Api) -> None:
    api.kafka.is_gone = True
    got = api.post("/monitor/predict", EVENT)
    assert (got.status, got.headers["retry-after"]) == (503, "1")
    assert "send this again" in got.document["detail"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_form_of_another_site_is_refused(api: Api, kind: str) -> None:
    assert api.post("/monitor/predict", EVENT, {"Content-Type": kind}).status == 415
    assert not api.kafka.sent


def test_a_body_that_is_too_large_is_a_413_whether_it_says_so_or_not() -> None:
    with serving(max_body_bytes=2_000) as api:
        large = {**EVENT, "segments": {"s": "x" * 3_000}}
        got = api.post("/monitor/predict", large)
        assert got.status == 413
        assert "api.max_body_bytes" in got.document["detail"]
        pieces = iter([json.dumps(large).encode()])
        assert api.post("/monitor/predict", pieces).status == 413
        assert not api.kafka.sent


def test_more_items_than_a_request_may_have_are_refused(api: Api) -> None:
    assert api.post("/monitor/predict", [{"model": "m"}] * (bodies.MAX_ITEMS + 1)).status == 413


def test_the_default_body_has_room_for_a_thousand_events() -> None:
    assert len(json.dumps([EVENT] * 1_000)) < ApiSettings().max_body_bytes


names = st.sampled_from(
    ["model", "features", "prediction_id", "timestamp", "ground_truth", "columns", "scores", "x"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
items = st.builds(
    lambda base, more: {**base, **more},
    st.sampled_from([EVENT, LABEL, {}]),
    st.dictionaries(names, values, max_size=2),
)


@given(st.lists(items | values, max_size=3) | items | values)
def test_what_is_taken_is_what_the_pipeline_reads(body: Any) -> None:
    sent = json.dumps(body).encode()
    for check, decoder in ((bodies.events, Decoder), (bodies.labels, LabelDecoder)):
        refused: ProblemDocument | None = None
        try:
            taken = check(sent, Limits(), NOW_MS)
        except ProblemError as problem:
            refused = problem.document
        if refused is not None:
            assert refused.status == 422
            assert all(fault.message for fault in refused.errors)
            continue
        records = [Record("t", 0, i, NOW_MS, value) for i, value in enumerate(taken)]
        decoded = decoder(Limits()).decode(records)
        assert not decoded.rejected
        assert sum(map(len, decoded.batches)) == len(taken)
