#!/usr/bin/env bash
# What a stranger does first: ./examples/run, then the curl line that it prints.
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$folder"' EXIT
failed=0

check()
{
	local name=$1
	shift
	if "$@"; then
		echo "ok $name"
	else
		cat "$folder"/*
		echo "FAIL $name"
		failed=1
	fi
}

prints_its_url() { grep -qx "http://127.0.0.1:[0-9]*/mcp" "$folder/said"; }
prints_a_curl_line() { grep -q '^curl ' "$folder/said"; }

# starts SIGN: the first time the example is built.
starts()
{
	for _ in $(seq 1500); do
		"$1" && return 0
		kill -0 "$server" 2>/dev/null || return 1
		sleep 0.2
	done
	return 1
}

its_curl_line_works()
{
	bash -c "$(grep '^curl ' "$folder/said")" >"$folder/answer" 2>/dev/null &&
		grep -q '^HTTP/1.1 200' "$folder/answer" &&
		grep -qi '^Mcp-Session-Id: ' "$folder/answer" &&
		grep -q '"protocolVersion"' "$folder/answer"
}

ends_well()
{
	kill "$server"
	wait "$server"
}

# Nothing listens there, which only a program can find out that knows Redis.
its_tool_works_on_redis()
{
	local status=0
	"$root/examples/run" mcpsess stats redis://127.0.0.1:1 >"$folder/tool" 2>&1 || status=$?
	[ $status -eq 3 ] && ! grep 'not built in' "$folder/tool"
}

refuses_a_name_it_does_not_know()
{
	! "$root/examples/run" no-such-example >"$folder/refused" 2>&1 &&
		grep -q no-such-example "$folder/refused"
}

: >"$folder/said"
cd / || exit 1
PORT=0 "$root/examples/run" >"$folder/said" 2>"$folder/log" &
server=$!
check "examples/run builds and starts the server" starts prints_a_curl_line
check "it prints its URL" prints_its_url
check "the curl line that it prints begins a session" its_curl_line_works
check "SIGTERM ends it well" ends_well
: >"$folder/said"
PORT=0 MCP_SESSION_STORE=postgresql://127.0.0.1:1/none "$root/examples/run" poll-loop \
	>"$folder/said" 2>"$folder/log" &
server=$!
check "another host starts with Postgres, which the environment names" starts prints_its_url
check "the operator's tool works on Redis" its_tool_works_on_redis
kill "$server"
server=
check "a name that it does not know is refused" refuses_a_name_it_does_not_know
exit $failed
