-- An index is a sorted set of three kinds of members, whose order by score is their order by
-- bytes: "\0", whose score is minus the number of live records; "\1" and a key, of score 0, which
-- is what lists walk; "\2", a slot, how many records end in it and their bytes, scored by the
-- slot. A slot is an expiry rounded up by at most a 64th of what was left, so that the number of
-- slots stays small and a count needs no member for each record. Everybody's index has its keys in
-- sets of their own, and two more kinds: "\0e", minus how many have expired, and "\3", slots of
-- tombstones, scored by minus the slot.
local COUNT, EXPIRIES, TOMBSTONES = '\0', '\0e', -1e12
-- Whether what it is told may come in another order than it was: then a count may be below zero.
local unordered = false

local function bump(index, slot, by, bytes)
	local member = call('ZRANGEBYSCORE', index, slot, slot, 'LIMIT', 0, 1)[1]
	local count = by
	if member then
		local had, held = struct.unpack('>i4I6', member, 8)
		count, bytes = count + had, bytes + held
		call('ZREM', index, member)
	elseif by < 0 and not unordered then
		return
	end
	if count > 0 or unordered and count < 0 then
		call('ZADD', index, slot,
			'\2' .. struct.pack('>I6i4I6', slot, count, math.max(bytes, 0)))
	end
	if by ~= 0 then
		call('ZINCRBY', index, -by, COUNT)
	end
end

-- An index lives as long as the last of its records.
local function outlive(index, slot)
	local ttl = call('PTTL', index)
	if slot == NEVER then
		if ttl >= 0 then
			call('PERSIST', index)
		end
	elseif ttl >= 0 and now + ttl < slot + 1000 then
		call('PEXPIREAT', index, slot + 1000)
	end
end

-- How fine a slot is: a power of two.
local function grain_of(expires)
	if expires == NEVER then
		return 255
	end
	local _, exponent = math.frexp((expires - now) / 64)
	return math.max(exponent - 1, 0)
end

local function slot_at(expires, grain)
	return grain == 255 and NEVER or math.ceil(expires / 2 ^ grain) * 2 ^ grain
end

-- Count tombstones that stay until then.
local function bury(index, vanish, count)
	if vanish <= now or vanish >= NEVER then
		return
	end
	local slot = slot_at(vanish, grain_of(vanish))
	local member = call('ZRANGEBYSCORE', index, -slot, -slot, 'LIMIT', 0, 1)[1]
	if member then
		count = count + struct.unpack('>I4', member, 8)
		call('ZREM', index, member)
	end
	call('ZADD', index, -slot, '\3' .. struct.pack('>I6I4', slot, count))
end

-- Slots up to a time; a total that is below zero for now is none.
local function slots_of(index, to, ...)
	local out = {}
	for _, member in ipairs(call('ZRANGEBYSCORE', index, 1, to, ...)) do
		if member:byte(1) == 2 then
			out[#out + 1] = member
		end
	end
	return out
end

-- Uncount what has ended: at most 100 slots, and at most so many records.
local function prune(index, most, tombstone)
	local gone = slots_of(index, now, 'LIMIT', 0, 100)
	local total = 0
	for _, member in ipairs(gone) do
		local slot, count, bytes = struct.unpack('>I6i4I6', member, 2)
		local some = math.min(count, most - total)
		if some == 0 then
			break
		end
		bump(index, slot, -some, -math.floor(bytes * some / count))
		total = total + some
		if tombstone and some > 0 then
			bury(index, slot + tombstone, some)
		end
	end
	if tombstone and total > 0 then
		call('ZINCRBY', index, -total, EXPIRIES)
	end
	return total, #gone
end

local function live(index)
	return math.max(-(call('ZSCORE', index, COUNT) or 0), 0)
end

local function full(index, max, tombstone)
	repeat
		local _, slots = prune(index, NEVER, tombstone)
	until slots < 100
	return live(index) >= max
end

-- Look at some neighbours of a key that was just added: keys are hashes, so this is chance.
local function tidy(set, key, all)
	local range = call('ZRANGEBYLEX', set, '(\1' .. key, '(\2', 'LIMIT', 0, 3)
	for _, member in ipairs(range) do
		local found = member:sub(2)
		if #found == 8 then
			found = in_full(all, found)[1]
		end
		if not found or not exists(all, found) then
			call('ZREM', set, member)
		end
	end
end

-- Whether it was not there.
local function add(set, key, slot)
	local fresh = call('EXISTS', set) == 0
	local new = call('ZADD', set, 0, '\1' .. key)
	if fresh and slot ~= NEVER then
		call('PEXPIREAT', set, slot + 1000)
	else
		outlive(set, slot)
	end
	return new == 1
end

local function enter(index, set, key, slot, bytes)
	local new = add(set, key, slot)
	bump(index, slot, 1, bytes)
	return new
end

local function leave(index, set, key, slot, bytes)
	bump(index, slot, -1, -bytes)
	call('ZREM', set, '\1' .. key)
	if index == set and live(index) == 0 and not unordered then
		call('UNLINK', index)
	end
end

-- After a touch; it brings back what an index has lost.
local function move(index, set, key, from, had, to, bytes)
	if from ~= to then
		bump(index, from, -1, -had)
		enter(index, set, key, to, bytes)
	elseif had ~= bytes then
		bump(index, to, 0, bytes - had)
	end
end
