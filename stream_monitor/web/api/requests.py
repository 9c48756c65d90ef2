"""What requests carry, as the OpenAPI document describes it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, RootModel, ValidationError

from stream_monitor.errors import BadMessageError
from stream_monitor.events.timestamps import MAX_MS, MIN_MS, to_ms
from stream_monitor.web.api.bodies import MAX_ITEMS
from stream_monitor.web.api.problems import Fault, ProblemError, unprocessable

#: Windows, or alerts, of one answer at most.
MAX_LIMIT = 200

_RFC3339 = {"format": "date-time"}  # described, not checked: the decoder takes a little more
Timestamp = (
    Annotated[int, Field(ge=MIN_MS, le=MAX_MS)] | Annotated[str, Field(json_schema_extra=_RFC3339)]
)
Named = Annotated[dict[Annotated[str, Field(max_length=256)], Any], Field(max_length=2_000)]
ModelName = Annotated[str, Field(min_length=1, max_length=256)]
#: What is judged may be of any type: what does not fit is a fact of its quality.
Judged = Annotated[Any, Field(description="Any JSON value; one of another type is counted.")]


class Event(BaseModel):
    """One prediction, as a message of the topic predictions has it."""

    model: ModelName
    features: Named | None = None
    prediction: Judged = None
    prediction_id: str | int | None = Field(
        None, description="By it labels find their prediction, and repeats are seen."
    )
    model_version: str | int | float | None = None
    timestamp: Timestamp | None = Field(
        None,
        description="Milliseconds since 1970 or RFC 3339; of its arrival where it is left out.",
    )
    score: Judged = None
    scores: Named | None = None
    latency_ms: Judged = None
    ground_truth: Judged = None
    segments: Named | None = None


class Label(BaseModel):
    """The truth about one prediction, as a message of the topic labels has it."""

    model: ModelName
    prediction_id: Annotated[str, Field(min_length=1)] | int
    ground_truth: Any = Field(description="Any JSON value but null.")
    timestamp: Timestamp | None = Field(None, description="When the truth became known.")


class Events(RootModel[Event | Annotated[list[Event], Field(min_length=1, max_length=MAX_ITEMS)]]):
    """One event or a list of them."""


class Labels(RootModel[Label | Annotated[list[Label], Field(min_length=1, max_length=MAX_ITEMS)]]):
    """One label or a list of them."""


def _since(value: object) -> int | None:
    if value is None:
        return None
    text = str(value)
    try:
        return to_ms(int(text) if text.isascii() and text.isdigit() else text, "since")
    except (BadMessageError, ValueError) as exc:
        raise ValueError(
            "it is no time; send milliseconds since 1970 or RFC 3339, such as 2026-09-21T14:00:00Z"
        ) from exc


Moment = Annotated[
    int | None,
    BeforeValidator(_since),
    Field(
        json_schema_extra={
            "anyOf": [
                {"type": "integer", "minimum": MIN_MS, "maximum": MAX_MS},
                {"type": "string", "format": "date-time"},
            ]
        }
    ),
]


class ModelsQuery(BaseModel):
    """Nothing to choose."""

    model_config = ConfigDict(extra="forbid")


class _Filter(BaseModel):
    """What to show of what is there."""

    model_config = ConfigDict(extra="forbid")

    model: ModelName | None = Field(None, description="One model; all where it is left out.")
    column: Annotated[str, Field(max_length=512)] | None = Field(
        None, description="A column's id, such as feature:income."
    )
    since: Moment = Field(None, description="Milliseconds since 1970 or RFC 3339, in event time.")
    limit: int = Field(20, ge=1, le=MAX_LIMIT, description="At most so many, newest first.")


class WindowsQuery(_Filter):
    """Without ``model``: the newest window of each; with it, its windows."""


class AlertsQuery(_Filter):
    """``since`` leaves out what was over before."""

    open: bool = Field(False, description="Only those that go on.")


class ReportQuery(BaseModel):
    """Of which model and period."""

    model_config = ConfigDict(extra="forbid")

    model: ModelName = Field(description="The model.")
    since: Moment = Field(
        None, description="From here on in event time; left out, of the windows kept at hand."
    )
    until: Moment = Field(None, description="Up to here; now where it is left out.")
    format: Literal["html", "json"] = Field("html", description="A page, or JSON.")


class SimulateQuery(BaseModel):
    """Which made-up data."""

    model_config = ConfigDict(extra="forbid")

    seed: int = Field(7, ge=0, le=2**31 - 1)


_Q = TypeVar("_Q", bound=BaseModel)


def read_query(kind: type[_Q], query: Mapping[str, str]) -> _Q:
    """The query of a request.

    Raises:
        ProblemError: 422 with the path of each fault.
    """
    try:
        return kind.model_validate(dict(query))
    except ValidationError as exc:
        raise unprocessable(
            [
                Fault(
                    path=f"query.{'.'.join(map(str, one['loc']))}",
                    message=_said(kind, one["type"], one["msg"]),
                )
                for one in exc.errors(include_url=False, include_context=False)
            ]
        ) from None


def _said(kind: type[BaseModel], type_: str, message: str) -> str:
    if type_ == "extra_forbidden":
        known = ", ".join(kind.model_fields) or "none"
        return f"there is no such parameter; there are: {known}"
    return message.removeprefix("Value error, ")


def require_json(content_type: str) -> None:
    """Raise a 415 :class:`ProblemError` unless a body says that it is JSON.

    A form of another site can send a body, but never with this type.
    """
    if content_type != "application/json":
        raise ProblemError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "send JSON, with the header Content-Type: application/json",
        )
