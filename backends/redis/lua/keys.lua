-- KEYS: all, or the index of an owner
-- ARGV: last key seen or "", page, how
-- The keys that follow, whose records are in other slots; the last of them first, or "".
local last, steps = ARGV[1], math.min(tonumber(ARGV[2]), 256)
local out = {OK, now, ''}
local function walk(set)
	local from = last ~= '' and '(\1' .. last or '[\1'
	local members = call('ZRANGEBYLEX', set, from, '(\2', 'LIMIT', 0, steps)
	for _, member in ipairs(members) do
		last = member:sub(2)
		out[#out + 1] = last
	end
	local over = #members < steps
	steps = steps - #members
	return over
end

local first, shards = 0, 1023
if last ~= '' then
	first = math.floor((last:byte(1) * 256 + last:byte(2)) / 64)
end
if ARGV[3] == 'owner' then
	if not walk(KEYS[1]) then
		out[3] = last
	end
	return out
end
for shard = first, shards do
	if not walk(KEYS[1] .. ':' .. shard) then
		out[3] = last
		return out
	end
	-- The last key that could be in this one.
	last = struct.pack('>I2', (shard + 1) * 64 - 1) .. string.rep('\255', 30)
end
return out
