-- What most updates are: the revision is right, and the expiry stands.
-- KEYS: as of create
-- ARGV: what is asked, operation, payload, revision
-- digits: any, state
local asked = ARGV[1]
local raw = call('GETRANGE', KEYS[1], 0, HEADER + COUNTERS - 1)
local idle, every, tombstone = struct.unpack('>I6I6I6', asked, 5)
local revision = tonumber(ARGV[4])
local any, new_state = asked:byte(1, 2)
any, new_state = any == 49, new_state - 48
if #raw >= HEADER and raw:sub(39, 70) == asked:sub(55, 86) then
	local version, flags = raw:byte(1, 2)
	local current, stamp, seen, expires = struct.unpack('>I6I7I6I6', raw, 3)
	local stands = now + idle < expires and now - seen < every
	local sound = version == 2 and (flags % 16 < 8 or #raw >= HEADER + COUNTERS)
	if sound and flags % 8 < 2 and current == revision and stands then
		local generation = KEYS[2] and call('GET', KEYS[2])
		if not generation or stamp > tonumber(generation) then
			local header = struct.pack('>BBI6', 2, flags - flags % 8 + new_state,
				revision + 1) .. raw:sub(9, 70) .. ARGV[2]
			if flags % 16 > 7 then
				header = header .. raw:sub(HEADER + 1, HEADER + COUNTERS)
			end
			call('SET', KEYS[1], header .. ARGV[3], 'KEEPTTL')
			return struct.pack('>I6', now) .. header
		end
	end
end
