# shellcheck shell=sh
# need_packages PACKAGE...
#
# Install the Debian packages that are missing, as root or through sudo, and say which. Nothing
# missing: no output, no root. Sourced by examples/run and tests/run.

need_packages()
(
	if ! command -v dpkg-query >/dev/null; then
		echo "This is not Debian: make sure that the like of these is there: $*" >&2
		exit 0
	fi
	missing=
	for package in "$@"; do
		case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true) in
		installed*) ;;
		*) missing="$missing $package" ;;
		esac
	done
	[ -n "$missing" ] || exit 0

	root=
	if [ "$(id -u)" -ne 0 ]; then
		if ! command -v sudo >/dev/null; then
			echo "Missing packages. As root: apt-get install$missing" >&2
			exit 1
		fi
		root=sudo
	fi
	echo "Installing missing packages${root:+ with sudo}:$missing" >&2
	log=$(mktemp)
	trap 'rm -f "$log"' EXIT
	# shellcheck disable=SC2086 # a list of words on purpose
	if ! $root env DEBIAN_FRONTEND=noninteractive sh -c 'apt-get -q update && \
		apt-get -q -y --no-install-recommends install "$@"' sh $missing >"$log" 2>&1; then
		cat "$log" >&2
		echo "Could not install:$missing" >&2
		exit 1
	fi
)
