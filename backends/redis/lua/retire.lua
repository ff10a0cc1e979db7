-- A record that goes to another slot; or does not, after all.
-- KEYS: record
-- ARGV: tombstone, revision, grace, what: 1 retires, 0 brings back
local raw = call('GET', KEYS[1])
if not raw or damaged(raw) then
	return {NOTFOUND, now}
end
local r = unpacked(raw)
local payload = raw:sub(size(r) + 1)
local tombstone, grace = tonumber(ARGV[1]), tonumber(ARGV[3])
if ARGV[4] == '0' then
	if r[MOVED] > 0 and r[STATE] ~= 2 then
		r[MOVED] = 0
		put(KEYS[1], packed(r) .. payload, vanish_at(r, tombstone))
	end
	return {OK, now}
end
local status = fate(r, 0)
if status ~= OK then
	return {status, now}
elseif r[REVISION] ~= tonumber(ARGV[2]) then
	return {CONFLICT, now}
end
r[MOVED] = 4
r[OPERATION] = struct.pack('>I6I2', now + grace, 0)
-- With its payload, for the new place may turn out to be taken.
put(KEYS[1], packed(r) .. payload, now + math.max(grace, tombstone, 1000))
return {OK, now}
