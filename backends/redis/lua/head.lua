-- What every script begins with: the time, and a record's header as a table.
local OK, NOTFOUND, EXPIRED, REVOKED, NOTOWNER = 0, -5003, -5004, -5005, -5006
local EXISTS, CONFLICT, LIMIT, CORRUPT = -5007, -5008, -5009, -5014
-- Of times: never. It fits 48 bits, and doubles hold it exactly.
local NEVER = 281474976710655
local HEADER, FORMAT = 119, '>BBBBI7I6I6I6I6I6I6I6I6I6I6c32c16'
local VERSION, KIND, STATE, MOVED, REVISION, CREATED, SEEN, EXPIRES = 1, 2, 3, 4, 5, 6, 7, 8
local REQUESTS, FIRST, LAST, SLOT, DEADLINE, GENERATION, GRACE = 9, 10, 11, 12, 13, 14, 15
local OWNER, OPERATION = 16, 17
local NOBODY = string.rep('\0', 32)
local call = redis.call
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function unpacked(raw)
	return {struct.unpack(FORMAT, raw)}
end

local function packed(r)
	return struct.pack(FORMAT, unpack(r, 1, 17))
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

-- The keys of a record's owner: its index and its generation; nil, nil for nobody's.
local function owner_keys(r, prefix, mine, index, generation)
	if r[OWNER] == mine then
		return index, generation
	end
	if r[OWNER] == NOBODY then
		return nil, nil
	end
	local tag = prefix .. '{o:' .. ref(r[OWNER]) .. '}:'
	return tag .. 'i', tag .. 'g'
end

local function generation_of(key)
	return key and tonumber(call('GET', key) or 0) or 0
end

-- Whether a record lives, whoever asks.
local function fate(r, generation)
	if r[STATE] == 2 or r[MOVED] == 1 or r[GENERATION] < generation then
		return REVOKED
	end
	return r[EXPIRES] <= now and EXPIRED or OK
end

local function damaged(raw)
	return #raw < HEADER or raw:byte(1) ~= 1
end
