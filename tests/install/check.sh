# Sourced: what is checked, counted.
failed=0

# check WHAT COMMAND...: "ok WHAT" when it succeeds, else the end of what it said, and "FAIL WHAT".
check()
{
	local what=$1 log
	shift
	if log=$("$@" 2>&1); then
		echo "ok $what"
	else
		printf '%s\n' "$log" | tail -n 40
		echo "FAIL $what"
		failed=1
	fi
}
