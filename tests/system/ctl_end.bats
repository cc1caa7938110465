#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# nsisoctl kill, gc and wait: the end of instances in every state that they can be in.
load lib

setup_file() { world alice bob; }
teardown_file() { end_world; }
setup() { begin && needs_product; }

teardown() {
	tmux -L progress kill-server 2>/dev/null || :
	rm -f /home/alice/seen* "$NSISO_TEST"/{wait.out,built}
	finish
}

session_ended() { # HOLD
	is_gone "$(cat "$NSISO_TEST/hold.$1.pid")"
}

# Something of alice's that notes SIGTERM and ends with it; it outlives its session.
catch_term() {
	ssh_as alice 'sh -c "trap \"\" HUP; trap \"echo caught >~/seen; exit\" TERM; : >~/seen.ready; while :; do sleep 0.05; done" \
		>/dev/null 2>&1 </dev/null & until [ -e ~/seen.ready ]; do sleep 0.05; done'
}

ignore_term() {
	ssh_as alice 'sh -c "trap \"\" TERM HUP; : >~/seen.ready; while :; do sleep 1000; done" \
		>/dev/null 2>&1 </dev/null & until [ -e ~/seen.ready ]; do sleep 0.05; done'
}

@test "on a terminal wait shows for how long it has been waiting, and takes that away at the end" {
	hold a alice
	within 60 tmux -L progress new-session -d -x 100 -y 20 "nsisoctl wait alice; echo waited; cat" </dev/null
	wait_until 10 eval 'tmux -L progress capture-pane -p | grep -qx "waiting: [1-9][0-9]* s"'
	release a
	wait_until 10 eval 'tmux -L progress capture-pane -p | grep -qx waited'
	refute_match "$(tmux -L progress capture-pane -p)" waiting
	run nsisoctl wait alice
	assert_output ""
}

@test "kill ends an instance with all its sessions in good order" {
	hold a alice
	hold b alice
	hold c bob
	catch_term
	local id
	id=$(basename "$(instance_of alice)")
	run nsisoctl kill alice
	assert_status 0
	assert_output "ended alice $id"
	refute test -e /run/nsiso/alice
	assert_equal "$(pgrep -c -u alice)" 0
	wait_until 5 session_ended a
	wait_until 5 session_ended b
	assert_equal "$(cat /home/alice/seen)" caught
	has_instance bob
}

@test "kill --grace 0 waits for nobody" {
	printf '%s\n' "[session]" "grace = 300s" | write_policy users.d/alice.conf
	hold a alice
	ignore_term
	run within 20 nsisoctl kill --grace 0 "$(basename "$(instance_of alice)")"
	assert_status 0
	assert_equal "$(pgrep -c -u alice)" 0
}

@test "kill ends all instances of a user" {
	printf '%s\n' "[session]" "scope = session" | write_policy users.d/alice.conf
	hold a alice
	hold b alice
	run nsisoctl kill alice
	assert_status 0
	assert_equal "${#lines[@]}" 2
	refute test -e /run/nsiso/alice
}

@test "kill ends an instance whose supervisor is stopped" {
	hold a alice
	kill -STOP "$(record_of alice supervisor)"
	assert_equal "$(nsisoctl list --json | grep -o '"state": "[a-z]*"')" '"state": "silent"'
	run within 20 nsisoctl kill alice
	assert_status 0
	assert_no_leftovers
	wait_until 5 session_ended a
}

@test "kill ends an instance whose init is stopped" {
	hold a alice
	kill -STOP "$(record_of alice init)"
	run within 20 nsisoctl kill --grace 100ms alice
	assert_status 0
	assert_no_leftovers
}

@test "kill removes an instance whose supervisor was killed" {
	hold a alice
	kill -KILL "$(record_of alice supervisor)"
	wait_until 5 session_ended a
	release a
	run nsisoctl kill alice
	assert_status 0
	assert_no_leftovers
}

# A login that has begun to make an instance and hangs until there is $NSISO_TEST/built.
half_build() {
	mkdir -p "/run/nsiso/alice/$1"
	printf 'version=1\nuser=alice\nuid=%s\nid=%s\nscope=user\n' "$(id -u alice)" "$1" >"/run/nsiso/alice/$1/record"
	flock /run/nsiso/alice flock "/run/nsiso/alice/$1/record" \
		sh -c 'until [ -e "$1" ]; do sleep 0.05; done' - "$NSISO_TEST/built" 3>&- &
	wait_until 5 refute flock -n "/run/nsiso/alice/$1/record" true
}

@test "an instance that is being made is starting; kill waits for its login, then ends it" {
	half_build 00000000000000aa
	assert_equal "$(nsisoctl list --json | grep -o '"state": "[a-z]*"')" '"state": "starting"'
	run nsisoctl gc
	assert_status 0
	assert_output ""
	(sleep 0.5; : >"$NSISO_TEST/built") 3>&- &
	run within 20 nsisoctl kill alice
	assert_status 0
	[[ -e $NSISO_TEST/built ]] || fail "it did not wait"
	assert_no_leftovers
}

@test "kill of nobody's instance says so" {
	run nsisoctl kill alice
	assert_status 1
	assert_output "nsisoctl: there is no instance of user 'alice' or with that id"
	run nsisoctl kill --grace soon alice
	assert_status 2
	run nsisoctl kill
	assert_status 2
}

@test "gc takes back what a killed supervisor could not, and marks of users who are gone" {
	[[ ! -e /run/systemd/system ]] || skip "this host is run by systemd"
	hold a alice
	mkdir -p /run/nsiso/bob
	ln -s bob "/run/nsiso/.uid-$(id -u bob)"
	nsisoctl gc
	refute test -e /run/nsiso/bob
	refute test -L "/run/nsiso/.uid-$(id -u bob)"
	test -L "/run/nsiso/.uid-$(id -u alice)"
	# What was set of a slice is systemd's to take back; it stays noted down until that is done.
	mkdir -p /run/nsiso/bob
	ln -s bob "/run/nsiso/.uid-$(id -u bob)"
	echo 'TasksMax own 5' >/run/nsiso/bob/.unit
	run nsisoctl gc
	assert_status 1
	assert_match "$output" '^nsisoctl: user bob: '
	test -e /run/nsiso/bob/.unit
	rm -r /run/nsiso/bob "/run/nsiso/.uid-$(id -u bob)"
	test -d "$(instance_of alice)"
}

@test "gc removes what nobody supervises, and nothing else" {
	hold a alice
	hold b bob
	kill -KILL "$(record_of bob supervisor)" "$(record_of bob init)"
	wait_until 5 session_ended b
	release b
	local id
	id=$(ls /run/nsiso/bob)
	mkdir /run/nsiso/bob/00000000000000bb
	run nsisoctl gc
	assert_status 0
	assert_equal "$(sort <<<"$output")" "$(printf 'removed bob %s\n' "$id" 00000000000000bb | sort)"
	refute test -e /run/nsiso/bob
	has_instance alice
	run nsisoctl gc
	assert_output ""
	assert_match "$(ssh_as alice echo still here)" 'still here'
}

@test "wait returns at the end of an instance, and not before" {
	hold a alice
	nsisoctl wait alice >"$NSISO_TEST/wait.out" 2>&1 3>&- &
	local waiter=$!
	run nsisoctl wait --timeout 200ms alice
	assert_status 1
	assert_output "nsisoctl: 'alice' has not ended in time"
	is_alive "$waiter"
	release a
	wait "$waiter"
	assert_equal "$(cat "$NSISO_TEST/wait.out")" ""
	run nsisoctl wait alice
	assert_status 0
}

@test "wait for an instance whose supervisor dies says what is to be done" {
	hold a alice
	nsisoctl wait "$(basename "$(instance_of alice)")" >"$NSISO_TEST/wait.out" 2>&1 3>&- &
	local waiter=$! status=0
	kill -KILL "$(record_of alice supervisor)"
	wait "$waiter" || status=$?
	assert_equal "$status" 1
	assert_match "$(cat "$NSISO_TEST/wait.out")" 'supervisor .* has died: nsisoctl gc'
	release a
	nsisoctl gc
}
