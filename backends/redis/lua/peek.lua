-- KEYS: record
local raw = header_of(KEYS[1])
if raw == '' then
	return {NOTFOUND, now}
elseif damaged(raw) then
	return {CORRUPT, now}
end
local r = unpacked(raw)
-- What a rotation has retired is there until it vanishes: who ends its owner must find it.
local status = r[MOVED] > 0 and r[STATE] ~= 2 and OK or fate(r, 0)
return {status, now, raw, call('STRLEN', KEYS[1]) - size(r)}
