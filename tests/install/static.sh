#!/usr/bin/env bash
# One file to ship: a host with the library, Redis and Postgres in it, as the README of the Postgres
# backend says.
#
#   static.sh FOLDER
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$1
. "$root/tests/install/check.sh"

install_it()
{
	meson setup "$folder/build" "$root" --prefix "$folder/prefix" --libdir lib -Dwerror=true \
		-Dtests=disabled -Dexamples=disabled -Ddefault_library=static \
		-Dredis=enabled -Dpostgres=enabled -Dbuiltin=redis,postgres &&
		meson compile -C "$folder/build" && meson install -C "$folder/build"
}

# A host that asks the store of the URI whether it is there, and says what it hears.
write_host()
{
	cat >"$folder/host.c" <<-'END'
		#include <mcpsess/store.h>
		#include <stdio.h>

		int main(int argc, char **argv)
		{
			struct mcp_session_store_request request = { 0 };
			struct mcp_session_store *store;
			struct mcpsess_error err;
			if (argc != 2 || mcp_session_store_open(argv[1], NULL, &store, &err) < 0) {
				fprintf(stderr, "%s\n", argc == 2 ? err.text : "no URI");
				return 1;
			}
			int status = mcp_session_store_ping(store, &request, NULL, &err);
			printf("%s: %s\n", mcp_session_store_scheme(store),
				mcpsess_status_name(status));
			mcp_session_store_close(store);
			return 0;
		}
	END
}

# link SED: a host by what pkg-config says, changed.
link()
{
	local flags
	flags=$(pkg-config --cflags --libs --static mcpsess | sed "$1") || return 1
	# shellcheck disable=SC2086 # a list of flags on purpose
	gcc -std=c99 -Wall -Wextra -Werror -o "$folder/host" "$folder/host.c" $flags \
		-L"$(pg_config --pkglibdir)"
}

runs()
{
	[ "$("$folder/host" "$1")" = "$2: UNAVAILABLE" ]
}

# needs LIBRARY: whether the host needs it when it runs.
needs() { readelf -d "$folder/host" | grep -q "NEEDED.*\[$1\."; }
needs_not() { ! needs "$1"; }

nothing_to_load()
{
	! find "$folder/prefix" -name '*.so*' | grep .
}

hosts_run()
{
	check "$1: it has the library in itself" needs_not libmcpsess
	check "$1: it knows Postgres" runs postgresql://127.0.0.1:1/none postgresql
	check "$1: it knows Redis" runs redis://127.0.0.1:1 redis
	check "$1: it knows memory" "$folder/host" memory:
}

rm -rf "$folder"
mkdir -p "$folder"
export PKG_CONFIG_PATH=$folder/prefix/lib/pkgconfig
check "a static library with both backends built in installs" install_it
check "and nothing that could be loaded" nothing_to_load
write_host
check "a host is linked by pkg-config --static" link ""
hosts_run "linked"
check "a host is linked with libpq and hiredis inside" \
	link 's/-lpq\b/-l:libpq.a/g; s/-lhiredis\b/-l:libhiredis.a/g'
check "which it does not need then" needs_not libpq
check "nor hiredis" needs_not libhiredis
hosts_run "linked with them"
exit $failed
