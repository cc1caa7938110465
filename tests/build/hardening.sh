#!/bin/bash
# What the linker made: hardening, no more symbols and libraries than wanted, a static init.
. "$(dirname "$0")/lib.sh"

copy_tree "$tmp/src"
cd "$tmp/src" || exit 1
ok "the tree builds without a warning" make -j"$jobs" WERROR=1 all
for part in pam_nsiso.so nsshell nsisoctl nsshell-init; do
	[ -e "build/$part" ] || { echo "Bail out! no $part"; exit 1; }
done
cd build || exit 1

is_bound_now() { readelf -dW "$1" | grep -E 'BIND_NOW|FLAGS.*NOW' && readelf -lW "$1" | grep GNU_RELRO; }
has_plain_stack() { readelf -lW "$1" | grep 'GNU_STACK.* RW '; }
has_no_rwx() { ! readelf -lW "$1" | grep -E 'LOAD .* RWE'; }
is_pie() { readelf -hW "$1" | grep 'Type: *DYN'; }
has_no_textrel() { ! readelf -dW "$1" | grep TEXTREL; }
has_no_rpath() { ! readelf -dW "$1" | grep -E 'RPATH|RUNPATH'; }
for part in pam_nsiso.so nsshell nsisoctl; do
	ok "$part: relocations are bound at the start and read-only" is_bound_now "$part"
	ok "$part: position independent" is_pie "$part"
	ok "$part: no text relocations" has_no_textrel "$part"
	ok "$part: no library path" has_no_rpath "$part"
done
for part in pam_nsiso.so nsshell nsisoctl nsshell-init; do
	ok "$part: the stack is not executable" has_plain_stack "$part"
	ok "$part: no segment is writable and executable" has_no_rwx "$part"
done

entries="pam_sm_acct_mgmt|pam_sm_authenticate|pam_sm_chauthtok|pam_sm_close_session|pam_sm_open_session|pam_sm_setcred"
exports() { nm -D --defined-only pam_nsiso.so | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }'; }
only_entries() { exports | grep -q . && ! exports | grep -vxE "$entries"; }
ok "pam_nsiso.so: exports entry points of PAM alone" only_entries
needs() { readelf -dW "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'; }
few_libraries() { needs "$1"; ! needs "$1" | grep -vE "^($2)\.so"; }
ok "pam_nsiso.so: needs no other library" few_libraries pam_nsiso.so 'libpam|libcap-ng|libiniparser|libc|ld-linux.*'
ok "nsshell: needs no other library" few_libraries nsshell 'libcap-ng|libiniparser|libc|ld-linux.*'
is_static() { ! readelf -lW nsshell-init | grep INTERP && [ -z "$(needs nsshell-init)" ]; }
ok "nsshell-init: static" is_static

cd ..
plain() { make -j"$jobs" BUILD=build-plain INIT_CC=cc build-plain/nsshell-init && cd build-plain && is_static; }
ok "nsshell-init builds with the system's libc too" plain
plan
