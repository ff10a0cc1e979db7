-- KEYS: all, index and generation of an owner
-- ARGV: how long the generation is kept at least, tombstone
local last = tonumber(call('GET', KEYS[3]) or 0)
local generation = math.max(256 * now, last + 1)
local keep, tombstone = now + tonumber(ARGV[1]), tonumber(ARGV[2])
local slots = slots_of(KEYS[2], '+inf')
for _, member in ipairs(slots) do
	local slot, count, bytes = struct.unpack('>I6i4I6', member, 2)
	keep = math.max(keep, slot)
	if slot > now then
		bump(KEYS[1], slot, -count, -bytes)
		if tombstone > 0 then
			bury(KEYS[1], slot + tombstone, count)
		end
	end
end
call('UNLINK', KEYS[2])
-- It may be forgotten when none of the records is left that it has ended.
if keep < NEVER then
	call('SET', KEYS[3], string.format('%.0f', generation), 'PXAT', keep + 1000)
else
	call('SET', KEYS[3], string.format('%.0f', generation))
end
return {OK, now}
