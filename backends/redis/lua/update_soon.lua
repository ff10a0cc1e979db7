-- What most updates are: the revision is right, and the expiry stands.
-- KEYS: as of create
-- ARGV: prefix, key, owner, what, durations, operation, payload, revision
-- what: any and the state, a digit each; durations: as of a read
local raw = call('GETRANGE', KEYS[1], 0, HEADER - 1)
local idle, every, tombstone = struct.unpack('>I6I6I6', ARGV[5])
local revision = tonumber(ARGV[8])
local any, new_state = ARGV[4]:byte(1, 2)
any, new_state = any == 49, new_state - 48
if #raw == HEADER and raw:sub(72, 103) == ARGV[3] then
	local version, _, state, moved = raw:byte(1, 4)
	local current = struct.unpack('>I7', raw, 5)
	local seen, expires = struct.unpack('>I6I6', raw, 18)
	local stands = now + idle < expires and now - seen < every
	if version == 1 and state < 2 and moved == 0 and current == revision and stands then
		local generation = KEYS[5] and call('GET', KEYS[5])
		if not generation or struct.unpack('>I6', raw, 60) >= tonumber(generation) then
			local header = raw:sub(1, 2) .. string.char(new_state, 0) ..
				struct.pack('>I7', revision + 1) .. raw:sub(12, 103) .. ARGV[6]
			call('SET', KEYS[1], header .. ARGV[7], 'KEEPTTL')
			return {OK, now, header}
		end
	end
end
