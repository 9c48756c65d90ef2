"""The OpenAPI document: it is one, and the API keeps to it."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from stream_monitor.web.api.routes import ROUTES, SIMULATE
from tests.docs.test_docs import marked
from tests.web.api.worlds import HOSTILE, Api, serving, view

EXAMPLES = 40
# Left out of the checks: "what the schema allows is taken". No schema says which time is too far
# in the future.


@pytest.fixture(name="api", scope="module")
def _api() -> Iterator[Api]:
    with serving(view("m", HOSTILE)) as api:
        yield api


@pytest.fixture(name="document", scope="module")
def _document(api: Api) -> Any:
    return api.ask("/openapi.json").document


def test_it_has_every_route_and_no_other(document: Any) -> None:
    told = {(path, m.upper()) for path, methods in document["paths"].items() for m in methods}
    assert told == {(route.path, route.method) for route in (*ROUTES, SIMULATE)}


@pytest.mark.parametrize("route", [*ROUTES, SIMULATE], ids=lambda route: route.handler)
def test_the_api_keeps_to_its_document(api: Api, document: Any, route: Any) -> None:
    """Any request that the document allows, and many that it does not."""
    operation = schemathesis.openapi.from_dict(document)[route.path][route.method]

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def keeps(case: Any) -> None:
        case.call_and_validate(base_url=api.url, excluded_checks=[positive_data_acceptance])

    keeps()


@pytest.mark.parametrize("block", marked("event"), ids=str)
def test_every_event_of_the_documentation_has_the_shape_of_the_document(
    document: Any, block: Any
) -> None:
    event = json.loads(block.body)
    if "columns" not in event:
        _check(document, "Events", event)
        _check(document, "Events", [event])


@pytest.mark.parametrize("block", marked("label"), ids=str)
def test_every_label_of_the_documentation_has_the_shape_of_the_document(
    document: Any, block: Any
) -> None:
    label = json.loads(block.body)
    if "columns" not in label:
        _check(document, "Labels", label)


def _check(document: Any, name: str, instance: Any) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    jsonschema.validate(instance, schema)


@pytest.mark.parametrize("path", ["models", "drift", "performance", "quality", "alerts"])
def test_answers_are_of_their_shape_down_to_the_last_field(
    api: Api, document: Any, path: str
) -> None:
    schema = document["paths"][f"/monitor/{path}"]["get"]["responses"]["200"]["content"]
    ref = schema["application/json"]["schema"]["$ref"].rpartition("/")[2]
    answer = api.ask(f"/monitor/{path}").document
    assert all(answer.values()), "there is something to look at"
    _check(document, ref, answer)
