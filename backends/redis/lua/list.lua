-- KEYS: all, or the index of an owner
-- ARGV: prefix, last key seen or "", page, owner, any, how
-- Walked by key: everybody's through the sets that share them out, an owner's in its index.
local prefix, last, page = ARGV[1], ARGV[2], tonumber(ARGV[3])
local mine, any = ARGV[4], ARGV[5] == '1'
local out, found, generations = {OK, now, ''}, 0, {}

local function generation(r)
	local _, key = owner_keys(r, prefix, '', nil, nil)
	if not key then
		return 0
	end
	generations[key] = generations[key] or generation_of(key)
	return generations[key]
end

local function look_at(set, key)
	local record = prefix .. '{' .. ref(key) .. '}:s'
	local raw = call('GETRANGE', record, 0, HEADER - 1)
	local r = raw ~= '' and not damaged(raw) and unpacked(raw)
	if not r or fate(r, generation(r)) ~= OK then
		call('ZREM', set, '\1' .. key)
	elseif any or r[OWNER] == mine then
		found = found + 1
		out[#out + 1] = key
		out[#out + 1] = raw
		out[#out + 1] = call('STRLEN', record) - HEADER
	end
end

-- Keys after the last one, at most as many as there is room for; whether the set has no more.
local steps = math.min(page, 256)
local function walk(set)
	local from = last ~= '' and '(\1' .. last or '[\1'
	local members = call('ZRANGEBYLEX', set, from, '(\2', 'LIMIT', 0, steps)
	for _, member in ipairs(members) do
		last = member:sub(2)
		look_at(set, last)
	end
	local over = #members < steps
	steps = steps - #members
	return over
end

if ARGV[6] == 'owner' then
	if not walk(KEYS[1]) then
		out[3] = last
	end
	return out
end
local first = 0
if last ~= '' then
	first = math.floor((last:byte(1) * 256 + last:byte(2)) / 64)
end
for shard = first, math.min(first + 511, 1023) do
	if not walk(KEYS[1] .. ':' .. shard) then
		out[3] = last
		return out
	elseif shard == 1023 then
		return out
	end
	-- The last key that could be in this one.
	last = struct.pack('>I2', (shard + 1) * 64 - 1) .. string.rep('\255', 30)
end
out[3] = last
return out
