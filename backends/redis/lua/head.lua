-- What is asked, a record's header as a table, and what is said of it.
local NOBODY = string.rep('\0', 32)

local function durations(asked)
	return struct.unpack('>I6I6I6', asked, 5)
end

-- Key, owner and everybody's index.
local function names(asked)
	return asked:sub(23, 54), asked:sub(55, 86), asked:sub(87)
end

local function unpacked(raw)
	local r = {struct.unpack(FORMAT, raw)}
	local flags = r[FLAGS]
	r[STATE], r[MOVED], r[KIND] = flags % 4, bit.band(flags, 4), bit.rshift(flags, 4)
	if bit.band(flags, 8) > 0 then
		r[REQUESTS], r[FIRST], r[LAST] = struct.unpack('>I6I6I6', raw, HEADER + 1)
	end
	return r
end

local function counters(r)
	return struct.pack('>I6I6I6', r[REQUESTS], r[FIRST], r[LAST])
end

local function packed(r)
	r[FLAGS] = r[STATE] + r[MOVED] + 16 * r[KIND] + (r[REQUESTS] and 8 or 0)
	local header = struct.pack(FORMAT, unpack(r, 1, OPERATION))
	return r[REQUESTS] and header .. counters(r) or header
end

-- Where the payload begins.
local function size(r)
	return r[REQUESTS] and HEADER + COUNTERS or HEADER
end

local function header_of(key)
	return call('GETRANGE', key, 0, HEADER + COUNTERS - 1)
end

-- What is after the hash tag of an owner's keys; owner as 32 bytes.
local DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
local function ref(digest)
	local out = {}
	digest = digest .. '\0'
	for i = 1, 33, 3 do
		local a, b, c = digest:byte(i, i + 2)
		local three = a * 65536 + b * 256 + c
		for shift = 3, 0, -1 do
			local digit = math.floor(three / 64 ^ shift) % 64 + 1
			out[#out + 1] = DIGITS:sub(digit, digit)
		end
	end
	return table.concat(out, '', 1, 43)
end

local function prefix_of(all)
	return all:sub(1, -6)
end

local function exists(all, key)
	return call('EXISTS', prefix_of(all) .. '{' .. ref(key) .. '}:s') == 1
end

-- Everybody's keys are shared out over sets, by their first bits.
local function shard_of(all, key)
	local a, b = key:byte(1, 2)
	return all .. ':' .. math.floor((a * 256 + b) / 64)
end

-- An owner's index has the first eight bytes of keys; the keys in full, as everybody's sets know.
local function short(key)
	return key:sub(1, 8)
end

local function in_full(all, short)
	local from = '[\1' .. short
	local out = call('ZRANGEBYLEX', shard_of(all, short), from, from .. string.rep('\255', 24))
	for i, member in ipairs(out) do
		out[i] = member:sub(2)
	end
	return out
end

local function generation_key(prefix, owner)
	return prefix .. '{o:' .. ref(owner) .. '}g'
end

-- Of an owner, by the key of its generation.
local function index_of(generation)
	return generation and generation:sub(1, -2) .. 'i'
end

-- The keys of a record's owner: its index and its generation; nil, nil for nobody's, and where a
-- record is alone in its slot.
local function owner_keys(r, all, mine, generation)
	if r[OWNER] ~= mine then
		local known = r[OWNER] ~= NOBODY and all ~= ''
		generation = known and generation_key(prefix_of(all), r[OWNER]) or nil
	end
	return index_of(generation), generation
end

-- The stamp at which the owner's records were ended last: later ones live.
local function generation_of(key)
	return key and tonumber(call('GET', key) or 0) or 0
end

-- Whether a record lives, whoever asks.
local function fate(r, generation)
	if r[STATE] == 2 or r[MOVED] > 0 or r[STAMP] <= generation then
		return REVOKED
	end
	return r[EXPIRES] <= now and EXPIRED or OK
end

-- Whether it was retired by a rotation, and for its grace, which is where its token was, is read.
local function in_grace(r, generation)
	local moved = r[MOVED]
	r[MOVED] = 0
	local lives = fate(r, generation) == OK
	r[MOVED] = moved
	return moved > 0 and lives and now < struct.unpack('>I6', r[OPERATION])
end

-- What is said of it: where no tombstones are held, of what has ended nothing.
local function standing(r, generation, tombstone)
	local status = fate(r, generation)
	local unknown = tombstone == 0 and status ~= OK and not in_grace(r, generation)
	return unknown and NOTFOUND or status
end

local function damaged(raw)
	local version, flags = raw:byte(1, 2)
	return #raw < HEADER or version ~= 2 or flags % 16 > 7 and #raw < HEADER + COUNTERS
end
