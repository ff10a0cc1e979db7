-- Behind front.lua in the namespace of a check: what is there without an end, or with one that is
-- far, ends in ten minutes. Everybody's index has no end of its own, so each look moves that.
local BRIEF, straight = 600000, call
call = function(verb, key, ...)
	local answer = straight(verb, key, ...)
	local left = straight('PTTL', key)
	if left == -1 or left > BRIEF or left >= 0 and key:sub(-5) == '{all}' then
		straight('PEXPIREAT', key, now + BRIEF)
	end
	return answer
end
