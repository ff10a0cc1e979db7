-- What most reads are: the record lives, is the caller's, and nothing is to be written.
-- KEYS: as of create
-- ARGV: what is asked
-- digits: any, whole, touch, count
local asked = ARGV[1]
local any, whole, touch, count = asked:byte(1, 4)
any, whole, touch, count = any == 49, whole == 49, touch == 49, count == 49
local raw
if whole then
	raw = call('GET', KEYS[1]) or ''
else
	raw = call('GETRANGE', KEYS[1], 0, HEADER + COUNTERS - 1)
end
local idle, every, tombstone = struct.unpack('>I6I6I6', asked, 5)
if #raw >= HEADER and not count and raw:sub(39, 70) == asked:sub(55, 86) then
	local version, flags = raw:byte(1, 2)
	local stamp, seen, expires = struct.unpack('>I7I6I6', raw, 9)
	local stands = not touch or now + idle < expires and now - seen < every
	if version == 2 and flags % 8 < 2 and now < expires and stands then
		local generation = KEYS[2] and call('GET', KEYS[2])
		if not generation or stamp > tonumber(generation) then
			return struct.pack('>I6', now) .. raw
		end
	end
end
