-- An index is a sorted set of three kinds of members, whose order by score is their order by
-- bytes: "\0", whose score is minus the number of live records; "\1" and a key, of score 0, which
-- is what lists walk; "\2", a slot and how many records end in it, scored by the slot. A slot is
-- an expiry rounded up by at most a 64th of what was left, so that the number of slots stays small
-- and a count needs no member for each record. Everybody's keys are in sets of their own.
local COUNT = '\0'

local function bump(index, slot, by)
	local member = call('ZRANGEBYSCORE', index, slot, slot, 'LIMIT', 0, 1)[1]
	local count = by
	if member then
		count = count + struct.unpack('>I4', member, 8)
		call('ZREM', index, member)
	elseif by < 0 then
		return
	end
	if count > 0 then
		call('ZADD', index, slot, '\2' .. struct.pack('>I6I4', slot, count))
	end
	call('ZINCRBY', index, -by, COUNT)
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

-- Uncount what has ended: at most 100 slots.
local function prune(index)
	local gone = call('ZRANGEBYSCORE', index, 1, now, 'LIMIT', 0, 100)
	if gone[1] then
		local count = 0
		for _, member in ipairs(gone) do
			count = count + struct.unpack('>I4', member, 8)
		end
		call('ZREM', index, unpack(gone))
		call('ZINCRBY', index, count, COUNT)
	end
	return #gone
end

local function live(index)
	return -(call('ZSCORE', index, COUNT) or 0)
end

local function full(index, max)
	while prune(index) == 100 do
	end
	return live(index) >= max
end

local function slot_of(expires)
	if expires == NEVER then
		return NEVER
	end
	local _, exponent = math.frexp((expires - now) / 64)
	local grain = exponent > 1 and 2 ^ (exponent - 1) or 1
	return math.ceil(expires / grain) * grain
end

-- Look at some neighbours of a key that was just added: keys are hashes, so this is chance.
local function tidy(set, key, prefix)
	local range = call('ZRANGEBYLEX', set, '(\1' .. key, '(\2', 'LIMIT', 0, 3)
	for _, member in ipairs(range) do
		if call('EXISTS', prefix .. '{' .. ref(member:sub(2)) .. '}:s') == 0 then
			call('ZREM', set, member)
		end
	end
end

local function add(set, key, slot)
	local fresh = call('EXISTS', set) == 0
	call('ZADD', set, 0, '\1' .. key)
	if fresh and slot ~= NEVER then
		call('PEXPIREAT', set, slot + 1000)
	else
		outlive(set, slot)
	end
end

local function enter(index, set, key, slot)
	add(set, key, slot)
	bump(index, slot, 1)
end

local function leave(index, set, key, slot)
	bump(index, slot, -1)
	call('ZREM', set, '\1' .. key)
	if index == set and live(index) <= 0 then
		call('UNLINK', index)
	end
end

-- After a touch; it brings back what an index has lost.
local function move(index, set, key, from, to)
	if from ~= to then
		bump(index, from, -1)
		enter(index, set, key, to)
	end
end
