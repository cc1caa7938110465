#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031,SC2154 # variables of bats and lib.bash
#
# Twenty users at once, whose logins come and go, hang up, are killed, and get other policies, in no order:
# every login is isolated or refused with a reference, and in the end nothing is left.
#
#   NSISO_SOAK_SECONDS   how long (default 100)
#   NSISO_SOAK_SEED      what the order depends on (default: the clock)
load lib

users=(s{01..20})

setup_file() {
	# Beside other tests, which have waits of their own.
	renice -n 15 -p "$BASHPID" >/dev/null
	world "${users[@]}"
}

teardown_file() { end_world; }
setup() { begin && needs_product; }
teardown() { finish; }

@test "logins, drops, kills and policy edits of twenty users at once leave nothing behind" {
	local status=0 seed=${NSISO_SOAK_SEED:-$EPOCHSECONDS}

	"$here/soak.py" "${NSISO_SOAK_SECONDS:-100}" "$seed" "$NSISO_TEST/sshd.main.client" "${users[@]}" >"$NSISO_TEST/soak" || status=$?
	sed 's/^/# /' "$NSISO_TEST/soak" >&3
	((status == 0))
	# Orphaned openers among them: a monitor whose client hung up notices in its own time.
	assert_no_leftovers 30
	refute_log 'not removed'
}
