"""The shared view as Redis has it: the answers of ``shelf``, of all models and workers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from stream_monitor.views import scripts
from stream_monitor.views.protocol import ModelCard, Report, Source, Told
from stream_monitor.views.redis_connection import RedisConnection
from stream_monitor.views.said import Head, Part, unpacked
from stream_monitor.views.scripts import Command, Keys
from stream_monitor.views.shelf import card_of, merged, ordered

#: Models that are asked about together.
_CHUNK = 100
#: So many of the newest windows are looked at for the newest report, before all are: more than
#: two of them have the same end, or no report, only where something went wrong.
_TOPS = 8


class _Window(NamedTuple):
    """A window with its report, by what sorts it: see ``shelf.Shelf``."""

    time_ms: int
    rows: int
    id: str
    heads: tuple[Head, ...]  # the report's, then its revision's


class RedisView:
    """Answers for every model that any worker has written; ``UnavailableError`` without Redis.

    ``kept_ms``: so long before a model's newest window an alert is kept that is over.
    """

    def __init__(self, connection: RedisConnection, prefix: str, kept_ms: int) -> None:
        self._run = connection.run
        self._prefix = prefix
        self._kept_ms = kept_ms

    @property
    def told(self) -> Told:
        """From Redis."""
        return Told(Source.REDIS)

    async def models(self) -> list[ModelCard]:
        """Every model known, by name."""
        cards: list[ModelCard] = []
        for names in batched(sorted(await self._updated()), _CHUNK):
            cards += await self._cards(names)
        return cards

    async def latest(self, model: str) -> Report | None:
        """The newest report, with what its newest revision has changed."""
        keys = self._keys(model)
        (newest,) = await self._newest([keys])
        reports = await self._reports(keys, [] if newest is None else [newest])
        return reports[0] if reports else None

    async def history(self, model: str, since_ms: int, until_ms: int, limit: int) -> list[Report]:
        """Reports by window end in [since, until], the newest revision of each, newest first."""
        keys = self._keys(model)
        (found,) = await self._run(
            [("ZREVRANGEBYSCORE", keys.windows, until_ms, since_ms, "WITHSCORES")]
        )
        (windows,) = await self._windows([keys], [found])
        return await self._reports(keys, windows[: max(0, limit)])

    async def alerts(self, model: str | None) -> list[Report]:
        """The last event of each alert that is open or ended in the kept time, newest first."""
        models = sorted(await self._updated()) if model is None else [model]
        found: list[Report] = []
        for names in batched(models, _CHUNK):
            found += await self._alerts([self._keys(name) for name in names])
        return ordered(found)

    def _keys(self, model: str) -> Keys:
        return Keys.of(self._prefix, model)

    async def _updated(self) -> dict[str, int]:
        """Every model, and when it was last written."""
        key = scripts.models_key(self._prefix)
        (found,) = await self._run([("ZRANGE", key, 0, -1, "WITHSCORES")])
        return {name.decode(): int(float(at)) for name, at in batched(found, 2)}

    async def _cards(self, names: Sequence[str]) -> list[ModelCard]:
        listed = [self._keys(name) for name in names]
        commands: list[Command] = []
        for name, keys in zip(names, listed, strict=True):
            commands += [
                ("ZSCORE", keys.models, name.encode()),
                ("HMGET", keys.standing, "number", "head"),
                ("ZCARD", keys.started),
                ("ZCARD", keys.ended),
            ]
        told = batched(await self._run(commands), 4)
        cards = []
        for name, top, answer in zip(names, await self._newest(listed), told, strict=True):
            updated, (number, head), alerts, over = answer
            if updated is not None:
                card = card_of(
                    name,
                    None if top is None else (top.time_ms, top.heads),
                    None if number is None else (int(number), Head.decode(head)),
                    alerts - over,
                    int(float(updated)),
                )
                cards.append(card)
        return cards

    async def _newest(self, listed: Sequence[Keys]) -> list[_Window | None]:
        """The newest window that has a report, of each model."""
        asked = [("ZREVRANGE", keys.windows, 0, _TOPS - 1, "WITHSCORES") for keys in listed]
        found = await self._run(asked)
        tops: list[_Window | None] = []
        windows = await self._windows(listed, found)
        for keys, looked, its in zip(listed, found, windows, strict=True):
            if len(looked) == 2 * _TOPS and (not its or its[0].time_ms == int(float(looked[-1]))):
                (all_of_it,) = await self._run([("ZREVRANGE", keys.windows, 0, -1, "WITHSCORES")])
                (its,) = await self._windows([keys], [all_of_it])
            tops.append(its[0] if its else None)
        return tops

    async def _windows(
        self, listed: Sequence[Keys], found: Sequence[list[bytes]]
    ) -> list[list[_Window]]:
        """Those of ids and ends that have a report, of each model, newest first."""
        commands: list[Command] = []
        for keys, pairs in zip(listed, found, strict=True):
            fields = [f"{id_.decode()}:{part}" for id_ in pairs[::2] for part in _PARTS]
            # One command of each model, whether it has windows or not, keeps answers in step.
            commands.append(("HMGET", keys.heads, *(fields or ["none"])))
        windows = []
        for pairs, values in zip(found, await self._run(commands), strict=True):
            its = [
                _Window(int(float(end)), heads[0].rows, id_.decode(), heads)
                for (id_, end), (report, revision) in zip(
                    batched(pairs, 2), batched(values, 2), strict=False
                )
                if report is not None
                for heads in [tuple(_head(each) for each in (report, revision) if each)]
            ]
            windows.append(sorted(its, reverse=True))
        return windows

    async def _reports(self, keys: Keys, windows: Sequence[_Window]) -> list[Report]:
        """The documents; a window that was trimmed in between is left out."""
        if not windows:
            return []
        fields = [f"{window.id}:{part}" for window in windows for part in _PARTS]
        (bodies,) = await self._run([("HMGET", keys.reports, *fields)])
        return [
            merged(unpacked(report), None if revision is None else unpacked(revision))
            for report, revision in batched(bodies, 2)
            if report is not None
        ]

    async def _alerts(self, listed: Sequence[Keys]) -> list[Report]:
        commands: list[Command] = []
        for keys in listed:
            commands += [
                ("HGETALL", keys.alerts),
                ("ZRANGE", keys.ended, 0, -1, "WITHSCORES"),
                ("ZREVRANGE", keys.windows, 0, 0, "WITHSCORES"),
            ]
        found: list[Report] = []
        for bodies, ended, newest in batched(await self._run(commands), 3):
            over = {id_: int(float(at)) for id_, at in batched(ended, 2)}
            since = int(float(newest[1])) - self._kept_ms if newest else None
            found += [
                unpacked(body)
                for id_, body in bodies.items()
                if since is None or over.get(id_, since) >= since
            ]
        return found


def batched(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """The items, so many at a time."""
    return (items[at : at + size] for at in range(0, len(items), size))


def _head(value: bytes) -> Head:
    return Head.decode(value.partition(b" ")[2])


_PARTS = (Part.REPORT.value, Part.REVISION.value)
