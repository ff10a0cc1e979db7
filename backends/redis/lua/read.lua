-- The rest of what read_soon.lua began.
local prefix, key, mine = ARGV[1], ARGV[2], ARGV[3]
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
generation = generation_of(generation)
local status = fate(r, generation)
if status == REVOKED and r[MOVED] == 1 and not (touch and not whole) then
	-- Retired by a rotation: for its grace it still reads as it was.
	r[MOVED] = 0
	if now < r[GRACE] and fate(r, generation) == OK then
		return {OK, now, packed(r), whole and raw or nil}
	end
end
if status ~= OK then
	return {status, now}
end
local moved = touch and extend(r, idle, every)
local last = r[LAST]
if count then
	r[REQUESTS] = r[REQUESTS] + 1
	r[FIRST] = r[FIRST] > 0 and r[FIRST] or now
	r[LAST] = now
elseif not moved then
	return {OK, now, whole and '' or raw, whole and raw or nil}
end
if moved then
	reindex(r, key, KEYS[2], KEYS[3], index)
end
call('SETRANGE', KEYS[1], 17, struct.pack('>I6I6I6I6I6I6', unpack(r, SEEN, SLOT)))
if moved and r[EXPIRES] ~= NEVER then
	call('PEXPIREAT', KEYS[1], vanish_at(r, tombstone))
elseif moved then
	call('PERSIST', KEYS[1])
end
r[LAST] = last
return {OK, now, packed(r), whole and raw or nil}
