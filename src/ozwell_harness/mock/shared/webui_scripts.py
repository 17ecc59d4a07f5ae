"""What Redis does in one step for the Open WebUI dialect. ARGV[1] is what the names of all keys begin with.

The index: for each word the set of the chunks that hold it, for each collection the set of its chunks. Chunks are
called by their number, of 16 digits, so that among chunks with as many words in common the newest sort last.
"""

from __future__ import annotations

#: KEYS: used, recent, sizes. ARGV: prefix, name, chat, size, room, most.
KEEP_CHAT = """
local prefix, name, chat, size = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local room, most = tonumber(ARGV[5]), tonumber(ARGV[6])
local before = tonumber(redis.call('HGET', KEYS[3], name) or 0)
redis.call('SET', prefix .. 'chat:' .. name, chat)
redis.call('HSET', KEYS[3], name, ARGV[4])
redis.call('ZADD', KEYS[2], redis.call('INCR', prefix .. 'arrivals'), name)
local used = redis.call('INCRBY', KEYS[1], string.format('%d', size - before))
local kept = redis.call('ZCARD', KEYS[2])
while kept > most or (used > room and kept > 1) do
    local oldest = redis.call('ZPOPMIN', KEYS[2])[1]
    used = redis.call('DECRBY', KEYS[1], redis.call('HGET', KEYS[3], oldest))
    redis.call('HDEL', KEYS[3], oldest)
    redis.call('DEL', prefix .. 'chat:' .. oldest)
    kept = kept - 1
end
return kept
"""

#: KEYS: used, documents. ARGV: prefix, tenant, whether it has a collection, which, cost, room, then of each chunk its
#: record and its words.
KEEP_DOCUMENT = """
local prefix = ARGV[1]
local cost, room = tonumber(ARGV[5]), tonumber(ARGV[6])

local function forget(document)
    local tenant, collection = document.tenant, document.collection
    for number = document.first, document.last do
        local chunk = string.format('%016d', number)
        for word in string.gmatch(redis.call('HGET', prefix .. 'words:' .. tenant, chunk), '%S+') do
            redis.call('SREM', prefix .. 'word:' .. tenant .. ':' .. word, chunk)
        end
        redis.call('HDEL', prefix .. 'words:' .. tenant, chunk)
        redis.call('HDEL', prefix .. 'chunks:' .. tenant, chunk)
        if collection then redis.call('SREM', prefix .. 'filed:' .. tenant .. ':' .. collection, chunk) end
    end
    local names = prefix .. 'collections:' .. tenant
    if collection and redis.call('HINCRBY', names, collection, -1) <= 0 then redis.call('HDEL', names, collection) end
    return redis.call('DECRBY', KEYS[1], document.cost)
end

if cost > room then return 0 end
local used = tonumber(redis.call('GET', KEYS[1]) or 0)
while used + cost > room do
    local oldest = redis.call('LPOP', KEYS[2])
    if not oldest then break end
    used = forget(cjson.decode(oldest))
end

local tenant, collection = ARGV[2], ARGV[3] == '1' and ARGV[4] or nil
local chunks = (#ARGV - 6) / 2
local last = redis.call('INCRBY', prefix .. 'arrivals', chunks)
for index = 1, chunks do
    local chunk, words = string.format('%016d', last - chunks + index), ARGV[6 + 2 * index]
    redis.call('HSET', prefix .. 'chunks:' .. tenant, chunk, ARGV[5 + 2 * index])
    redis.call('HSET', prefix .. 'words:' .. tenant, chunk, words)
    for word in string.gmatch(words, '%S+') do
        redis.call('SADD', prefix .. 'word:' .. tenant .. ':' .. word, chunk)
    end
    if collection then redis.call('SADD', prefix .. 'filed:' .. tenant .. ':' .. collection, chunk) end
end
if collection then redis.call('HINCRBY', prefix .. 'collections:' .. tenant, collection, 1) end
local document = {tenant = tenant, collection = collection, first = last - chunks + 1, last = last, cost = ARGV[5]}
redis.call('RPUSH', KEYS[2], cjson.encode(document))
redis.call('INCRBY', KEYS[1], ARGV[5])
return 1
"""

#: KEYS: a place for what is found on the way. ARGV: prefix, tenant, whether in a collection, which, most, then words.
FIND_PASSAGES = """
local prefix, found, tenant = ARGV[1], KEYS[1], ARGV[2]
local index = 6
while index <= #ARGV do
    local names = {found}
    while index <= #ARGV and #names < 1000 do
        names[#names + 1] = prefix .. 'word:' .. tenant .. ':' .. ARGV[index]
        index = index + 1
    end
    redis.call('ZUNIONSTORE', found, #names, unpack(names))
end
if ARGV[3] == '1' then
    redis.call('ZINTERSTORE', found, 2, found, prefix .. 'filed:' .. tenant .. ':' .. ARGV[4], 'WEIGHTS', 1, 0)
end
local passages = {}
for _, chunk in ipairs(redis.call('ZREVRANGE', found, 0, ARGV[5] - 1)) do
    passages[#passages + 1] = redis.call('HGET', prefix .. 'chunks:' .. tenant, chunk)
end
redis.call('DEL', found)
return passages
"""

#: KEYS: the configuration. ARGV: names and values of what changes.
CONFIGURE = """
if #ARGV > 0 then redis.call('HSET', KEYS[1], unpack(ARGV)) end
return redis.call('HGETALL', KEYS[1])
"""
