#!/usr/bin/env bash
# The life of a session, as one would try it by hand with curl.
#
#   lifecycle.sh BUILD_FOLDER
set -u
build=$(cd "$1" && pwd) || exit 1
folder=$(mktemp -d)
trap 'kill "$server" 2>/dev/null; rm -rf "$folder"' EXIT
failed=0

# check NAME COMMAND...
check()
{
	local name=$1
	shift
	if "$@"; then
		echo "ok $name"
	else
		cat "$folder/head" "$folder/body" && echo
		echo "FAIL $name"
		failed=1
	fi
}

# request METHOD [BODY [CURL_OPTION...]]: status in $status, headers and body in files.
request()
{
	local method=$1 body=${2:-}
	shift $(($# > 1 ? 2 : 1))
	status=$(curl -s -o "$folder/body" -D "$folder/head" -w '%{http_code}' -X "$method" "$url" \
		-H 'Content-Type: application/json' \
		-H 'Accept: application/json, text/event-stream' \
		${session:+-H "Mcp-Session-Id: $session"} ${body:+-d "$body"} "$@")
}

call()
{
	local body="{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":$1}"
	request POST "$body"
	[ "$status" = 200 ] && grep -q '"id":7' "$folder/body"
}

initialize()
{
	session=
	request POST '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{
		"protocolVersion":"2025-06-18","capabilities":{},
		"clientInfo":{"name":"curl","version":"1"}}}'
	session=$(tr -d '\r' <"$folder/head" | sed -n 's/^[Mm]cp-[Ss]ession-[Ii]d: //p')
	[ "$status" = 200 ] && [ ${#session} -ge 22 ] &&
		grep -q '"protocolVersion":"2025-06-18"' "$folder/body"
}

initialized()
{
	request POST '{"jsonrpc":"2.0","method":"notifications/initialized"}'
	[ "$status" = 202 ] && [ ! -s "$folder/body" ]
}

lists_tools()
{
	request POST '{"jsonrpc":"2.0","id":2,"method":"tools/list"}'
	[ "$status" = 200 ] && grep -q '"set_session_data"' "$folder/body"
}

says() { call "$1" && grep -qF "$2" "$folder/body"; }

ends()
{
	request DELETE
	[ "$status" = 200 ]
}

is_gone()
{
	! says '{"name":"echo","arguments":{"message":"still there?"}}' still && [ "$status" = 404 ]
}

# The document's own health check, with our port.
health_check()
{
	sh -c "curl -s -X POST $url \
		-H 'Content-Type: application/json' \
		-H 'Accept: application/json, text/event-stream' \
		-d '{\"jsonrpc\":\"2.0\",\"method\":\"initialize\",\"params\":{$(
		)\"protocolVersion\":\"2025-06-18\",\"capabilities\":{},\"clientInfo\":{$(
		)\"name\":\"healthcheck\",\"version\":\"1.0\"}},\"id\":1}' \
		| grep -q '\"protocolVersion\":\"2025-06-18\"'"
}

cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
port=$(python3 -c 'import mcp; print(mcp.free_port())')
url=http://127.0.0.1:$port/mcp
program=$(find "$build/examples" -name echo-stateful -type f -perm -u+x | head -n 1)
"$program" --port "$port" >"$folder/log" 2>&1 &
server=$!
curl -s --retry 100 --retry-delay 0 --retry-connrefused --retry-max-time 10 -o /dev/null \
	"http://127.0.0.1:$port/health"

check "initialize answers with a session id" initialize
check "initialized is accepted" initialized
check "tools are listed" lists_tools
check "echo answers" says '{"name":"echo","arguments":{"message":"Hello, stateful world!"}}' \
	'Hello, stateful world!'
check "data is set" call '{"name":"set_session_data","arguments":{"key":"user_preference",
	"value":{"theme":"dark","language":"en"}}}'
check "data is kept" says '{"name":"get_session_data","arguments":{"key":"user_preference"}}' dark
check "information names the data" says '{"name":"get_session_info","arguments":{}}' \
	user_preference
check "DELETE ends the session" ends
check "a session that ended is not found" is_gone
check "a new session begins" initialize
check "it holds nothing of the old one" says '{"name":"get_session_data","arguments":{}}' \
	'"text":"{}"'
check "the documented health check passes" health_check

kill "$server"
wait "$server"
check "SIGTERM ends the server well" test $? -eq 0
[ $failed -eq 0 ] || cat "$folder/log"
exit $failed
