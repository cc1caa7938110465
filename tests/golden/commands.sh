#!/bin/bash
# Each subcommand of nsisoctl: help with its options, 2 for a call that is wrong, a place in the manual page, and
# completions that know it.  ctl/help.want has all help, ctl/show_*.want and ctl/set*.want what show and set print
# of the policies in ctl/policies.  UPDATE=1 rewrites the .want files: read the difference before you commit it.
# shellcheck disable=SC2317 # functions that the completions call
set -u

here=$(cd "$(dirname "$0")" && pwd)
top=${NSISO_TOP:-$(cd "$here/../.." && pwd)}
build=$(cd "${NSISO_BUILD:-$top/build}" && pwd)
page=$top/nsisoctl/nsisoctl.8
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
PATH=$build:$PATH
number=0

result() { # STATUS NAME
	number=$((number + 1))
	[ "$1" = 0 ] && echo "ok $number - $2" && return
	echo "not ok $number - $2"
	sed 's/^/# /' "$scratch/diff"
}

same() { # NAME WANT GOT
	diff -u --label want --label got "$2" "$3" >"$scratch/diff"
	result $? "$1"
}

golden() { # NAME
	[ "${UPDATE-}" != 1 ] || cp "$scratch/got" "$here/ctl/$1.want"
	same "$1" "$here/ctl/$1.want" "$scratch/got"
}

# shellcheck source=../../nsisoctl/completions/nsisoctl.bash
. "$top/nsisoctl/completions/nsisoctl.bash"
nsisoctl help | sed -n 's/^  \([a-z]*\) .*/\1/p' >"$scratch/commands"
[ -s "$scratch/commands" ] || { echo "Bail out! nsisoctl help printed nothing"; exit 1; }

# Behind it stands somebody else's command.
options() {
	grep -vx -- -- | sort -u
}

# By the first of their names.
options_of_help() { # COMMAND
	nsisoctl "$1" --help | sed -n 's/^  \(-[^ ,]*\).*/\1/p' | options
}

options_of_page() { # COMMAND
	awk -v command="$1" '
		$1 == ".Nm" { within = 0 }
		$1 == ".Cm" && $2 == command { within = 1 }
		$1 == ".Sh" && $2 == "DESCRIPTION" { exit }
		within { print }' "$page" | grep -o 'Fl [-a-zA-Z]*\|| -[a-z]*' | sed 's/.* //' |
		sed 's/^-/--/; t; s/./-&\n/g' | grep . | options
}

nsisoctl help >"$scratch/got"
while read -r command; do
	{ echo; nsisoctl "$command" --help; } >>"$scratch/got"
done <"$scratch/commands"
golden help

while read -r command; do
	options_of_help "$command" >"$scratch/options"
	_nsisoctl_options "$(_nsisoctl_usage "$command")" | options >"$scratch/got"
	same "$command: help has a line for each option of the usage" "$scratch/options" "$scratch/got"
	options_of_page "$command" >"$scratch/got"
	same "$command: so has the manual page" "$scratch/options" "$scratch/got"
	{ cat "$scratch/options"; echo --help; } | sort >"$scratch/want"
	_nsisoctl_candidates nsisoctl "$command" - | options >"$scratch/got"
	same "$command: completions know the options" "$scratch/want" "$scratch/got"
	nsisoctl "$command" --wrong-option >"$scratch/out" 2>"$scratch/diff" </dev/null
	[ $? = 2 ] && [ -s "$scratch/diff" ] && [ ! -s "$scratch/out" ]
	result $? "$command: a wrong option is a wrong call"
done <"$scratch/commands"
_nsisoctl_candidates nsisoctl "" | sort >"$scratch/got"
sort "$scratch/commands" >"$scratch/want"
same "completions know the commands" "$scratch/want" "$scratch/got"

# A copy: set locks it.
cp -r "$here/ctl/policies" "$scratch" && cd "$scratch" || exit 1
nsisoctl show -f -C policies --json nobody >"$scratch/got" 2>&1
golden show_json
nsisoctl show -f -C policies --explain nobody >"$scratch/got" 2>&1
golden show_explain
nsisoctl set -f -n -C policies nobody grace=3s uts.hostname=other memory.max= >"$scratch/got" 2>&1
golden set
nsisoctl set -f -n -C policies default grace=2s >"$scratch/got" 2>&1
golden set_nothing
mkdir -p foreign/conf.d && printf '[x\n' >"foreign/conf.d/"$'a\e]0;b\a.conf'
nsisoctl check -f -C foreign 2>&1 | sed -n 2p >"$scratch/got"
echo 'foreign/conf.d/a?]0;b?.conf:1:1: a section is written [name], alone on its line' >"$scratch/want"
same "check: the name of a file does nothing to the terminal" "$scratch/want" "$scratch/got"
nsisoctl unset -f -n -C policies nobody hostname pids.max >"$scratch/got" 2>&1
golden unset
echo "1..$number"
