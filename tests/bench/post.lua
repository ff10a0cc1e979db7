-- For wrk: tools/call of echo, the message of bench-rpc, over the session ids in the file SESSIONS,
-- one after the other. As clients do it, no two requests have the same id.
local heads, tail, turn, id = {}, nil, 0, 1000000

function init()
  local body = '{"jsonrpc":"2.0","id":1000000,"method":"tools/call","params":{"_meta":{' ..
    '"progressToken":"tok-1234"},"name":"echo","arguments":{"message":"session store limits",' ..
    '"limit":25,"offset":0,"filters":{"lang":"en","kind":["doc","issue","code"],' ..
    '"since":"2025-01-01"},"fuzzy":true,"threshold":0.75}}}'
  for session in io.lines(os.getenv("SESSIONS")) do
    local request = wrk.format("POST", nil, {
      ["Content-Type"] = "application/json",
      ["Accept"] = "application/json, text/event-stream",
      ["MCP-Protocol-Version"] = "2025-06-18",
      ["Mcp-Session-Id"] = session,
    }, body)
    local before, after = request:find('"id":1000000', 1, true)
    heads[#heads + 1] = request:sub(1, before + 4)
    tail = request:sub(after + 1)
  end
end

function request()
  turn = turn % #heads + 1
  id = id + 1
  return heads[turn] .. id .. tail
end

function done(summary)
  local errors = summary.errors
  local bad = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("RESULT %d %d %d\n", summary.requests, summary.duration, bad))
end
