-- What every script begins with. No functions here: what is common is over before they are made.
local OK, NOTFOUND, EXPIRED, REVOKED, NOTOWNER = 0, -5003, -5004, -5005, -5006
local EXISTS, CONFLICT, LIMIT, CORRUPT = -5007, -5008, -5009, -5014
-- Of times: never. It fits 48 bits, and doubles hold it exactly.
local NEVER = 281474976710655
local HEADER, FORMAT = 119, '>BBBBI7I6I6I6I6I6I6I6I6I6I6c32c16'
local VERSION, KIND, STATE, MOVED, REVISION, CREATED, SEEN, EXPIRES = 1, 2, 3, 4, 5, 6, 7, 8
local REQUESTS, FIRST, LAST, SLOT, DEADLINE, GENERATION, GRACE = 9, 10, 11, 12, 13, 14, 15
local OWNER, OPERATION = 16, 17
local call = redis.call
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
