"""Several options of a command as one value."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Command = Callable[..., None]


def bundled(
    name: str, kind: type[DataclassInstance], options: Sequence[Callable[[Command], Command]]
) -> Callable[[Command], Command]:
    """A decorator: the options, whose values reach the command as its argument ``name``.

    ``kind`` is a dataclass whose fields are called as the options' arguments.
    """
    names = [field.name for field in fields(kind)]

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def called(**arguments: Any) -> None:
            given = {of: arguments.pop(of) for of in names}
            command(**{name: kind(**given)}, **arguments)

        with_options: Command = called
        for option in reversed(options):
            with_options = option(with_options)
        return with_options

    return decorate
