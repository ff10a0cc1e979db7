#!/usr/bin/env bash
# The command line of the kit: its verdict is in the exit status, and what is unfit is named.
#
#   cli.sh PROGRAM
set -u
program=$1
failed=0

# expect NAME STATUS WORDS ARGUMENT...: the status, and words in the output's last line.
expect()
{
	local name=$1 status=$2 words=$3 output got
	shift 3
	output=$("$program" "$@" 2>&1)
	got=$?
	if [ $got -eq "$status" ] && [[ ${output##*$'\n'} == *"$words"* ]]; then
		echo "ok $name"
	else
		printf '%s\n' "$output" | tail -n 3
		echo "FAIL $name: status $got, wanted $status and \"$words\""
		failed=1
	fi
}

expect "one case in its modes" 0 "3 passed, 0 failed" --only never-was memory:
expect "one mode of it" 0 "1 passed, 0 failed" --only threads/never-was --threads 2 memory:
expect "an unknown scheme" 2 "unfit store" no-such-scheme:
expect "a URI that fixes a duration" 2 "must leave idle to the kit" 'memory:?idle=5s'
expect "a URI that fixes a cap" 2 "must leave max_sessions to the kit" 'memory:?max_sessions=5'
expect "a choice of nothing" 2 "no case is named so" --only no-such-case memory:
expect "no URI" 2 "none ran"
expect "an unknown option" 2 "none ran" --no-such-option memory:
expect "the list of cases" 0 "history" --list
exit $failed
