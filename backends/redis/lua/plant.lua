-- A record that comes from another slot.
-- KEYS: record
-- ARGV: tombstone, the whole of it
local raw = header_of(KEYS[1])
local r = unpacked(ARGV[2])
if raw ~= '' then
	return {not damaged(raw) and unpacked(raw)[OPERATION] == r[OPERATION] and OK or EXISTS, now}
end
put(KEYS[1], ARGV[2], vanish_at(r, tonumber(ARGV[1])))
return {OK, now}
