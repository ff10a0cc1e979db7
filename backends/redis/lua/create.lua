-- KEYS: record, all, shard, and of an owner: index, generation
-- ARGV: prefix, key, owner, any, idle, every, tombstone, operation, state, payload, absolute,
--       kind, max, max of an owner, count
local prefix, key, mine, any = ARGV[1], ARGV[2], ARGV[3], ARGV[4] == '1'
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
		if own and r[REVISION] == 1 and r[OPERATION] == ARGV[8] then
			return {OK, now, raw}
		end
		return {EXISTS, now}
	end
	return {own and status or NOTOWNER, now}
end
if full(KEYS[2], tonumber(ARGV[13])) then
	return {LIMIT, now, 'max_sessions is reached'}
end
if KEYS[4] and full(KEYS[4], tonumber(ARGV[14])) then
	return {LIMIT, now, 'max_sessions_per_owner is reached'}
end
local deadline = math.min(now + tonumber(ARGV[11]), NEVER)
local expires = math.min(now + tonumber(ARGV[5]) + tonumber(ARGV[6]), deadline)
local slot = slot_of(expires)
local requests, counted = tonumber(ARGV[15]), ARGV[15] == '1' and now or 0
local r = {1, tonumber(ARGV[12]), tonumber(ARGV[9]), 0, 1, now, now, expires, requests, counted,
	counted, slot, deadline, generation_of(KEYS[5]), 0, mine, ARGV[8]}
local header = packed(r)
put(KEYS[1], header .. ARGV[10], vanish_at(r, tonumber(ARGV[7])))
enter(KEYS[2], KEYS[3], key, slot)
tidy(KEYS[3], key, prefix)
if KEYS[4] then
	enter(KEYS[4], KEYS[4], key, slot)
	tidy(KEYS[4], key, prefix)
end
r[LAST] = 0
return {OK, now, packed(r)}
