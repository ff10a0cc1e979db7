#!/usr/bin/env bash
# What the author of a store finds where all was installed by default: the conformance kit.
#
#   kit.sh FOLDER
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$1
prefix=$folder/prefix
. "$root/tests/install/check.sh"

install_it()
{
	rm -rf "$folder"
	meson setup "$folder/build" "$root" --prefix "$prefix" --libdir lib &&
		meson compile -C "$folder/build" && meson install -C "$folder/build"
}

# judges COMMAND...: its last line says that no case failed, and so does its status.
judges()
{
	local said
	said=$("$@") && grep -qE '^[1-9][0-9]* passed, 0 failed$' <<<"${said##*$'\n'}"
}

# The example as it is, outside the tree's build.
build_store()
{
	local flags
	flags=$(pkg-config --cflags --libs mcpsess-conformance) || return 1
	# shellcheck disable=SC2086 # a list of flags on purpose
	gcc -std=c99 -Wall -Wextra -Wpedantic -Werror -I"$root/examples" -o "$folder/my-backend" \
		"$root/examples/my-backend.c" "$root/examples/common/records.c" $flags
}

header_alone()
{
	local flags
	flags=$(pkg-config --cflags mcpsess-conformance) || return 1
	# shellcheck disable=SC2086 # a list of flags on purpose
	echo '#include <mcpsess/conformance.h>' |
		gcc -std=c99 -Wall -Wextra -Wpedantic -Werror -fsyntax-only $flags -x c -
}

check "meson setup, compile and install, as they come" install_it
if [ $failed -ne 0 ]; then
	exit 1
fi
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig LD_LIBRARY_PATH=$prefix/lib
check "mcpsess-conformance is installed and passes memory:" \
	judges "$prefix/bin/mcpsess-conformance" memory:
check "conformance.h is installed" header_alone
check "a store of one's own is built with its .pc" build_store
check "and passes the kit" judges "$folder/my-backend"
check "the operator's tool is installed" "$prefix/bin/mcpsess" stats memory:
check "and its manual page" test -f "$prefix/share/man/man1/mcpsess.1"
exit $failed
