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

-- Write the indexes of a record whose expiry may have moved.
local function reindex(r, key, all, shard, owner)
	local from = r[SLOT]
	local to = slot_of(r[EXPIRES])
	r[SLOT] = to
	move(all, shard, key, from, to)
	if owner then
		move(owner, owner, key, from, to)
	end
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
