#!/usr/bin/env bash
# The ways in which a backend comes to a host: installed as a module, built alone against an
# installed library, built in.
#
#   backends.sh FOLDER NAME URI
#
# Installs the library without the backend below FOLDER, then goes through the three. Needs no
# server: a store connects when it is first used.
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$1 name=$2 uri=$3
. "$root/tests/install/check.sh"

# install WHERE SOURCE OPTION...
install()
{
	local where=$1 source=$2
	shift 2
	meson setup "$folder/build-$where" "$source" --prefix "$folder/$where" --libdir lib \
		-Dwerror=true "$@" && meson compile -C "$folder/build-$where" &&
		meson install -C "$folder/build-$where"
}

library()
{
	install "$1" "$root" -Dtests=disabled -Dexamples=disabled -Dredis=disabled \
		-Dpostgres=disabled "${@:2}"
}

# A host that opens the URI it is given, and says why not.
build_host()
{
	cat >"$folder/opens.c" <<-'END'
		#include <mcpsess/store.h>
		#include <stdio.h>

		int main(int argc, char **argv)
		{
			struct mcp_session_store *store;
			struct mcpsess_error err;
			if (argc != 2 || mcp_session_store_open(argv[1], NULL, &store, &err) < 0) {
				fprintf(stderr, "%s\n", argc == 2 ? err.text : "no URI");
				return 1;
			}
			puts(mcp_session_store_scheme(store));
			mcp_session_store_close(store);
			return 0;
		}
	END
	# shellcheck disable=SC2046 # a list of flags on purpose
	gcc -std=c99 -Wall -Wextra -Werror -o "$folder/opens" "$folder/opens.c" \
		$(PKG_CONFIG_PATH=$folder/plain/lib/pkgconfig pkg-config --cflags --libs mcpsess)
}

opens() { LD_LIBRARY_PATH=$folder/$1/lib "$folder/opens" "$uri"; }
does_not_open() { ! opens "$1"; }

state()
{
	local said
	said=$(PKG_CONFIG_PATH=$folder/$1/lib/pkgconfig pkg-config --variable="$name" mcpsess)
	[ "$said" = "$2" ]
}

alone()
{
	PKG_CONFIG_PATH=$folder/plain/lib/pkgconfig install alone "$root/backends/$name"
}

module_there()
{
	local file
	file=$(PKG_CONFIG_PATH=$folder/alone/lib/pkgconfig:$folder/plain/lib/pkgconfig \
		pkg-config --variable=module "mcpsess-$name") && [ -f "$file" ]
}

no_descriptor()
{
	! nm -D --defined-only "$folder/builtin/lib/libmcpsess.so" | grep "mcpsess_backend_$name"
}

contradicts()
{
	! meson setup "$folder/build-no" "$root" -Dbuiltin="$name" -D"$name"=disabled
}

rm -rf "$folder"
mkdir -p "$folder"
check "the library installs without the backend" library plain
check "a host is built against it" build_host
check "mcpsess.pc says off" state plain off
check "the host cannot open $uri yet" does_not_open plain
check "the backend is built alone against the installed library" alone
check "its .pc says where the module is" module_there
check "the same host opens it now" opens plain
check "a library with the backend built in installs" install builtin "$root" \
	-Dtests=disabled -Dexamples=disabled -Dredis=disabled -Dpostgres=disabled \
	-D"$name"=enabled -Dbuiltin="$name"
check "mcpsess.pc says builtin" state builtin builtin
check "the same host opens it with that library" opens builtin
check "which does not export its descriptor" no_descriptor
check "built in and disabled is an error" contradicts
exit $failed
