-- KEYS: as of create
-- ARGV: what is asked
-- digits: any
local key, mine, all = names(ARGV[1])
local any = ARGV[1]:byte(1) == 49
local _, _, tombstone = durations(ARGV[1])
local raw = header_of(KEYS[1])
if raw == '' or damaged(raw) then
	if raw ~= '' then
		call('UNLINK', KEYS[1])
	end
	return {OK, now}
end
local r = unpacked(raw)
local index, generation = owner_keys(r, all, mine, KEYS[2])
local status = standing(r, generation_of(generation), tombstone)
if status ~= NOTFOUND and not any and r[OWNER] ~= mine then
	return {NOTOWNER, now}
elseif status ~= OK then
	if r[MOVED] > 0 and r[STATE] ~= 2 then
		-- Retired by a rotation: it reads no more.
		r[STATE] = 2
		call('SET', KEYS[1], packed(r), 'KEEPTTL')
	end
	return {OK, now}
end
local vanish = now + tombstone
r[STATE] = 2
local header = packed(r)
-- First: a script that has freed something may write where no memory is left.
call('UNLINK', KEYS[1])
if vanish > now then
	put(KEYS[1], header, vanish)
end
if all ~= '' then
	leave(all, shard_of(all, key), key, slot_of(r), r[BYTES])
	bury(all, vanish, 1)
end
if index then
	leave(index, index, short(key), slot_of(r), r[BYTES])
end
return {OK, now, header}
