-- For wrk: tools/call of echo, over the session ids in the file SESSIONS, one after the other.
local requests, turn = {}, 0

function init()
  local body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":' ..
    '{"name":"echo","arguments":{"message":"hello"}}}'
  for id in io.lines(os.getenv("SESSIONS")) do
    requests[#requests + 1] = wrk.format("POST", nil, {
      ["Content-Type"] = "application/json",
      ["Accept"] = "application/json, text/event-stream",
      ["MCP-Protocol-Version"] = "2025-06-18",
      ["Mcp-Session-Id"] = id,
    }, body)
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary)
  local errors = summary.errors
  local bad = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("RESULT %d %d %d\n", summary.requests, summary.duration, bad))
end
