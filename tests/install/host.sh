# Sourced: the README's program, and whether it works when it is built.

# sample FOLDER: the README's first C program as host.c and host.cpp in FOLDER.
sample()
{
	sed -n '/^```c$/,/^```$/{//!p;}' "$root/README.md" |
		awk '{print} /^int main\(/{m = 1} m && /^}/{exit}' >"$1/host.c"
	cp "$1/host.c" "$1/host.cpp"
}

# answers PROGRAM: what a client asks first has its answers, only calls count, and nothing else is
# said. The last line has no newline.
answers()
{
	local out
	out=$(printf '\n{"jsonrpc":"2.0",%s}' \
		'"id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18",
			"capabilities":{},"clientInfo":{"name":"packager","version":"1"}}' \
		'"method":"notifications/initialized"' \
		'"method":"notifications/roots/list_changed"' \
		'"id":2,"method":"tools/list"' \
		'"id":3,"method":"no/such/method"' \
		'"id":4,"method":"tools/call","params":{"name":"count","arguments":{}}' \
		'"id":5,"method":"tools/call","params":{"name":"count","arguments":{}}' |
		sed -z 's/^\n//; s/,\n\t*/,/g' | timeout 10 "$1")
	printf '%s\n' "$out"
	[ "$(grep -c . <<<"$out")" -eq 5 ] &&
		grep -q '"id":1,.*"protocolVersion":"2025-06-18"' <<<"$out" &&
		grep -q '"id":2,.*"tools":\[{"name":"count","inputSchema":{' <<<"$out" &&
		grep -q '"id":3,.*"error":{"code":-32601' <<<"$out" &&
		grep -q '"id":4,.*"content".*call 1 ' <<<"$out" &&
		grep -q '"id":5,.*"content".*call 2 ' <<<"$out"
}
