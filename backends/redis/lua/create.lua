-- KEYS: record, all, shard, and of an owner: index, generation
-- ARGV: prefix, key, owner, what, durations, operation, payload, absolute, kind, max,
--       max of an owner
-- what: any, the state and count, a digit each; durations: as of a read
local prefix, key, mine = ARGV[1], ARGV[2], ARGV[3]
local any, state, counts = ARGV[4]:byte(1, 3)
any, state, counts = any == 49, state - 48, counts - 48
local idle, every, tombstone = struct.unpack('>I6I6I6', ARGV[5])
local raw = call('GETRANGE', KEYS[1], 0, HEADER - 1)
if raw ~= '' then
	if damaged(raw) then
		return {CORRUPT, now}
	end
	local r = unpacked(raw)
	local _, generation = owner_keys(r, prefix, mine, KEYS[4], KEYS[5])
	local status = fate(r, generation_of(generation))
	local own = any or r[OWNER] == mine
	if status == OK then
		if own and r[REVISION] == 1 and r[OPERATION] == ARGV[6] then
			return {OK, now, raw}
		end
		return {EXISTS, now}
	end
	return {own and status or NOTOWNER, now}
end
if full(KEYS[2], tonumber(ARGV[10])) then
	return {LIMIT, now, 'max_sessions is reached'}
end
if KEYS[4] and full(KEYS[4], tonumber(ARGV[11])) then
	return {LIMIT, now, 'max_sessions_per_owner is reached'}
end
local deadline = math.min(now + tonumber(ARGV[8]), NEVER)
local expires = math.min(now + idle + every, deadline)
local slot = slot_of(expires)
local counted = counts * now
local r = {1, tonumber(ARGV[9]), state, 0, 1, now, now, expires, counts, counted, counted,
	slot, deadline, generation_of(KEYS[5]), 0, mine, ARGV[6]}
local header = packed(r)
put(KEYS[1], header .. ARGV[7], vanish_at(r, tombstone))
enter(KEYS[2], KEYS[3], key, slot)
tidy(KEYS[3], key, prefix)
if KEYS[4] then
	enter(KEYS[4], KEYS[4], key, slot)
	tidy(KEYS[4], key, prefix)
end
r[LAST] = 0
return {OK, now, packed(r)}
