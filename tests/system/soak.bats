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

# Of what the kernel and /run keep of logins: processes, mounts, cgroups...
snapshot_counts() { # WHEN
	echo "# $1: $("$here/state.py" snapshot | cut -d' ' -f1 | sort | uniq -c | xargs)" >&3
}

@test "logins, drops, kills and policy edits of twenty users at once leave nothing behind" {
	local status seed=${NSISO_SOAK_SEED:-$EPOCHSECONDS}

	snapshot_counts "before"
	"$here/soak.py" "${NSISO_SOAK_SECONDS:-100}" "$seed" "$NSISO_TEST/sshd.main.client" "${users[@]}" 2>&1 |
		sed -u 's/^/# /' >&3
	status=${PIPESTATUS[0]}
	# Orphaned openers among them: a monitor whose client hung up notices in its own time.
	assert_no_leftovers 30
	refute_log 'not removed'
	snapshot_counts "after"
	((status == 0))
}
