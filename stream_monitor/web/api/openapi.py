"""The OpenAPI document of the routes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from stream_monitor.metrics.version import package_version
from stream_monitor.views.protocol import Source
from stream_monitor.web.api.access import Access
from stream_monitor.web.api.problems import MEDIA_TYPE, ProblemDocument
from stream_monitor.web.api.routes import JSON, Route
from stream_monitor.web.api.routing import AGE, SOURCE, WORKER

_REF = "#/components/schemas/{model}"


def document(routes: Iterable[Route], max_body_bytes: int) -> dict[str, Any]:
    """OpenAPI 3.1 of these routes."""
    routes = list(routes)
    kinds: set[type[BaseModel]] = {ProblemDocument}
    for route in routes:
        kinds.update(kind for kind in (route.answer, route.body) if kind is not None)
    schemas, defined = models_json_schema(
        [(kind, "validation") for kind in sorted(kinds, key=lambda kind: kind.__name__)],
        ref_template=_REF,
    )
    refs: dict[object, Any] = {kind: schema for (kind, _), schema in schemas.items()}
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, refs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "stream-monitor",
            "version": package_version(),
            "description": (
                "Drift, data quality, performance and alerts of models on Kafka. A body has at "
                f"most {max_body_bytes:,} bytes."
            ),
        },
        "paths": paths,
        "components": {
            "schemas": defined["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route, refs: Mapping[object, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"operationId": route.handler, "summary": route.summary}
    if route.access is not Access.OPEN:
        told["security"] = [{"token": []}, {}]  # without, where no token is set
    parameters = [*_in_path(route), *_in_query(route)]
    if parameters:
        told["parameters"] = parameters
    if route.body is not None:
        told["requestBody"] = {"required": True, "content": {JSON: {"schema": refs[route.body]}}}
    told["responses"] = _responses(route, refs)
    return told


def _responses(route: Route, refs: Mapping[object, Any]) -> dict[str, Any]:
    schema = {"schema": refs[route.answer]} if route.answer is not None else {}
    answers = {str(route.status.value): _response(route.status, {route.media: schema})}
    if route.of_models:
        answers[str(route.status.value)]["headers"] = _FROM
    for status in route.problems:
        content = {MEDIA_TYPE: {"schema": refs[ProblemDocument]}}
        if status in route.also:
            content[route.media] = schema
        answers[str(status.value)] = _response(status, content)
    for retried in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        answers[str(retried.value)]["headers"] = {
            "Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}
        }
    return answers


_FROM = {
    SOURCE: {
        "schema": {"type": "string", "enum": [source.value for source in Source]},
        "description": "Who knows: the model's owner, the topics, Redis, or this worker alone.",
    },
    AGE: {
        "schema": {"type": "integer", "minimum": 0},
        "description": "Seconds; what was said since may not be in it.",
    },
    WORKER: {"schema": {"type": "string"}, "description": "The id of the worker that answered."},
}


def _response(status: HTTPStatus, content: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": status.phrase, "content": dict(content)}


def _in_path(route: Route) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in route.parameters
    ]


def _in_query(route: Route) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    schema = route.query.model_json_schema()
    return (
        [
            {
                "name": name,
                "in": "query",
                "description": field.get("description", ""),
                "schema": _of_text(field),
            }
            for name, field in schema["properties"].items()
        ]
        if "properties" in schema
        else []
    )


def _of_text(field: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a parameter: it has no null, as whoever wants none leaves it out."""
    kept = {k: v for k, v in field.items() if k not in ("description", "title", "anyOf")}
    kinds = [kind for kind in field.get("anyOf", []) if kind != {"type": "null"}]
    if kept.get("default", "") is None:
        del kept["default"]
    if len(kinds) == 1:
        return {**kept, **kinds[0]}
    return {**kept, "anyOf": kinds} if kinds else kept
