"""JSON from bytes, as strict as possible and as lenient as producers need; and to bytes."""

from __future__ import annotations

import json

import msgspec

from stream_monitor.errors import BadMessageError, Reason

_strict = msgspec.json.Decoder().decode
_to_json = msgspec.json.Encoder().encode


def parse(value: bytes) -> object:
    """Any JSON value; the last of equal keys wins.

    The literals NaN, Infinity and -Infinity, which Python's own ``json.dumps`` writes, and
    numbers too large for a double are read as floats. Raises ``BadMessageError``:
    ``NOT_JSON`` for what is no JSON in valid UTF-8, ``TOO_LARGE`` for what is nested deeper
    than Python's stack allows.
    """
    try:
        return _strict(value)
    except RecursionError:
        raise _too_deep() from None
    except ValueError:  # msgspec's errors and UnicodeDecodeError
        return _lenient(value)


def dump(value: object) -> bytes:
    """A JSON value of Python's plain types; NaN and ±inf are written as Python writes them."""
    try:
        encoded = _to_json(value)
    except OverflowError:  # an integer beyond 64 bits
        encoded = b"null"
    if b"null" not in encoded:
        return encoded
    # msgspec writes NaN and ±inf as null; the standard library keeps them apart
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _lenient(value: bytes) -> object:
    try:
        text = value.decode()
        parsed: object = json.loads(text)
        if "\\u" in text:  # the standard parser lets half a surrogate pair through
            json.dumps(parsed, ensure_ascii=False).encode()
    except RecursionError:
        raise _too_deep() from None
    except UnicodeDecodeError as error:
        raise _not_json(f"it is not valid UTF-8 at byte {error.start}") from None
    except UnicodeEncodeError:
        raise _not_json("a string holds half of a surrogate pair") from None
    except json.JSONDecodeError as error:
        raise _not_json(f"{error.msg} at line {error.lineno}, column {error.colno}") from None
    except ValueError:  # Python's own limit of an integer's digits
        raise _not_json("an integer has thousands of digits") from None
    return parsed


def _not_json(what: str) -> BadMessageError:
    return BadMessageError(
        Reason.NOT_JSON,
        f"The value is not JSON: {what}; send one JSON object, or set the header `content-type`.",
    )


def _too_deep() -> BadMessageError:
    return BadMessageError(
        Reason.TOO_LARGE, "The JSON is nested too deeply; a message needs three levels."
    )
