-- What most updates are: the revision is right, and the expiry stands.
-- KEYS: as of create
-- ARGV: all, key, owner, what, durations, operation, payload, revision
-- what: any and the state, a digit each; durations: as of a read
local raw = call('GETRANGE', KEYS[1], 0, HEADER + COUNTERS - 1)
local idle, every, tombstone = struct.unpack('>I6I6I6', ARGV[5])
local revision = tonumber(ARGV[8])
local any, new_state = ARGV[4]:byte(1, 2)
any, new_state = any == 49, new_state - 48
if #raw >= HEADER and raw:sub(39, 70) == ARGV[3] then
	local version, flags = raw:byte(1, 2)
	local current, stamp, seen, expires = struct.unpack('>I6I7I6I6', raw, 3)
	local stands = now + idle < expires and now - seen < every
	if version == 2 and flags % 8 < 2 and current == revision and stands then
		local generation = KEYS[2] and call('GET', KEYS[2])
		if not generation or stamp > tonumber(generation) then
			local header = struct.pack('>BBI6', 2, flags - flags % 8 + new_state,
				revision + 1) .. raw:sub(9, 70) .. ARGV[6]
			if flags % 16 > 7 then
				header = header .. raw:sub(HEADER + 1, HEADER + COUNTERS)
			end
			call('SET', KEYS[1], header .. ARGV[7], 'KEEPTTL')
			return struct.pack('>I6', now) .. header
		end
	end
end
