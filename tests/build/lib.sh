# Shared by the tests of the build itself; sourced.  Each works on a copy of the tree, so that a build that
# is under test is never in the way of the one that runs the tests.
# shellcheck shell=bash
set -u

top=${NSISO_TOP:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/nsiso-build.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
number=0
# shellcheck disable=SC2034
jobs=$(nproc)

# The sources, without what was built and without history.
copy_tree() {
	mkdir -p "$1" && tar -C "$top" --exclude=./.git --exclude='./build*' --exclude=./dist -cf - . |
		tar -C "$1" -xf -
}

# ok TEXT COMMAND...: one result; the command's output is the diagnostics.
ok() {
	local text=$1 output

	shift
	number=$((number + 1))
	if output=$("$@" 2>&1); then
		echo "ok $number - $text"
	else
		echo "not ok $number - $text"
		tail -n 30 <<<"$output" | sed 's/^/# /'
	fi
}

skip() {
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}

plan() {
	echo "1..$number"
}
