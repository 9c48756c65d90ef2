"""The references a process knows: the current one of each model, and a few before it."""

from __future__ import annotations

from stream_monitor.reference.model import Reference


class References:
    """Look-up of references by model, and by model and hash.

    Keeps the ``keep`` newest of each model, so that windows begun under a replaced reference
    can still be judged against it.
    """

    def __init__(self, *references: Reference, keep: int = 4) -> None:
        self._keep = keep
        self._known: dict[str, dict[str, Reference]] = {}
        for reference in references:
            self.put(reference)

    def put(self, reference: Reference) -> bool:
        """Make a reference its model's current one; whether it was not so already."""
        known = self._known.setdefault(reference.model, {})
        news = next(reversed(known), None) != reference.hash
        known.pop(reference.hash, None)
        known[reference.hash] = reference
        while len(known) > self._keep:
            known.pop(next(iter(known)))
        return news

    def remove(self, model: str) -> None:
        """Forget a model's references (it was withdrawn)."""
        self._known.pop(model, None)

    def current(self, model: str) -> Reference | None:
        """The model's newest reference."""
        known = self._known.get(model)
        return known[next(reversed(known))] if known else None

    def get(self, model: str, hash_: str) -> Reference | None:
        """The reference with this hash, while it is kept."""
        return self._known.get(model, {}).get(hash_)

    def all_current(self) -> dict[str, Reference]:
        """Model to its current reference."""
        return {model: known[next(reversed(known))] for model, known in self._known.items()}
