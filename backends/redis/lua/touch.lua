-- Move the idle expiry, unless it stands far enough ahead; whether anything is to be written.
local function extend(r, idle, every)
	local expires = now + idle
	local late = now - r[SEEN] >= every and now > r[SEEN]
	if expires < r[EXPIRES] then
		expires = r[EXPIRES]
	else
		expires = math.min(expires + every, r[DEADLINE])
	end
	if expires <= r[EXPIRES] and not late then
		return false
	end
	r[SEEN] = math.max(now, r[SEEN])
	r[EXPIRES] = math.max(expires, r[EXPIRES])
	return true
end

local function slot_of(r)
	return slot_at(r[EXPIRES], r[GRAIN])
end

-- Write the indexes of a record whose expiry may have moved. Its slot and bytes before that are
-- the answer: a record alone in its slot has its indexes elsewhere, which are told by who asked.
local function reindex(r, from, bytes, key, all, owner)
	local had = r[BYTES]
	r[GRAIN], r[BYTES] = grain_of(r[EXPIRES]), bytes
	if all ~= '' then
		move(all, shard_of(all, key), key, from, had, slot_of(r), bytes)
	end
	if owner then
		move(owner, owner, short(key), from, had, slot_of(r), bytes)
	end
	return all == '' and struct.pack('>I6I4', from, had) or nil
end

local function vanish_at(r, tombstone)
	return r[EXPIRES] ~= NEVER and r[EXPIRES] + tombstone or NEVER
end

-- The whole record, or a tombstone, and when it vanishes.
local function put(key, value, at)
	if at == NEVER then
		call('SET', key, value)
	else
		call('SET', key, value, 'PXAT', at)
	end
end
