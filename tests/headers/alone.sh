#!/usr/bin/env bash
# Every public header compiles alone, in each language that hosts write, with each compiler.
#
#   alone.sh BUILD_FOLDER
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$1
failed=0

compile()
{
	name=$1 header=$2
	shift 2
	if log=$(printf '#include <mcpsess/%s>\n#include <mcpsess/%s>\n' "$header" "$header" |
		"$@" -Wall -Wextra -Wpedantic -Werror -fsyntax-only \
			-I "$root/include" -I "$build/include" - 2>&1); then
		echo "ok $header as $name"
	else
		printf '%s\n' "$log"
		echo "FAIL $header as $name"
		failed=1
	fi
}

for path in "$root"/include/mcpsess/*.h "$build"/include/mcpsess/*.h; do
	header=${path##*/}
	for compiler in gcc clang; do
		compile "C99 by $compiler" "$header" "$compiler" -x c -std=c99
		compile "C11 by $compiler" "$header" "$compiler" -x c -std=c11
	done
	compile "C++11 by g++" "$header" g++ -x c++ -std=c++11 -Wshadow
	compile "C++11 by clang++" "$header" clang++ -x c++ -std=c++11
done
exit $failed
