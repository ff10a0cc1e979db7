-- A record's header as a table, and what is said of it.
local NOBODY = string.rep('\0', 32)

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
