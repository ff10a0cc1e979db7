-- What most reads are: the record lives, is the caller's, and nothing is to be written.
-- KEYS: of each record as of create
-- ARGV: what is asked, of many with the keys and owners of all; then how many, unless one
-- digits: any, whole, touch, count
-- Many are told now, then of each what it alone would be told, but its record alone where that says
-- it all, and nil where it would be too much for one answer.
local MOST = 1048576
local asked, many = ARGV[1], tonumber(ARGV[2] or 1)
local any, whole, touch, count = asked:byte(1, 4)
any, whole, touch, count = any == 49, whole == 49, touch == 49, count == 49
local idle, every, tombstone = struct.unpack('>I6I6I6', asked, 5)
local step, bytes, answers, rest = #KEYS / many, 0, {now}, {}
for i = 1, many do
	local answer, raw = false, ''
	local fits = bytes <= MOST
	if fits and whole then
		raw = call('GET', KEYS[i * step - step + 1]) or ''
	elseif fits then
		raw = call('GETRANGE', KEYS[i * step - step + 1], 0, HEADER + COUNTERS - 1)
	end
	bytes = bytes + #raw
	local mine = asked:sub(64 * i - 9, 64 * i + 22)
	if #raw >= HEADER and not count and raw:sub(39, 70) == mine then
		local version, flags = raw:byte(1, 2)
		local stamp, seen, expires = struct.unpack('>I7I6I6', raw, 9)
		local stands = not touch or now + idle < expires and now - seen < every
		local sound = version == 2 and (flags % 16 < 8 or #raw >= HEADER + COUNTERS)
		if sound and flags % 8 < 2 and now < expires and stands then
			local generation = step > 1 and call('GET', KEYS[i * step])
			answer = (not generation or stamp > tonumber(generation)) and raw
		end
	end
	answers[i + 1] = answer
	if fits and not answer then
		rest[#rest + 1] = i
	end
end
if many > 1 and #rest == 0 then
	return answers
elseif #rest == 0 then
	return struct.pack('>I6', now) .. answers[2]
end
