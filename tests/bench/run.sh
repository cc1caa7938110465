#!/bin/bash
#
# Measures what isolation costs, beside the bare system calls in the same run: tables, no verdicts.  Fails
# only when something does not work.  As root; the machine is left as it is (see tests/system/enter).
#
#   NSISO_BUILD    folder of the finished build (default: build in the checkout)
#   BENCH_N        samples of each variant (default 40)
#   NSISO_FILTER   regular expression: only the measurements whose sentence it matches
set -eu

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
source=$(cd "$here/../.." && pwd -P)
NSISO_BUILD=$(realpath -m "${NSISO_BUILD:-$source/build}")
out=$NSISO_BUILD/bench
: "${CC:=cc}" "${BENCH_N:=40}"
export NSISO_BUILD BENCH_N

[[ -e $NSISO_BUILD/pam_nsiso.so ]] || { echo "bench: nothing is built in $NSISO_BUILD" >&2; exit 1; }
mkdir -p "$out"
flags=(-std=gnu11 -O2 -Wall -Wextra -D_GNU_SOURCE -iquote "$source/libnsiso")
"$CC" "${flags[@]}" -o "$out/open" "$here/open.c" -lpam
"$CC" "${flags[@]}" -shared -fPIC -o "$out/pam_bare.so" "$here/bare.c" -lpam

echo "bench: Linux $(uname -r), $(nproc) processors, load $(cut -d' ' -f1-3 /proc/loadavg), $BENCH_N samples"
NSISO_TIME_LIMIT=${NSISO_TIME_LIMIT:-1800} "$source/tests/system/enter" "$here/bench.bats" |
	sed -u -e '/^[0-9]*\.\.[0-9]*$/d' -e 's/^# //' -e 's/^ok [0-9]* /\n   /'
exit "${PIPESTATUS[0]}"
