#!/bin/bash
# Golden files of policies: ok/X.conf gives exactly the policy in ok/X.want, bad/X.conf exactly the
# diagnostics in bad/X.want.  UPDATE=1 rewrites the .want files: read the difference before you commit it.
# Files that are shipped must be clean, and what is printed must be the same when it is read again.
set -u

here=$(cd "$(dirname "$0")" && pwd)
top=${NSISO_TOP:-$(cd "$here/../.." && pwd)}
nsisoctl=${NSISO_BUILD:-$top/build}/nsisoctl
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
number=0

result() { # OK NAME
	number=$((number + 1))
	[ "$1" = 0 ] && echo "ok $number - $2" || echo "not ok $number - $2"
}

# Both texts and the status count; file names in diagnostics are those of the folder.
golden() { # FOLDER FILE STATUS
	local name=${2%.conf} status bad=0

	(cd "$here/$1" && "$nsisoctl" check -f -p "$2") >"$scratch/got" 2>&1
	status=$?
	[ "${UPDATE-}" != 1 ] || cp "$scratch/got" "$here/$1/$name.want"
	diff -u --label "$1/$name.want" --label got "$here/$1/$name.want" "$scratch/got" >"$scratch/diff" || bad=1
	[ "$status" = "$3" ] || bad=1
	result $bad "$1/$2"
	[ $bad = 0 ] || { echo "status $status, expected $3"; cat "$scratch/diff"; } | sed 's/^/# /'
}

# The same faults for programs.
golden_json() { # FILE
	local name=${1%.conf} bad=0

	(cd "$here/bad" && "$nsisoctl" check -f --json "$1") >"$scratch/got" 2>&1
	[ "${UPDATE-}" != 1 ] || cp "$scratch/got" "$here/bad/$name.json"
	diff -u --label "bad/$name.json" --label got "$here/bad/$name.json" "$scratch/got" >"$scratch/diff" || bad=1
	python3 -m json.tool "$scratch/got" >/dev/null || bad=1
	result $bad "bad/$1 as JSON"
	[ $bad = 0 ] || sed 's/^/# /' "$scratch/diff"
}

again() { # WANT
	# Warnings stand before the policy.
	sed -n '/^\[session\]/,$p' "$1" >"$scratch/again.conf"
	"$nsisoctl" check -f -p "$scratch/again.conf" >"$scratch/got" 2>/dev/null
	cmp -s "$scratch/again.conf" "$scratch/got"
	result $? "${1#"$here"/} read again is the same"
}

clean() { # FILE
	"$nsisoctl" check -f -C "$top/conf" "$1" >"$scratch/got" 2>&1
	result $? "${1#"$top"/} is clean"
	sed 's/^/# /' "$scratch/got"
}

for file in "$here"/ok/*.conf; do
	golden ok "${file##*/}" 0
	again "${file%.conf}.want"
done
for file in "$here"/bad/*.conf; do
	golden bad "${file##*/}" 1
done
for file in unknown values bytes rule_limits long; do
	golden_json "$file.conf"
done
for file in "$top"/conf/default.conf "$top"/conf/examples/*/*.conf "$top"/conf/presets/*.conf; do
	clean "$file"
done
# The example default keeps what is built in, but for what it adds on purpose.
"$nsisoctl" check -f -p "$top/conf/default.conf" >"$scratch/shipped"
echo '# nothing' >"$scratch/nothing.conf"
"$nsisoctl" check -f -p "$scratch/nothing.conf" >"$scratch/built-in"
changed=$(diff "$scratch/built-in" "$scratch/shipped" | sed -n 's/^[<>] \([a-z._]*\).*/\1/p' | sort -u | tr '\n' ' ')
[ "$changed" = "cpu.weight memory.high memory.max pids.max " ]
result $? "default.conf says what is built in but for the limits"
echo "1..$number"
