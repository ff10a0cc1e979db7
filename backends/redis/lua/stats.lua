-- KEYS: all
-- ARGV: tombstone, how many to uncount at most
local total, slots
local freed, most, tombstone = 0, tonumber(ARGV[2]), tonumber(ARGV[1])
repeat
	total, slots = prune(KEYS[1], most - freed, tombstone)
	freed = freed + total
until slots < 100 or freed == most
call('ZREMRANGEBYSCORE', KEYS[1], -now, TOMBSTONES)
local buried, bytes = 0, 0
for _, member in ipairs(call('ZRANGEBYSCORE', KEYS[1], '-inf', TOMBSTONES)) do
	buried = buried + struct.unpack('>I4', member, 8)
end
for _, member in ipairs(slots_of(KEYS[1], '+inf')) do
	bytes = bytes + struct.unpack('>I6', member, 12)
end
local expired = -(call('ZSCORE', KEYS[1], EXPIRIES) or 0)
return {OK, now, freed, live(KEYS[1]), buried, bytes, expired}
