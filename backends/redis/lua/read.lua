-- The rest of what read_soon.lua began.
local key, mine, all = names(ARGV[1])
if raw == '' then
	return {NOTFOUND, now}
elseif damaged(raw) then
	return {CORRUPT, now}
end
local r = unpacked(raw)
local index, generation = owner_keys(r, all, mine, KEYS[2])
generation = generation_of(generation)
local status = standing(r, generation, tombstone)
if status ~= NOTFOUND and not any and r[OWNER] ~= mine then
	return {NOTOWNER, now}
elseif status == REVOKED and not (touch and not whole) and in_grace(r, generation) then
	-- It reads as it was.
	r[MOVED] = 0
	return {OK, now, packed(r), whole and raw or nil}
elseif status ~= OK then
	return {status, now}
end
local from = slot_of(r)
local begins = size(r)
local counted, last = r[REQUESTS], r[LAST]
local payload = whole and raw:sub(begins + 1)
local moved = touch and extend(r, idle, every)
if count then
	if not counted then
		payload = call('GETRANGE', KEYS[1], begins, -1)
	end
	r[REQUESTS] = (counted or 0) + 1
	r[FIRST] = counted and r[FIRST] > 0 and r[FIRST] or now
	r[LAST] = now
elseif not moved then
	return {OK, now, whole and '' or raw, whole and raw or nil}
end
local told
if moved then
	told = reindex(r, from, call('STRLEN', KEYS[1]) - begins, key, all, index)
end
if count and not counted then
	call('SET', KEYS[1], packed(r) .. payload, 'KEEPTTL')
else
	call('SETRANGE', KEYS[1], 15, struct.pack('>I6I6I6BI4', unpack(r, SEEN, BYTES)))
	if count then
		call('SETRANGE', KEYS[1], HEADER, counters(r))
	end
end
if moved and r[EXPIRES] ~= NEVER then
	call('PEXPIREAT', KEYS[1], vanish_at(r, tombstone))
elseif moved then
	call('PERSIST', KEYS[1])
end
if count then
	r[LAST] = last or 0
end
local header = packed(r)
return {OK, now, header, whole and header .. payload or '', told}
