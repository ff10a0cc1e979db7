-- The rest of what read_soon.lua began. Each is read again, for one before it may be of the same.
local all = asked:sub(64 * many + 23)
local function read(i)
	local at = KEYS[i * step - step + 1]
	local key, mine = asked:sub(64 * i - 41, 64 * i - 10), asked:sub(64 * i - 9, 64 * i + 22)
	local raw = whole and (call('GET', at) or '') or header_of(at)
	if raw == '' then
		return {NOTFOUND, now}
	elseif damaged(raw) then
		return {CORRUPT, now}
	end
	local r = unpacked(raw)
	local index, generation = owner_keys(r, all, mine, step > 1 and KEYS[i * step] or nil)
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
			payload = call('GETRANGE', at, begins, -1)
		end
		r[REQUESTS] = (counted or 0) + 1
		r[FIRST] = counted and r[FIRST] > 0 and r[FIRST] or now
		r[LAST] = now
	elseif not moved then
		return {OK, now, whole and '' or raw, whole and raw or nil}
	end
	local told
	if moved then
		told = reindex(r, from, call('STRLEN', at) - begins, key, all, index)
	end
	if count and not counted then
		call('SET', at, packed(r) .. payload, 'KEEPTTL')
	else
		call('SETRANGE', at, 15, struct.pack('>I6I6I6BI4', unpack(r, SEEN, BYTES)))
		if count then
			call('SETRANGE', at, HEADER, counters(r))
		end
	end
	if moved and r[EXPIRES] ~= NEVER then
		call('PEXPIREAT', at, vanish_at(r, tombstone))
	elseif moved then
		call('PERSIST', at)
	end
	if count then
		r[LAST] = last or 0
	end
	local header = packed(r)
	return {OK, now, header, whole and header .. payload or '', told}
end

for _, i in ipairs(rest) do
	answers[i + 1] = read(i)
end
return many > 1 and answers or answers[2]
