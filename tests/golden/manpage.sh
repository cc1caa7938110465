#!/bin/bash
# nsiso.conf(5) and default.conf know each key of the key table with its default, and no other.
set -u

here=$(cd "$(dirname "$0")" && pwd)
top=${NSISO_TOP:-$(cd "$here/../.." && pwd)}
nsisoctl=${NSISO_BUILD:-$top/build}/nsisoctl
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
number=0

same() { # NAME WANT GOT
	number=$((number + 1))
	if diff -u "$2" "$3" >"$scratch/diff"; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		sed 's/^/# /' "$scratch/diff"
	fi
}

# "section.key=default" for each row of the table; "-": not set.
"$nsisoctl" keys | awk -F'\t' '{ print $1 "." $2 "=" $3 }' | sort >"$scratch/table"
[ -s "$scratch/table" ] || { echo "Bail out! nsisoctl keys printed nothing"; exit 1; }

# .Ss [section], then .It Cm key No = ... Pq default: Cm VALUE
awk '
$1 == ".Ss" { section = ($2 ~ /^\[/) ? substr($2, 2, length($2) - 2) : "" }
$1 == ".It" && $2 == "Cm" && section != "" {
	value = "?"
	if (match($0, /Pq default: Cm .*$/)) value = substr($0, RSTART + 15)
	else if (/Pq default: empty$/) value = ""
	else if (/Pq not set$/) value = "-"
	print section "." $3 "=" value
}' "$top/conf/nsiso.conf.5" | sort >"$scratch/page"
same "nsiso.conf(5) has all keys with their defaults" "$scratch/table" "$scratch/page"

# Set, or in a comment of the form "#key = value".
awk '
/^\[/ { section = substr($0, 2, length($0) - 2) }
/^#?[a-z._]+\?? *= */ { sub(/^#/, ""); sub(/\?? *=.*/, ""); print section "." $0 }
' "$top/conf/default.conf" | sort >"$scratch/default"
sed 's/=.*//' "$scratch/table" | grep -v '^match\.' >"$scratch/wanted"
same "default.conf has all keys but those of [match]" "$scratch/wanted" "$scratch/default"

# Each subcommand has its place in the page.
"$nsisoctl" help | awk '/^  [a-z]/ { print $1 }' | sort >"$scratch/commands"
sed -n 's/^\.It Cm \([a-z]*\).*/\1/p' "$top/nsisoctl/nsisoctl.8" | sort -u >"$scratch/documented"
same "nsisoctl(8) has all commands" "$scratch/commands" "$scratch/documented"
echo "1..$number"
