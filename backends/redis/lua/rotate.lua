-- KEYS: record, new record, and the generation of an owner
-- ARGV: what is asked, operation, new key, grace, revision, and its payload
-- digits: any
local key, mine, all = names(ARGV[1])
local any = ARGV[1]:byte(1) == 49
local _, _, tombstone = durations(ARGV[1])
local grace = tonumber(ARGV[4])
local raw, there = call('GET', KEYS[1]), header_of(KEYS[2])
if raw and damaged(raw) then
	return {CORRUPT, now}
end
local new = there ~= '' and not damaged(there) and unpacked(there)
-- When the old key is forgotten, the new one may still tell that it was this operation.
local r = raw and unpacked(raw) or new
if not r then
	return {NOTFOUND, now}
end
local index, generation = owner_keys(r, all, mine, KEYS[3])
generation = generation_of(generation)
local status = raw and standing(r, generation, tombstone) or NOTFOUND
if not any and r[OWNER] ~= mine then
	return {status ~= NOTFOUND and NOTOWNER or NOTFOUND, now}
elseif there ~= '' and not new then
	return {CORRUPT, now}
end
if status ~= OK then
	if new and new[OPERATION] == ARGV[2] and new[OWNER] == r[OWNER]
			and fate(new, generation) == OK then
		return {OK, now, there}
	end
	return {status, now}
elseif new then
	local _, others = owner_keys(new, all, mine, KEYS[3])
	if standing(new, generation_of(others), tombstone) ~= NOTFOUND then
		return {EXISTS, now}
	end
end
local revision = tonumber(ARGV[5])
if revision > 0 and r[REVISION] ~= revision then
	return {CONFLICT, now, raw:sub(1, size(r))}
end
local payload = raw:sub(size(r) + 1)
r[REVISION] = r[REVISION] + 1
r[OPERATION] = ARGV[2]
local header = packed(r)
put(KEYS[2], header .. (revision > 0 and ARGV[6] or payload), vanish_at(r, tombstone))
-- The old key: its revision as it was, so that it reads as it did; its token is of no use.
r[REVISION] = r[REVISION] - 1
r[MOVED] = 4
r[OPERATION] = struct.pack('>I6I2', now + grace, 0)
local vanish = now + math.max(grace, tombstone)
if vanish > now then
	put(KEYS[1], packed(r) .. (grace > 0 and payload or ''), vanish)
	bury(all, vanish, 1)
else
	call('UNLINK', KEYS[1])
end
call('ZREM', shard_of(all, key), '\1' .. key)
add(shard_of(all, ARGV[3]), ARGV[3], slot_of(r))
if index then
	call('ZREM', index, '\1' .. short(key))
	add(index, short(ARGV[3]), slot_of(r))
end
return {OK, now, header}
