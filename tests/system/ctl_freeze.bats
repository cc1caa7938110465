#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# nsisoctl freeze and thaw.
load lib

setup_file() { world alice bob; }
teardown_file() { end_world; }
setup() { begin && needs_product; }

teardown() {
	nsisoctl thaw alice >/dev/null 2>&1 || :
	rm -f /home/alice/count
	finish
}

state_of() { # PID
	sed 's/.*) //; s/ .*//' "/proc/$1/stat"
}

is_state() { # PID STATES
	[[ $(state_of "$1") == [$2] ]]
}

# A process of alice's that counts as long as it runs, and forks all the time.
start_counter() {
	ssh_as alice 'bash -c "while :; do : \$((n++)); echo \$n >~/count; /bin/true; done" >/dev/null 2>&1 </dev/null &
		until [ -s ~/count ]; do sleep 0.02; done'
}

counter_moves() {
	local before
	before=$(cat /home/alice/count)
	wait_until 5 eval "[[ \$(cat /home/alice/count) != '$before' ]]"
}

@test "freeze stops what the user runs and refuses logins; thaw lets it go on" {
	hold a alice
	hold b bob
	start_counter
	counter_moves
	run nsisoctl freeze alice
	assert_status 0
	assert_output ""
	local before
	before=$(cat /home/alice/count)
	assert_match "$(nsisoctl list | grep ^alice)" ' frozen '
	run nsisoctl freeze alice
	assert_status 0
	run ssh_as alice true
	assert_differ "$status" 0
	assert_log "session refused: user=alice .*frozen"
	assert_log "nsisoctl.*user frozen: user=alice by="
	run nsisoctl enter alice -- true
	assert_status 125
	ssh_as bob true
	assert_equal "$(cat /home/alice/count)" "$before"
	run nsisoctl thaw alice
	assert_status 0
	counter_moves
	assert_match "$(nsisoctl list | grep ^alice)" ' active '
	ssh_as alice true
	run nsisoctl thaw alice
	assert_status 0
}

@test "what stood still before it was frozen does so after it" {
	[[ ! -e /sys/fs/cgroup/cgroup.controllers ]] || skip "the kernel freezes here, without signals"
	hold a alice
	local cat
	ssh_as alice 'sh -c "kill -STOP \$\$; exec sleep 1000" >/dev/null 2>&1 </dev/null &'
	wait_until 5 eval 'is_state "$(pgrep -u alice -x sh)" T'
	cat=$(pgrep -u alice -x cat)
	nsisoctl freeze alice
	is_state "$cat" T
	is_state "$(record_of alice init)" S
	is_state "$(record_of alice supervisor)" S
	nsisoctl thaw alice
	wait_until 5 is_state "$cat" S
	is_state "$(pgrep -u alice -x sh)" T
}

# An instance in a cgroup v2, on a host whose limits are of version 1: its record names one more.
@test "where cgroups are of version 2 the kernel freezes" {
	local dir unified id=$BATS_TEST_NUMBER cat
	for dir in $NSISO_CGROUPS; do
		[[ -e $dir/cgroup.freeze ]] && unified=$dir
	done
	[[ ${unified:-} ]] || skip "no cgroup v2"
	hold a alice
	cat=$(pgrep -u alice -x cat)
	id=$(basename "$(instance_of alice)")
	if [[ ! -d $unified/alice/$id ]]; then
		mkdir -p "$unified/alice/$id"
		echo "$cat" >"$unified/alice/$id/cgroup.procs"
		printf 'cgroup=v2 %s\norigin=%s\n' "$unified/alice/$id" "$unified/cgroup.procs" >>"$(instance_of alice)/record"
	fi
	nsisoctl freeze alice
	grep -qx 'frozen 1' "$unified/alice/cgroup.events"
	refute is_state "$cat" T
	nsisoctl thaw alice
	grep -qx 'frozen 0' "$unified/alice/cgroup.events"
	nsisoctl freeze alice
	run within 20 nsisoctl kill --grace 0 alice
	assert_status 0
	assert_no_leftovers
}

@test "a frozen user can be killed, and logs in again afterwards" {
	hold a alice
	start_counter
	nsisoctl freeze alice
	run within 20 nsisoctl kill --grace 100ms alice
	assert_status 0
	refute test -e /run/nsiso/alice
	ssh_as alice true
}

# Openers that are frozen with them must not keep the dead.
@test "one instance of a frozen user can be killed, the other stays frozen" {
	write_policy users.d/alice.conf <<-'EOT'
		[session]
		scope = session
		linger = yes
	EOT
	local id before
	hold a alice
	id=$(basename "$(instance_of alice)")
	start_counter
	nsisoctl freeze alice
	run within 20 nsisoctl kill "$id"
	assert_status 0
	assert_log "instance ended: event=instance-end user=alice id=$id reason=admin"
	assert_equal "$(nsisoctl list | grep -c '^alice .* frozen ')" 1
	before=$(cat /home/alice/count)
	run ssh_as alice true
	assert_differ "$status" 0
	assert_equal "$(cat /home/alice/count)" "$before"
	nsisoctl thaw alice
	counter_moves
	within 20 nsisoctl kill alice
}

@test "who has no instance is not frozen" {
	run nsisoctl freeze alice
	assert_status 1
	assert_output "nsisoctl: there is no instance of user 'alice' or with that id"
	refute test -e /run/nsiso/alice
	hold a alice
	run nsisoctl freeze "$(basename "$(instance_of alice)")"
	assert_status 1
	assert_match "$output" 'freezing is for users'
	run nsisoctl freeze
	assert_status 2
}
