#!/bin/bash
# The runner counts what it must count: a test that is lost or breaks off is a failure, a skip is no pass.
. "$(dirname "$0")/lib.sh"

# sum "P passed, F failed, S skipped" STATUS BODY: what the runner makes of a script with that body.
sum() {
	local got status

	printf '#!/bin/bash\n%s\n' "$3" >"$tmp/case.sh"
	chmod +x "$tmp/case.sh"
	got=$(NSISO_BUILD=$tmp/build NSISO_TEST_SECONDS=2 "$top/tests/run" -c "$tmp/counts" "$tmp/case.sh")
	status=$?
	printf '%s\n' "$got"
	[ "$(tail -n 1 <<<"$got")" = "$1" ] && [ "$status" = "$2" ]
}

ok "passed" sum "2 passed, 0 failed, 0 skipped" 0 'echo 1..2; echo ok 1; echo ok 2 - two'
ok "failed" sum "1 passed, 1 failed, 0 skipped" 1 'echo 1..2; echo ok 1; echo not ok 2 - two'
ok "skipped one" sum "1 passed, 0 failed, 1 skipped" 0 'echo 1..2; echo ok 1; echo "ok 2 - two # SKIP why"'
ok "skipped one as cmocka says it" sum "1 passed, 0 failed, 1 skipped" 0 'echo 1..2; echo ok 1; echo "not ok 2 # SKIP two"'
ok "a plan after the results" sum "1 passed, 0 failed, 0 skipped" 0 'echo ok 1; echo 1..1'
ok "two groups with a plan each" sum "2 passed, 0 failed, 0 skipped" 0 'echo 1..1; echo ok 1; echo 1..1; echo ok 1'
ok "a whole test skipped is no test executed" sum "0 passed, 1 failed, 1 skipped" 1 'echo "1..0 # SKIP no root"'
ok "status 77 skips too" sum "0 passed, 1 failed, 1 skipped" 1 'echo no root; exit 77'
ok "no plan" sum "1 passed, 1 failed, 0 skipped" 1 'echo ok 1'
ok "no output" sum "0 passed, 1 failed, 0 skipped" 1 ':'
ok "a result missing" sum "1 passed, 1 failed, 0 skipped" 1 'echo 1..2; echo ok 1'
ok "a result too many" sum "2 passed, 1 failed, 0 skipped" 1 'echo 1..1; echo ok 1; echo ok 2'
ok "a bad status" sum "1 passed, 1 failed, 0 skipped" 1 'echo 1..1; echo ok 1; exit 3'
ok "a signal" sum "1 passed, 1 failed, 0 skipped" 1 'echo 1..1; echo ok 1; kill -SEGV $$'
ok "a failed test with a bad status counts once" sum "0 passed, 1 failed, 0 skipped" 1 'echo 1..1; echo not ok 1; exit 1'
ok "too slow" sum "1 passed, 1 failed, 0 skipped" 1 'echo 1..1; echo ok 1; sleep 60'
ok "given up" sum "0 passed, 1 failed, 0 skipped" 1 'echo "Bail out! no"; exit 1'

skips_are_told() { sum "1 passed, 0 failed, 1 skipped" 0 'echo 1..2; echo ok 1; echo "ok 2 - two # SKIP why"' | grep 'case.sh: two: why'; }
ok "a skip is listed with its reason" skips_are_told
missing() { ! NSISO_BUILD=$tmp/build "$top/tests/run" "$tmp/nothing-there"; }
ok "a test that is not there is a failure" missing
none() { ! NSISO_BUILD=$tmp/build "$top/tests/run"; }
ok "no test at all is a failure" none
counts() { sort -u "$tmp/counts" && grep -qx '2 0 0' "$tmp/counts" && grep -qx '1 0 1' "$tmp/counts"; }
ok "the counts are added to the file" counts
plan
