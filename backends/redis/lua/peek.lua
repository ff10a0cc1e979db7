-- KEYS: record
local raw = header_of(KEYS[1])
if raw == '' then
	return {NOTFOUND, now}
elseif damaged(raw) then
	return {CORRUPT, now}
end
local r = unpacked(raw)
return {fate(r, 0), now, raw, call('STRLEN', KEYS[1]) - size(r)}
