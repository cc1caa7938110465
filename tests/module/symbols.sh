#!/bin/bash
# What the finished products look like to the linker: entry points, hardening, a static init.
set -u

build=${NSISO_BUILD:-$(cd "$(dirname "$0")/../.." && pwd)/build}
number=0
command -v readelf >/dev/null || { echo "1..0 # SKIP readelf is not installed"; exit 0; }
cd "$build" || exit 1

# ok TEXT COMMAND...: one result; the command's output is the diagnostics.
ok() {
	local text=$1 output

	shift
	number=$((number + 1))
	if output=$("$@" 2>&1); then
		echo "ok $number - $text"
	else
		echo "not ok $number - $text"
		tail -n 10 <<<"$output" | sed 's/^/# /'
	fi
}

entries='pam_sm_authenticate
pam_sm_close_session
pam_sm_open_session
pam_sm_setcred'
exports() { nm -D --defined-only pam_nsiso.so | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort; }
exact() { diff <(exports) <(echo "$entries"); }
is_position_independent() { readelf -hW "$1" | grep 'Type: *DYN'; }
is_bound_now() { readelf -dW "$1" | grep -E 'BIND_NOW|FLAGS.*NOW' && readelf -lW "$1" | grep GNU_RELRO; }
has_plain_stack() { readelf -lW "$1" | grep 'GNU_STACK.* RW '; }
has_no_rwx() { ! readelf -lW "$1" | grep -E 'LOAD .* RWE'; }
is_static() { ! readelf -lW "$1" | grep INTERP && ! readelf -dW "$1" | grep NEEDED; }
is_not_setuid() { [ "$(stat -c %a "$1")" -lt 1000 ]; }

ok "pam_nsiso.so: exports PAM's entry points alone" exact
for part in pam_nsiso.so nsshell nsisoctl; do
	ok "$part: position independent" is_position_independent "$part"
	ok "$part: relocations are bound at the start and read-only" is_bound_now "$part"
done
for part in pam_nsiso.so nsshell nsisoctl nsshell-init; do
	ok "$part: the stack is not executable" has_plain_stack "$part"
	ok "$part: no segment is writable and executable" has_no_rwx "$part"
	ok "$part: no set-user-ID" is_not_setuid "$part"
done
ok "nsshell-init: static" is_static nsshell-init
echo "1..$number"
