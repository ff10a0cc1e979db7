#!/usr/bin/env bash
# A build without any optional feature still carries a host.
#
#   minimal.sh BUILD_FOLDER
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$1
. "$root/tests/install/host.sh"

sample "$build"
if gcc -std=c99 -Wall -Wextra -Wpedantic -Werror -I "$root/include" -I "$build/include" \
	"$build/host.c" "$build/lib/libmcpsess.a" -o "$build/host" && answers "$build/host"; then
	echo "ok a host of the static library answers"
else
	echo "FAIL a host of the static library answers"
	exit 1
fi
if find "$build" -name '*.so' | grep .; then
	echo "FAIL nothing optional is built"
	exit 1
fi
echo "ok nothing optional is built"
