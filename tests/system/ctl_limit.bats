#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# nsisoctl limit and apply.
load lib

setup_file() { world alice bob; }
teardown_file() { end_world; }

setup() {
	begin && needs_product
	[[ $(cgroup_of pids) ]] || skip "no pids controller"
	printf '%s\n' "[cgroup]" "pids.max = 100" | write_policy users.d/alice.conf
}

teardown() { finish; }

pids_max() {
	cat "$(cgroup_of pids)/alice/pids.max"
}

has_pids_max() { # NUMBER
	[[ $(pids_max) == "$1" ]]
}

@test "limit holds at once and for the next login, and is gone with the instance" {
	hold a alice
	run nsisoctl limit alice pids.max=50
	assert_status 0
	assert_output ""
	assert_equal "$(pids_max)" 50
	assert_equal "$(nsisoctl limit alice)" "pids.max=50"
	assert_log "nsisoctl.*limit set: user=alice pids.max=50 by="
	hold b alice
	assert_equal "$(pids_max)" 50
	refute grep -rq 'pids.max = 50' /etc/nsiso
	release a
	release b
	wait_until 5 refute test -e /run/nsiso/alice
	hold a alice
	assert_equal "$(pids_max)" 100
}

@test "limit --for ends by itself" {
	hold a alice
	nsisoctl limit --for "$((3 * NSISO_PATIENCE))s" alice pids.max=50
	assert_equal "$(pids_max)" 50
	assert_match "$(nsisoctl limit alice)" '^pids.max=50( \(for another [0-9]+s\))?$'
	wait_until 10 has_pids_max 100
	wait_until 5 eval '[[ ! $(nsisoctl limit alice) ]]'
}

@test "a limit can be taken away, and given back to the policy" {
	hold a alice
	nsisoctl limit alice pids.max=
	assert_equal "$(pids_max)" max
	nsisoctl limit alice pids.max=-
	assert_equal "$(pids_max)" 100
	assert_equal "$(nsisoctl limit alice)" ""
}

@test "a wrong limit changes nothing, and says why" {
	hold a alice
	nsisoctl limit alice pids.max=60
	run nsisoctl limit alice pids.max=50 memory.maxx=1G
	assert_status 1
	assert_match "$output" 'memory.maxx'
	assert_equal "$(pids_max)" 60
	run nsisoctl limit alice pids.max=many
	assert_status 1
	run nsisoctl limit alice pids.max
	assert_status 1
	assert_output "nsisoctl: 'pids.max' is not KEY=VALUE"
	run nsisoctl limit --for never alice pids.max=1
	assert_status 2
	run nsisoctl limit
	assert_status 2
	run nsisoctl limit bob pids.max=5
	assert_status 1
	assert_output "nsisoctl: there is no instance of user 'bob' or with that id"
	assert_equal "$(nsisoctl limit alice)" "pids.max=60"
}

@test "apply brings a changed policy into force for who is logged in" {
	hold a alice
	printf '%s\n' "[cgroup]" "pids.max = 70" | write_policy users.d/alice.conf
	run nsisoctl apply alice
	assert_status 0
	assert_output ""
	assert_equal "$(pids_max)" 70
	echo 80 >"$(cgroup_of pids)/alice/pids.max"
	nsisoctl apply --all
	assert_equal "$(pids_max)" 70
	echo nonsense | write_raw_policy users.d/alice.conf
	run nsisoctl apply alice
	assert_status 1
	assert_match "$output" 'users.d/alice.conf:1'
	assert_equal "$(pids_max)" 70
	run nsisoctl apply
	assert_status 2
	run nsisoctl apply --all alice
	assert_status 2
}

@test "apply says which keys of a changed policy are not in force yet" {
	hold a alice
	local id
	id=$(basename "$(instance_of alice)")
	printf '%s\n' "[session]" "grace = 9s" "[uts]" "hostname = other" "[cgroup]" "pids.max = 70" \
		"session.pids.max = 50" | write_policy users.d/alice.conf
	run nsisoctl apply alice
	assert_status 0
	assert_output "alice $id: from the next session on: cgroup.session.pids.max
alice $id: from the next instance on: session.grace, uts.hostname"
	assert_equal "$(pids_max)" 70
	# A record of a release that did not keep the keys.
	local record
	record=$(grep -v ^keys= "/run/nsiso/alice/$id/record")
	# In place: the lock is on the file.
	printf '%s\n' "$record" >"/run/nsiso/alice/$id/record"
	run nsisoctl apply alice
	assert_output "alice $id: the policy has changed; but for limits it holds from the next instance on"
}
