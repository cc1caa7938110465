#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# nsisoctl metrics.
load lib

setup_file() { world alice bob; }
teardown_file() { end_world; }
setup() { begin && needs_product; }
teardown() { finish; }

# What the checker prints: only samples of a text without faults.
metrics() {
	nsisoctl metrics | "$here/openmetrics.py"
}

@test "without an instance the metrics are in order, and say 0" {
	run metrics
	assert_status 0
	grep -qx 'nsiso_instances{state="active"} 0' <<<"$output"
	grep -qx 'nsiso_stale_instances 0' <<<"$output"
}

@test "instances, sessions, processes and limits are counted" {
	[[ $(cgroup_of pids) ]] || skip "no pids controller"
	printf '%s\n' "[cgroup]" "pids.max = 88" | write_policy users.d/alice.conf
	hold a alice
	hold b alice
	hold c bob
	local id
	id=$(basename "$(instance_of alice)")
	run metrics
	assert_status 0
	grep -qx 'nsiso_instances{state="active"} 2' <<<"$output"
	grep -qx "nsiso_instance_sessions{user=\"alice\",id=\"$id\"} 2" <<<"$output"
	grep -Eqx "nsiso_instance_processes\{user=\"alice\",id=\"$id\"\} [1-9][0-9]*" <<<"$output"
	grep -qx 'nsiso_user_tasks_limit{user="alice"} 88' <<<"$output"
	refute grep -q 'nsiso_user_tasks_limit{user="bob"}' <<<"$output"
	printf '%s\n' "[cgroup]" "pids.max = 89" | write_policy users.d/alice.conf
	metrics | grep -qx 'nsiso_stale_instances 1'
}

@test "a user with several instances is one user" {
	printf '%s\n' "[session]" "scope = session" | write_policy users.d/alice.conf
	hold a alice
	hold b alice
	run metrics
	assert_status 0
	assert_equal "$(grep -c '^nsiso_user_tasks{user="alice"}' <<<"$output")" 1
	assert_equal "$(grep -c '^nsiso_instance_sessions{user="alice"' <<<"$output")" 2
}

@test "--output replaces the file at once, and leaves it alone when that fails" {
	local out=$NSISO_TEST/metrics.prom
	echo old >"$out"
	nsisoctl metrics --output "$out"
	"$here/openmetrics.py" <"$out"
	assert_equal "$(stat -c %a "$out")" 644
	assert_equal "$(ls "$out"*)" "$out"
	run nsisoctl metrics --output /nothing/there/metrics.prom
	assert_status 1
	assert_match "$output" 'cannot write /nothing/there/metrics.prom'
	rm "$out"
	run nsisoctl metrics more
	assert_status 2
}
