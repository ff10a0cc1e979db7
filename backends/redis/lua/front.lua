-- What every script begins with. No functions here: what is common is over before they are made.
local OK, NOTFOUND, EXPIRED, REVOKED, NOTOWNER = 0, -5003, -5004, -5005, -5006
local EXISTS, CONFLICT, LIMIT, CORRUPT = -5007, -5008, -5009, -5014
-- Of times: never. It fits 48 bits, and doubles hold it exactly.
local NEVER = 281474976710655
-- A record begins with a header, then counters if its requests are counted, then its payload.
-- Flags: state 1 and 2, moved 4, counted 8, kind 16 to 128. The stamp is when it was created, in
-- 256ths of a millisecond, which order it among the ends of its owner. The bytes are as counted.
local HEADER, COUNTERS, FORMAT = 78, 18, '>BBI6I7I6I6I6BI4c32c8'
local VERSION, FLAGS, REVISION, STAMP, SEEN, EXPIRES, DEADLINE = 1, 2, 3, 4, 5, 6, 7
local GRAIN, BYTES, OWNER, OPERATION = 8, 9, 10, 11
local STATE, MOVED, KIND, REQUESTS, FIRST, LAST = 12, 13, 14, 15, 16, 17
-- What is asked of a record is one argument, for each costs as much as a call does: four digits;
-- idle, every and tombstone, 6 bytes each; key; owner; and the name of everybody's index, by which
-- all are known, or nothing where a record is alone in its slot.
local call = redis.call
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
