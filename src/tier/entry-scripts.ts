/**
 * Changes of stored entries, each whole or not at all: scripts that the server of the shared store runs (EVAL).
 *
 * KEYS are those of {@link SharedEntries}: values, order, expiry, bytes. What they do the access list must allow by name.
 * https://redis.io/docs/latest/develop/programmability/eval-intro/
 */

/** Bytes of an entry besides its name and its value. Ours: its places in three structures, roughly. */
const ENTRY_BYTES = 100

/** Expired entries that one write removes. Ours: more than one write adds, so that they end. */
const SWEPT_BY_A_WRITE = 16

/** Entries that one write removes at most, where bounds were lowered: the server does nothing else meanwhile. Ours. */
const DROPPED_BY_A_WRITE = 1000

/** An entry may have lost a part of itself, if somebody else wrote there. */
const DROP = `
local function drop(name)
  local old = redis.call('HGET', KEYS[1], name)
  if not old and not redis.call('ZSCORE', KEYS[3], name) then return end
  redis.call('HDEL', KEYS[1], name)
  redis.call('ZREM', KEYS[2], name)
  redis.call('ZREM', KEYS[3], name)
  if old then redis.call('INCRBY', KEYS[4], -(${ENTRY_BYTES} + #name + #old)) end
end
local function bytes() return tonumber(redis.call('GET', KEYS[4]) or '0') end
`

/** ARGV: name, value with its instant, instant of its end, now, most entries, most bytes. */
export const PUT = `${DROP}
drop(ARGV[1])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], 0, ARGV[1])
redis.call('ZADD', KEYS[3], ARGV[3], ARGV[1])
redis.call('INCRBY', KEYS[4], ${ENTRY_BYTES} + #ARGV[1] + #ARGV[2])
local evicted = 0
for n = 1, ${DROPPED_BY_A_WRITE} do
  local first = redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')
  if not first[1] then break end
  local tooMuch = redis.call('ZCARD', KEYS[3]) > tonumber(ARGV[5]) or bytes() > tonumber(ARGV[6])
  local isOver = tonumber(first[2]) <= tonumber(ARGV[4])
  if not tooMuch and not (isOver and n <= ${SWEPT_BY_A_WRITE}) then break end
  if not isOver then evicted = evicted + 1 end
  drop(first[1])
end
return { evicted, redis.call('ZCARD', KEYS[3]), bytes() }
`

/** ARGV: now, names. Returns how many were there and had not expired, first. */
export const DELETE = `${DROP}
local removed = 0
for n = 2, #ARGV do
  local old = redis.call('HGET', KEYS[1], ARGV[n])
  if old and tonumber(string.match(old, '^%d+') or '0') > tonumber(ARGV[1]) then removed = removed + 1 end
  drop(ARGV[n])
end
return { removed, redis.call('ZCARD', KEYS[3]), bytes() }
`
