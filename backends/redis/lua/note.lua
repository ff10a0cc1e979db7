-- What becomes of a record of another slot, into an index.
-- KEYS: index, and where keys have sets of their own the key's
-- ARGV: what, key, bytes, tombstone, and
--       enter: how long it lives, max; move: slot and bytes before, slot; settle: slot, or 0 for
--       the one in doubt; else: slot
local what, key, bytes, tombstone = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local index, set = KEYS[1], KEYS[2] or KEYS[1]
-- The slot of a place that was taken for a record of which nobody knows whether it came about.
local doubt = set .. '?' .. key
local function in_doubt()
	return call('ZSCORE', set, '\1' .. key) and call('EXISTS', doubt) == 1
end

unordered = true
if what == 'enter' then
	-- That the key is there does not say that it is counted: its record may have expired.
	if full(index, tonumber(ARGV[6]), KEYS[2] and tombstone) and not in_doubt() then
		return {LIMIT, now}
	end
	local expires = math.min(now + tonumber(ARGV[5]), NEVER)
	local slot = slot_at(expires, grain_of(expires))
	return {OK, now, slot, enter(index, set, key, slot, bytes) and 1 or 0}
elseif what == 'move' then
	move(index, set, key, tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), bytes)
elseif what == 'leave' or what == 'undo' then
	if KEYS[2] and what == 'leave' then
		bury(index, now + tombstone, 1)
	end
	leave(index, set, key, tonumber(ARGV[5]), bytes)
elseif what == 'uncount' then
	bump(index, tonumber(ARGV[5]), -1, -bytes)
elseif what == 'doubt' then
	if not call('SET', doubt, ARGV[5], 'PXAT', ARGV[5], 'NX') then
		bump(index, tonumber(ARGV[5]), -1, -bytes)
	end
elseif what == 'settle' then
	local slot = ARGV[5] ~= '0' and ARGV[5] or call('GET', doubt)
	call('UNLINK', doubt)
	if slot then
		bump(index, tonumber(slot), -1, -bytes)
	end
elseif what == 'join' then
	add(set, key, tonumber(ARGV[5]))
else
	call('ZREM', set, '\1' .. key)
end
return {OK, now}
