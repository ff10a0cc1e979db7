# Sourced: the README's program, and whether it works when it is built.

# sample FOLDER: the README's first C program as host.c and host.cpp in FOLDER.
sample()
{
	sed -n '/^```c$/,/^```$/{//!p;}' "$root/README.md" |
		awk '{print} /^int main\(/{m = 1} m && /^}/{exit}' >"$1/host.c"
	cp "$1/host.c" "$1/host.cpp"
}

# answers PROGRAM: one initialize and one call are answered, and nothing else is said.
answers()
{
	local out
	out=$(printf '{"jsonrpc":"2.0",%s}\n' \
		'"id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18",
			"capabilities":{},"clientInfo":{"name":"packager","version":"1"}}' \
		'"method":"notifications/initialized"' \
		'"id":2,"method":"tools/call","params":{"name":"hello","arguments":{}}' |
		sed -z 's/,\n\t*/,/g' | timeout 10 "$1")
	printf '%s\n' "$out"
	[ "$(grep -c . <<<"$out")" -eq 2 ] &&
		grep -q '"protocolVersion":"2025-06-18"' <<<"$out" &&
		grep -q '"id":2,.*"content"' <<<"$out"
}
