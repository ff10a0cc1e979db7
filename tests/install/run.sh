#!/usr/bin/env bash
# What a packager does, and what a host outside the tree then sees.
#
#   run.sh FOLDER
#
# Installs below FOLDER, checks what was installed, and builds the program of the README against
# it through pkg-config: as C99 and as C++11, shared and static.
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$1
prefix=$folder/prefix
. "$root/tests/install/check.sh"
. "$root/tests/install/host.sh"

install_it()
{
	rm -rf "$folder"
	meson setup "$folder/build" "$root" --prefix "$prefix" -Dwerror=true \
		-Ddefault_library=both -Dtests=disabled -Dexamples=disabled &&
		meson compile -C "$folder/build" && meson install -C "$folder/build"
}

host()
{
	local compiler=$1 standard=$2 source=$3 linking=$4 flags
	flags=$(pkg-config --cflags --libs ${linking:+"$linking"} mcpsess) || return 1
	# shellcheck disable=SC2086 # a list of flags on purpose
	"$compiler" "$standard" -Wall -Wextra -Wpedantic -Wshadow -Werror -o "$folder/host" \
		"$folder/$source" ${linking:+-Wl,-Bstatic} $flags ${linking:+-Wl,-Bdynamic} ||
		return 1
	if [ -n "$linking" ] && readelf -d "$folder/host" | grep libmcpsess; then
		return 1
	fi
	answers "$folder/host"
}

jansson_host()
{
	local flags
	flags=$(pkg-config --cflags --libs mcpsess-jansson) || return 1
	cat >"$folder/jansson.c" <<-'END'
		#include <mcpsess/jansson.h>

		int main(void)
		{
			char *text = mcpsess_jansson_dump(mcpsess_jansson_load(mcpsess_str("[1]")));
			return strcmp(text, "[1]");
		}
	END
	# shellcheck disable=SC2086 # a list of flags on purpose
	gcc -std=c99 -Wall -Wextra -Werror -o "$folder/jansson" "$folder/jansson.c" $flags &&
		"$folder/jansson"
}

variable()
{
	[ "$(pkg-config --variable="$1" mcpsess)" = "$2" ]
}

# Every public function of the headers is exported, and nothing else is.
exports()
{
	grep -hv '^#' "$prefix"/include/mcpsess/*.h | tr '\n' ' ' |
		grep -oE 'MCPSESS_API [^;]*;' |
		sed -E 's/^MCPSESS_API [^(]*[ *]([a-z0-9_]+)\(.*/\1/' | sort >"$folder/declared"
	nm -D --defined-only "$library" | awk '$2 != "A" {sub(/@.*/, "", $3); print $3}' |
		sort >"$folder/exported"
	diff "$folder/declared" "$folder/exported"
}

# Only the C library and libraries for JSON and sealing are linked: no database, no event loop.
links()
{
	! readelf -d "$library" | grep NEEDED |
		grep -vE '\[(libc\.so\.6|ld-linux.*|libjansson\.so\.4|libsodium\.so\..*)\]'
}

# The library takes nothing from outside but what its hooks' defaults need.
imports()
{
	! nm -D --undefined-only "$library" | sed 's/@.*//' | grep -wF \
		-e getenv -e printf -e fprintf -e vfprintf -e puts -e perror \
		-e signal -e sigaction -e pthread_create -e fork -e abort -e exit -e __assert_fail \
		-e malloc -e calloc -e strdup -e time -e gettimeofday -e rand -e random
}

check "meson setup, compile and install" install_it
if [ $failed -ne 0 ]; then
	exit 1
fi
library=$(find "$prefix" -name 'libmcpsess.so')
libdir=${library%/*}
export PKG_CONFIG_PATH=$libdir/pkgconfig LD_LIBRARY_PATH=$libdir

check "pkg-config knows where modules are" variable moduledir "$libdir/mcpsess/backends-1"
check "pkg-config knows the backend ABI" variable backend_abi 1
check "pkg-config knows that memory is built in" variable memory builtin
check "exported is what the headers declare" exports
check "the library links no database" links
check "the library neither prints nor reads the environment" imports
sample "$folder"
check "the README's host as C99, shared" host gcc -std=c99 host.c ""
check "the README's host as C99, static" host gcc -std=c99 host.c --static
check "the README's host as C++11, shared" host g++ -std=c++11 host.cpp ""
check "the README's host as C++11, static" host g++ -std=c++11 host.cpp --static
check "a host that uses jansson" jansson_host
exit $failed
