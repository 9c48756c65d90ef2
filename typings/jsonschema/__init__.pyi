"""The part of jsonschema that tests use; it carries no types."""

from collections.abc import Mapping
from typing import Any

from jsonschema import validators as validators

class ValidationError(Exception):
    message: str

def validate(instance: object, schema: Mapping[str, Any]) -> None: ...
