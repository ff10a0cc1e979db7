-- KEYS: all, or the index of an owner
-- ARGV: prefix, last key seen or "", page, owner, any, how
-- Walked by key: everybody's through the sets that share them out, an owner's in its index.
local prefix, last, page = ARGV[1], ARGV[2], tonumber(ARGV[3])
local mine, any = ARGV[4], ARGV[5] == '1'
local out, found, generations = {OK, now, ''}, 0, {}

local function generation(owner)
	if owner == NOBODY then
		return 0
	end
	generations[owner] = generations[owner] or generation_of(generation_key(prefix, owner))
	return generations[owner]
end

-- Whether it lives.
local function look_at(key)
	local record = prefix .. '{' .. ref(key) .. '}:s'
	local raw = header_of(record)
	local r = raw ~= '' and not damaged(raw) and unpacked(raw)
	if not r or fate(r, generation(r[OWNER])) ~= OK then
		return false
	elseif any or r[OWNER] == mine then
		found = found + 1
		out[#out + 1] = key
		out[#out + 1] = raw
		out[#out + 1] = call('STRLEN', record) - size(r)
	end
	return true
end

-- Keys after the last one, at most as many as there is room for; whether the set has no more.
local steps = math.min(page, 256)
local function walk(set)
	local from = last ~= '' and '(\1' .. last or '[\1'
	local members = call('ZRANGEBYLEX', set, from, '(\2', 'LIMIT', 0, steps)
	for _, member in ipairs(members) do
		last = member:sub(2)
		local key = #last == 8 and in_full(prefix .. '{all}', last)[1] or last
		if #key == 8 or not look_at(key) then
			call('ZREM', set, member)
		end
	end
	local over = #members < steps
	steps = steps - #members
	return over
end

if ARGV[6] == 'owner' then
	last = short(last)
	if not walk(KEYS[1]) then
		out[3] = last .. string.rep('\0', 24)
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
