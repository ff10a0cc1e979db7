-- KEYS: record, and the generation of an owner where its indexes are here too
-- ARGV: what is asked, operation, payload, absolute, kind, max, max of an owner
-- digits: any, state, touch, count
local key, mine, all = names(ARGV[1])
local any, state, _, counts = ARGV[1]:byte(1, 4)
any, state, counts = any == 49, state - 48, counts - 48
local idle, every, tombstone = durations(ARGV[1])
local raw = header_of(KEYS[1])
if raw ~= '' then
	if damaged(raw) then
		return {CORRUPT, now}
	end
	local r = unpacked(raw)
	local _, generation = owner_keys(r, all, mine, KEYS[2])
	local status = standing(r, generation_of(generation), tombstone)
	local own = any or r[OWNER] == mine
	if status == OK then
		if own and r[REVISION] == 1 and r[OPERATION] == ARGV[2] then
			return {OK, now, raw, '', ''}
		end
		return {EXISTS, now}
	elseif all == '' and r[MOVED] > 0 and r[STATE] ~= 2 then
		-- It may be brought back, by who has retired it.
		status = REVOKED
	end
	if status ~= NOTFOUND then
		return {own and status or NOTOWNER, now}
	end
end
if all ~= '' and full(all, tonumber(ARGV[6]), tombstone) then
	return {LIMIT, now, 'max_sessions is reached'}
end
local index = index_of(KEYS[2])
if index and full(index, tonumber(ARGV[7])) then
	return {LIMIT, now, 'max_sessions_per_owner is reached'}
end
local deadline = math.min(now + tonumber(ARGV[4]), NEVER)
local expires = math.min(now + idle + every, deadline)
local stamp = math.max(256 * now, generation_of(KEYS[2]) + 1)
local r = {2, 0, 1, stamp, now, expires, deadline, grain_of(expires), #ARGV[3], mine, ARGV[2],
	state, 0, tonumber(ARGV[5])}
if counts > 0 then
	r[REQUESTS], r[FIRST], r[LAST] = 1, now, now
end
put(KEYS[1], packed(r) .. ARGV[3], vanish_at(r, tombstone))
if all ~= '' then
	local shard = shard_of(all, key)
	enter(all, shard, key, slot_of(r), #ARGV[3])
	tidy(shard, key, all)
end
if index then
	enter(index, index, short(key), slot_of(r), #ARGV[3])
	tidy(index, short(key), all)
end
if counts > 0 then
	r[LAST] = 0
end
return {OK, now, packed(r)}
