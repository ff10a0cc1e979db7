-- KEYS: token
-- ARGV: operation, idle
local seen = call('GET', KEYS[1])
if seen then
	return {seen == ARGV[1] and OK or EXISTS, now}
end
put(KEYS[1], ARGV[1], math.min(now + tonumber(ARGV[2]), NEVER))
return {OK, now}
