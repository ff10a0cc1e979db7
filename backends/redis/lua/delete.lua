-- KEYS: as of create
-- ARGV: prefix, key, owner, any, tombstone
local prefix, key, mine, any = ARGV[1], ARGV[2], ARGV[3], ARGV[4] == '1'
local raw = call('GETRANGE', KEYS[1], 0, HEADER - 1)
if raw == '' or damaged(raw) then
	if raw ~= '' then
		call('UNLINK', KEYS[1])
	end
	return {OK, now}
end
local r = unpacked(raw)
local index, generation = owner_keys(r, prefix, mine, KEYS[4], KEYS[5])
if not any and r[OWNER] ~= mine then
	return {NOTOWNER, now}
elseif fate(r, generation_of(generation)) ~= OK then
	if r[MOVED] == 1 and r[GRACE] > now then
		-- Retired by a rotation: it reads no more.
		r[GRACE] = now
		call('SET', KEYS[1], packed(r), 'KEEPTTL')
	end
	return {OK, now}
end
r[STATE] = 2
local header = packed(r)
if tonumber(ARGV[5]) > 0 then
	put(KEYS[1], header, now + tonumber(ARGV[5]))
else
	call('UNLINK', KEYS[1])
end
leave(KEYS[2], KEYS[3], key, r[SLOT])
if index then
	leave(index, index, key, r[SLOT])
end
return {OK, now, header}
