-- KEYS: as of create
-- ARGV: prefix, key, owner, any, idle, every, tombstone, operation, state, payload, revision
local prefix, key, mine, any = ARGV[1], ARGV[2], ARGV[3], ARGV[4] == '1'
local raw = call('GETRANGE', KEYS[1], 0, HEADER - 1)
if raw == '' then
	return {NOTFOUND, now}
elseif damaged(raw) then
	return {CORRUPT, now}
end
local r = unpacked(raw)
local index, generation = owner_keys(r, prefix, mine, KEYS[4], KEYS[5])
if not any and r[OWNER] ~= mine then
	return {NOTOWNER, now}
end
local status = fate(r, generation_of(generation))
if status ~= OK then
	return {status, now}
end
local revision = tonumber(ARGV[11])
if r[REVISION] == revision + 1 and r[OPERATION] == ARGV[8] then
	return {OK, now, raw}
elseif r[REVISION] ~= revision then
	return {CONFLICT, now, raw, call('GET', KEYS[1])}
end
r[REVISION] = revision + 1
r[OPERATION] = ARGV[8]
r[STATE] = tonumber(ARGV[9])
if extend(r, tonumber(ARGV[5]), tonumber(ARGV[6])) then
	reindex(r, key, KEYS[2], KEYS[3], index)
end
local header = packed(r)
put(KEYS[1], header .. ARGV[10], vanish_at(r, tonumber(ARGV[7])))
return {OK, now, header}
