-- What becomes of a record of another slot, into an index.
-- KEYS: index, and where keys have sets of their own the key's
-- ARGV: what, key, bytes, tombstone, and
--       enter: how long it lives, max; move: slot and bytes before, slot; leave: slot; join: slot
local what, key, bytes, tombstone = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local index, set = KEYS[1], KEYS[2] or KEYS[1]
unordered = true
if what == 'enter' then
	if call('ZSCORE', set, '\1' .. key) then
		return {OK, now, 0, 0}
	elseif full(index, tonumber(ARGV[6]), KEYS[2] and tombstone) then
		return {LIMIT, now}
	end
	local expires = math.min(now + tonumber(ARGV[5]), NEVER)
	local slot = slot_at(expires, grain_of(expires))
	enter(index, set, key, slot, bytes)
	return {OK, now, slot, 1}
elseif what == 'move' then
	move(index, set, key, tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), bytes)
elseif what == 'leave' or what == 'undo' then
	if KEYS[2] and what == 'leave' then
		bury(index, now + tombstone, 1)
	end
	leave(index, set, key, tonumber(ARGV[5]), bytes)
elseif what == 'join' then
	add(set, key, tonumber(ARGV[5]))
else
	call('ZREM', set, '\1' .. key)
end
return {OK, now}
