-- The rest of what update_soon.lua began.
local key, mine, all = names(ARGV[1])
if raw == '' then
	return {NOTFOUND, now}
elseif damaged(raw) then
	return {CORRUPT, now}
end
local r = unpacked(raw)
local index, generation = owner_keys(r, all, mine, KEYS[2])
local status = standing(r, generation_of(generation), tombstone)
if status ~= NOTFOUND and not any and r[OWNER] ~= mine then
	return {NOTOWNER, now}
elseif status ~= OK then
	return {status, now}
end
if r[REVISION] == revision + 1 and r[OPERATION] == ARGV[2] then
	return {OK, now, raw}
elseif r[REVISION] ~= revision then
	return {CONFLICT, now, raw, call('GET', KEYS[1])}
end
r[REVISION] = revision + 1
r[OPERATION] = ARGV[2]
r[STATE] = new_state
local from, told = slot_of(r), nil
if extend(r, idle, every) then
	told = reindex(r, from, #ARGV[3], key, all, index)
end
local header = packed(r)
put(KEYS[1], header .. ARGV[3], vanish_at(r, tombstone))
return {OK, now, header, '', told}
