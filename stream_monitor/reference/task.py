"""What a model does, told from its predictions and labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from stream_monitor.errors import DataError
from stream_monitor.reference.model import CategoricalColumn, ReferenceColumn, Task

MAX_CLASSES = 100
_POSITIVE = ("1", "true", "yes")


def task_of(
    prediction: ReferenceColumn | None,
    label: ReferenceColumn | None,
    positive: str | None,
    known: Sequence[str] = (),
) -> tuple[Task, tuple[str, ...], str | None]:
    """The task, the classes, and the positive class (of a binary model only).

    Numeric predictions or labels make a regression, two classes a binary model, more a
    multiclass one; one class or no column leave it unknown. The classes are those of
    predictions and labels together, the 100 most frequent, numbers in their order and texts
    in the alphabet's. The positive class is the one given, or else ``1``, ``true`` or
    ``yes`` in any case, or else the last. ``known`` are classes too, whether or not they came.

    Raises :class:`DataError` where predictions and labels cannot belong together, and for a
    positive class that is none of the classes.
    """
    present = [column for column in (prediction, label) if column is not None]
    if prediction is not None and label is not None:
        _check_alike(prediction, label)
    categorical = [column for column in present if isinstance(column, CategoricalColumn)]
    if not present or len(categorical) < len(present):
        if positive is not None:
            raise DataError(
                f"A positive class ({positive!r}) is given, but the predictions are no classes."
            )
        return (Task.REGRESSION if present else Task.UNKNOWN), (), None
    found: Counter[str] = Counter(dict.fromkeys(known, 0))
    for column in categorical:
        for category, count in zip(column.categories, column.counts.tolist(), strict=True):
            found[category] += count
    most = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:MAX_CLASSES]
    classes = _in_order([category for category, _ in most])
    if positive is not None and positive not in classes:
        raise DataError(
            f"The positive class {positive!r} is none of the classes {', '.join(classes[:10])}."
        )
    if len(classes) != 2:
        return (Task.MULTICLASS if len(classes) > 2 else Task.UNKNOWN), classes, None
    likely = [c for c in classes if c.lower() in _POSITIVE]
    return Task.BINARY, classes, positive or (likely[0] if likely else max(classes))


def _check_alike(prediction: ReferenceColumn, label: ReferenceColumn) -> None:
    if isinstance(label, CategoricalColumn):
        if isinstance(prediction, CategoricalColumn):
            if not set(prediction.categories) & set(label.categories):
                raise DataError(
                    f"The classes of {prediction.name!r} ({', '.join(prediction.categories[:5])})"
                    f" and of {label.name!r} ({', '.join(label.categories[:5])}) have nothing "
                    "in common."
                )
        elif len(label.categories) == 2 or not all(map(_is_whole, label.categories)):
            raise DataError(
                f"{prediction.name!r} holds numbers and {label.name!r} classes: if the first is "
                "a probability, it is the score (--score) and not the prediction."
            )
    elif isinstance(prediction, CategoricalColumn):
        raise DataError(f"{prediction.name!r} holds classes and {label.name!r} holds numbers.")


def _in_order(classes: list[str]) -> tuple[str, ...]:
    if all(map(_is_whole, classes)):
        return tuple(sorted(classes, key=lambda c: (int(c), c)))
    return tuple(sorted(classes))


def _is_whole(text: str) -> bool:
    return text.removeprefix("-").isdecimal()
