"""What Redis does at once, so that writers in any order leave the newest: keys, and Lua.

Each script is what a method of ``shelf.Shelf`` is; a law in the tests holds the two together.
A model has eight keys. ``windows`` sorts its windows by their end and ``heads`` has each one's
number and head, so that an answer reads just the documents it needs from ``reports``; ``started``
and ``ended`` sort its alerts, and ``ranks`` has their numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha1
from typing import NamedTuple

from stream_monitor.views.said import Part, Said
from stream_monitor.views.shelf import Bounds

Command = tuple[bytes | str | int, ...]


class Keys(NamedTuple):
    """The keys of one model, in the order in which every script takes them."""

    models: bytes
    windows: bytes
    reports: bytes
    heads: bytes
    alerts: bytes
    ranks: bytes
    started: bytes
    ended: bytes
    standing: bytes

    @classmethod
    def of(cls, prefix: str, model: str) -> Keys:
        """``prefix`` stands before every key; ``models`` is the same for all models."""
        names = ("windows", "reports", "heads", "alerts", "ranks", "started", "ended", "standing")
        return cls(models_key(prefix), *(f"{prefix}{name}:{model}".encode() for name in names))


def models_key(prefix: str) -> bytes:
    """The models by when they were last written."""
    return f"{prefix}models".encode()


def put(prefix: str, said: Said, bounds: Bounds, ttl_ms: int) -> Command:
    """The command that keeps a document unless something newer is kept."""
    ended = b"" if said.ended_ms is None else str(said.ended_ms).encode()
    arguments: tuple[bytes | str | int, ...] = (
        said.model.encode(),
        said.said_ms,
        ttl_ms,
        said.id.encode(),
        said.number,
        said.time_ms,
        said.head,
        said.body,
        said.part.value,
        ended,
        bounds.history,
        bounds.kept_ms,
        bounds.alerts,
    )
    return _call(_PUT[said.part], Keys.of(prefix, said.model), arguments)


def forget(prefix: str, model: str, id_: str, number: int) -> Command:
    """The command that forgets an open alert, if nothing newer has come of it."""
    return _call(_FORGET, Keys.of(prefix, model), (id_.encode(), number))


def _call(script: str, keys: Keys, arguments: Command) -> Command:
    return ("EVALSHA", _digest(script), len(keys), *keys, *arguments)


def _digest(script: str) -> str:
    return sha1(script.encode()).hexdigest()  # how Redis names a script


_NAMES = f"local {', '.join(Keys._fields)} = unpack(KEYS)\n"

_HEAD = f"""\
{_NAMES}
local model, said, ttl, id, number, time, head, body, part, ended_at, history, kept, most =
  unpack(ARGV)

local function done(accepted)
  for i = 2, #KEYS do redis.call('PEXPIRE', KEYS[i], ttl) end
  if accepted then
    redis.call('ZADD', models, 'GT', said, model)
    redis.call('ZREMRANGEBYSCORE', models, '-inf', string.format('(%.0f', said - ttl))
    redis.call('PEXPIRE', models, ttl)
  end
  return accepted and 1 or 0
end
"""

_PUT_WINDOW = f"""\
{_HEAD}
local field = id .. ':' .. part
local before = redis.call('HGET', heads, field)
if before and tonumber(string.match(before, '^%d+')) >= tonumber(number) then
  return done(false)
end
redis.call('ZADD', windows, time, id)
redis.call('HSET', heads, field, number .. ' ' .. head)
redis.call('HSET', reports, field, body)
while redis.call('ZCARD', windows) > tonumber(history) do
  local last = redis.call('ZPOPMIN', windows)[1]
  redis.call('HDEL', heads, last .. ':{Part.REPORT}', last .. ':{Part.REVISION}')
  redis.call('HDEL', reports, last .. ':{Part.REPORT}', last .. ':{Part.REVISION}')
end
return done(redis.call('ZSCORE', windows, id))
"""

_PUT_ALERT = f"""\
{_HEAD}
local function forget(one)
  redis.call('HDEL', alerts, one)
  redis.call('HDEL', ranks, one)
  redis.call('ZREM', started, one)
  redis.call('ZREM', ended, one)
end

local before = redis.call('HGET', ranks, id)
if before and tonumber(before) >= tonumber(number) then return done(false) end
redis.call('HSET', alerts, id, body)
redis.call('HSET', ranks, id, number)
redis.call('ZADD', started, time, id)
if ended_at == '' then
  redis.call('ZREM', ended, id)
else
  redis.call('ZADD', ended, ended_at, id)
end
local newest = redis.call('ZREVRANGE', windows, 0, 0, 'WITHSCORES')[2]
if newest then
  local before_ms = string.format('(%.0f', newest - kept)
  for _, one in ipairs(redis.call('ZRANGEBYSCORE', ended, '-inf', before_ms)) do forget(one) end
end
while redis.call('HLEN', alerts) > tonumber(most) do
  forget(redis.call('ZRANGE', ended, 0, 0)[1] or redis.call('ZRANGE', started, 0, 0)[1])
end
return done(redis.call('HEXISTS', alerts, id) == 1)
"""

_PUT_STANDING = f"""\
{_HEAD}
local before = redis.call('HGET', standing, 'number')
if before and tonumber(before) >= tonumber(number) then return done(false) end
redis.call('HSET', standing, 'number', number, 'head', head)
return done(true)
"""

_FORGET = f"""\
{_NAMES}
local id, number = unpack(ARGV)
if redis.call('HGET', ranks, id) ~= number or redis.call('ZSCORE', ended, id) then return 0 end
redis.call('HDEL', alerts, id)
redis.call('HDEL', ranks, id)
redis.call('ZREM', started, id)
return 1
"""

_PUT: Mapping[Part, str] = {
    Part.REPORT: _PUT_WINDOW,
    Part.REVISION: _PUT_WINDOW,
    Part.ALERT: _PUT_ALERT,
    Part.STANDING: _PUT_STANDING,
}

#: Every script, to be loaded where Redis does not know one.
ALL: tuple[str, ...] = (_PUT_WINDOW, _PUT_ALERT, _PUT_STANDING, _FORGET)
