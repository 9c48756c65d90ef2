"""Answers that say what is wrong: RFC 9457's problem documents."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus

from aiohttp import web
from pydantic import BaseModel, Field

MEDIA_TYPE = "application/problem+json"


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    path: str = Field(description="Where, such as [3].timestamp or query.limit.")
    message: str = Field(description="What is wrong and what to do.")


class ProblemDocument(BaseModel):
    """Why a request was not answered."""

    title: str
    status: int
    detail: str = Field(description="One sentence that says what to do.")
    errors: list[Fault] = Field(default=[], description="Each thing that is wrong, with its path.")
    nearest: list[str] = Field(default=[], description="The names most like an unknown one.")


class ProblemError(Exception):
    """Ends a request with a problem document (RFC 9457)."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        errors: Sequence[Fault] = (),
        nearest: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.document = ProblemDocument(
            title=status.phrase,
            status=status,
            detail=detail,
            errors=list(errors),
            nearest=list(nearest),
        )
        self.headers = headers or {}

    def response(self) -> web.Response:
        """The problem as it is sent."""
        document = self.document.model_dump(exclude_defaults=True)
        return web.Response(
            status=self.document.status,
            body=json.dumps(document, indent=2).encode() + b"\n",
            content_type=MEDIA_TYPE,
            headers=self.headers,
        )


#: Faults that a problem document lists.
SHOWN = 100


def unprocessable(errors: Sequence[Fault], *, is_all: bool = True) -> ProblemError:
    """422; the first faults stand for all. ``is_all``: whether there are no others."""
    more = len(errors) - SHOWN
    item, _, field = errors[0].path.rpartition(".")
    said = errors[0].message
    where = item if field and said.startswith(f"{field} ") else errors[0].path
    detail = f"{where}: {said}" if where else said
    if len(errors) > 1:
        detail += f" ({'' if is_all else 'at least '}{len(errors):,} such faults)"
    if more > 0:
        detail += f"; the first {SHOWN} are listed"
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=errors[:SHOWN])


def unknown(kind: str, name: str, known: Iterable[str]) -> ProblemError:
    """404 for a name that is not there, with those most like it."""
    nearest = difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(nearest)}?" if nearest else f"see the list of {kind}s."
    return ProblemError(
        HTTPStatus.NOT_FOUND, f"there is no {kind} {name[:256]!r}; {hint}", nearest=nearest
    )
