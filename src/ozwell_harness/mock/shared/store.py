"""Files and conversations in Redis, within the same bounds as in memory. Every change is one step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from ozwell_harness.mock.dialogue import Dialogue, Turn
from ozwell_harness.mock.ids import new_id
from ozwell_harness.mock.shared.link import Link
from ozwell_harness.mock.store import CONVERSATIONS_KEPT, TURNS_KEPT, StoredFile, StoreFullError, file_cost

#: Seconds after which a content that nobody came to keep is forgotten.
_LIMBO_S = 60

# A record is kept behind two numbers of 16 digits: its place in the order of arrival, and what it costs.
_DIGITS = 16
_KEEP = """
local cost, room = tonumber(ARGV[2]), tonumber(ARGV[3])
local before = redis.call('HGET', KEYS[1], ARGV[1])
local freed = before and tonumber(string.sub(before, 17, 32)) or 0
if tonumber(redis.call('GET', KEYS[4]) or 0) - freed + cost > room then
    redis.call('DEL', KEYS[2])
    return 0
end
redis.call('RENAME', KEYS[2], KEYS[3])
redis.call('PERSIST', KEYS[3])
redis.call('INCRBY', KEYS[4], string.format('%d', cost - freed))
local place = redis.call('INCR', KEYS[5])
redis.call('HSET', KEYS[1], ARGV[1], string.format('%016d%016d', place, cost) .. ARGV[4])
return 1
"""
_FORGET = """
local record = redis.call('HGET', KEYS[1], ARGV[1])
if not record then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('DEL', KEYS[2])
redis.call('DECRBY', KEYS[3], string.format('%d', tonumber(string.sub(record, 17, 32))))
return 1
"""
_APPEND = """
local name, lists = ARGV[1], ARGV[2]
local room, most, kept = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local before = tonumber(redis.call('HGET', KEYS[3], name) or 0)
local size = before > 0 and before or #name
for index = 6, #ARGV do
    redis.call('RPUSH', KEYS[1], ARGV[index])
    size = size + #ARGV[index]
end
for _ = 1, redis.call('LLEN', KEYS[1]) - kept do
    size = size - #redis.call('LPOP', KEYS[1])
end
redis.call('HSET', KEYS[3], name, string.format('%d', size))
redis.call('ZADD', KEYS[2], redis.call('INCR', KEYS[5]), name)
local used = redis.call('INCRBY', KEYS[4], string.format('%d', size - before))
while used > room or redis.call('ZCARD', KEYS[2]) > most do
    local oldest = redis.call('ZPOPMIN', KEYS[2])[1]
    if not oldest then break end
    local given = redis.call('HGET', KEYS[3], oldest)
    redis.call('HDEL', KEYS[3], oldest)
    redis.call('DEL', lists .. oldest)
    used = redis.call('DECRBY', KEYS[4], given)
end
return used
"""

_encode = msgspec.json.Encoder().encode
_file = msgspec.json.Decoder(StoredFile).decode
_turn = msgspec.json.Decoder(Turn).decode


class RedisStore:
    """Keeps everything in Redis, within the given numbers of bytes. Every method may raise ApiError, 503."""

    def __init__(self, link: Link, file_bytes: int, conversation_bytes: int) -> None:
        self._link = link
        self._file_room = file_bytes
        self._conversation_room = conversation_bytes
        self._keep = link.script(_KEEP)
        self._forget = link.script(_FORGET)
        self._append = link.script(_APPEND)

    async def fill(self, tenant: str, files: Iterable[tuple[StoredFile, bytes]]) -> None:
        """Keep files that nobody uploaded, oldest first, unless this namespace has had its filling.

        Raises:
            StoreFullError: there is no room.
        """
        marker = self._link.name("filled", tenant)
        given = list(files)
        if not given or await self._link.do(self._link.redis.exists(marker)):
            return
        for file, content in given:
            await self.put_file(tenant, file, content)
        await self._link.do(self._link.redis.set(marker, "1"))

    async def put_file(self, tenant: str, file: StoredFile, content: bytes) -> None:
        """Keep a file.

        Raises:
            StoreFullError: there is no room.
        """
        name = self._link.name
        # Contents are too large to pass through a script: they are laid down first, and kept by being renamed.
        limbo, cost = name("limbo", new_id("")), file_cost(file, content)
        await self._link.do(self._link.redis.set(limbo, content, ex=_LIMBO_S))
        keys = [self._files(tenant), limbo, self._content(tenant, file.id), name("used", "files"), name("arrivals")]
        if not await self._link.run(self._keep, keys, file.id, cost, self._file_room, _encode(file)):
            raise StoreFullError("The mock's memory for files is used up.")

    async def get_file(self, tenant: str, file_id: str) -> StoredFile | None:
        """A file's record, or None."""
        record = await self._link.do(self._link.redis.hget(self._files(tenant), file_id))
        return None if record is None else _file(record[2 * _DIGITS :])

    async def file_content(self, tenant: str, file_id: str) -> bytes | None:
        """A file's bytes, or None."""
        content: bytes | None = await self._link.do(self._link.redis.get(self._content(tenant, file_id)))
        return content

    async def delete_file(self, tenant: str, file_id: str) -> bool:
        """Forget a file; False if there was none."""
        keys = [self._files(tenant), self._content(tenant, file_id), self._link.name("used", "files")]
        return bool(await self._link.run(self._forget, keys, file_id))

    async def list_files(self, tenant: str, purpose: str | None) -> Sequence[StoredFile]:
        """All files, newest first, of one purpose if given."""
        records = await self._link.do(self._link.redis.hvals(self._files(tenant)))
        files = [_file(record[2 * _DIGITS :]) for record in sorted(records, reverse=True)]
        return [file for file in files if purpose is None or file.purpose == purpose]

    async def turns(self, tenant: str, conversation: str) -> Dialogue:
        """The turns of a conversation so far; empty if unknown."""
        turns = self._link.name("turns", f"{tenant}:{conversation}")
        return tuple(map(_turn, await self._link.do(self._link.redis.lrange(turns, 0, -1))))

    async def append_turns(self, tenant: str, conversation: str, turns: Dialogue) -> None:
        """Add turns to a conversation; the oldest turns and conversations give way."""
        name, which = self._link.name, f"{tenant}:{conversation}"
        places = ("recent", "sizes")
        keys = [name("turns", which), *(name("conversations", place) for place in places)]
        keys += [name("used", "conversations"), name("arrivals")]
        bounds = (self._conversation_room, CONVERSATIONS_KEPT, TURNS_KEPT)
        await self._link.run(self._append, keys, which, name("turns", ""), *bounds, *map(_encode, turns))

    def _files(self, tenant: str) -> str:
        return self._link.name("files", tenant)

    def _content(self, tenant: str, file_id: str) -> str:
        return self._link.name("content", tenant, file_id)
