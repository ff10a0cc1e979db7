-- What most reads are: the record lives, is the caller's, and nothing is to be written.
-- KEYS: as of create
-- ARGV: prefix, key, owner, what, durations
-- what: any, whole, touch and count, a digit each; durations: idle, every and tombstone, packed
local any, whole, touch, count = ARGV[4]:byte(1, 4)
any, whole, touch, count = any == 49, whole == 49, touch == 49, count == 49
local raw
if whole then
	raw = call('GET', KEYS[1]) or ''
else
	raw = call('GETRANGE', KEYS[1], 0, HEADER - 1)
end
local idle, every, tombstone = struct.unpack('>I6I6I6', ARGV[5])
if #raw >= HEADER and not count and raw:sub(72, 103) == ARGV[3] then
	local version, _, state, moved = raw:byte(1, 4)
	local seen, expires = struct.unpack('>I6I6', raw, 18)
	local stands = not touch or now + idle < expires and now - seen < every
	if version == 1 and state < 2 and moved == 0 and now < expires and stands then
		local generation = KEYS[5] and call('GET', KEYS[5])
		if not generation or struct.unpack('>I6', raw, 60) >= tonumber(generation) then
			return {OK, now, whole and '' or raw, whole and raw or nil}
		end
	end
end
