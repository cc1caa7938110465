#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# What root's tools ask of a supervisor, and how it gets on with peers of other releases.
load lib

setup_file() {
	world alice
}

teardown_file() { end_world; }
setup() { begin && needs_product; }

teardown() {
	stop_peers
	finish
}

ns='readlink /proc/self/ns/pid'
until_asleep='until pgrep -x sleep; do sleep 0.05; done'

ask() { # COMMAND [ARGUMENT]
	"$here/ask.py" "$(instance_of alice)" "$@"
}

# start_peer COMMAND: ask.py in the background, until stop_peers.
start_peer() {
	local file=$NSISO_TEST/peer

	mkfifo "$file.fifo"
	"$here/ask.py" "$(instance_of alice)" "$@" <"$file.fifo" >"$file.out" 2>&1 3>&- &
	echo $! >"$file.pid"
	sleep infinity >"$file.fifo" 3>&- &
	echo $! >"$file.writer"
	wait_until 10 grep -q ready "$file.out" || { cat "$file.out"; return 1; }
}

stop_peers() {
	local file=$NSISO_TEST/peer

	[[ -e $file.pid ]] || return 0
	kill "$(cat "$file.writer")"
	wait_until 10 is_gone "$(cat "$file.pid")"
	rm -f "$file".*
}

sessions_are() { # NUMBER
	ask state | grep -qx "sessions=$1"
}

# alice's next login is in the instance that is there.
assert_joins() {
	assert_equal "$(ssh_as alice "$ns")" "$(readlink "/proc/$(record_of alice init)/ns/pid")"
}

@test "a supervisor says whose sessions it has" {
	hold a alice
	hold b alice
	run ask state
	assert_status 0
	assert_match "$output" "^id=$(basename "$(instance_of alice)")"$'\n'"sessions=2"$'\n'"closing=0"$'\n'"lingering=0"$'\n'
	assert_match "$output" $'\n'"age=[0-9]{1,5}"$'\n'"wall=[0-9]{1,2}"$'\n'
	local line
	for line in $(pgrep -P "$(daemon_pid sshd.main)"); do
		assert_match "$output" $'\n'"session $line sshd ssh 127.0.0.1"
	done
	release a
	wait_until 5 sessions_are 1
}

@test "the record says by which policy and when the instance was made" {
	write_policy users.d/alice.conf <<<$'[session]\nscope = user'
	hold a alice
	assert_match "$(record_of alice policy)" '^[0-9a-f]{16}$'
	assert_equal "$(record_of alice files)" default.conf,users.d/alice.conf
	assert_equal "$(record_of alice boot)" "$(cat /proc/sys/kernel/random/boot_id)"
	assert_match "$(sed -n 's/^created=//p' "$(instance_of alice)/record")" '^[0-9]{10} [0-9]+$'
	local first
	first=$(record_of alice policy)
	release a
	assert_no_leftovers
	hold a alice
	assert_equal "$(record_of alice policy)" "$first"
	release a
	assert_no_leftovers
	write_policy users.d/alice.conf <<<$'[session]\nscope = user\ngrace = 3s'
	hold a alice
	assert_differ "$(record_of alice policy)" "$first"
}

@test "an order to end lets processes finish, and the connection closes when all is gone" {
	hold a alice
	ssh_as alice 'exec >/dev/null 2>&1 </dev/null; rm -f ~/caught ~/ready
		sh -c "trap \"\" HUP; trap \"echo caught >~/caught; exit\" TERM; : >~/ready; while :; do sleep 0.05; done" &
		until [ -e ~/ready ]; do sleep 0.05; done'
	run ask end -1
	assert_output $'closing\nclosed'
	refute has_instance alice
	refute pgrep -u alice
	assert_equal "$(cat /home/alice/caught)" caught
	rm -f /home/alice/caught /home/alice/ready
	assert_log 'instance ended: event=instance-end user=alice id=[0-9a-f]+ reason=admin '
}

@test "an order to end at once kills what ignores SIGTERM, whatever the policy's grace" {
	write_policy users.d/alice.conf <<<$'[session]\ngrace = 10m'
	hold a alice
	ssh_as alice 'exec >/dev/null 2>&1 </dev/null; (trap "" TERM HUP; exec sleep 1000) & '"$until_asleep"
	run ask end 0
	assert_output $'closing\nclosed'
	refute pgrep -u alice
}

@test "an order to end may give more grace than the policy" {
	write_policy users.d/alice.conf <<<$'[session]\ngrace = 0'
	hold a alice
	ssh_as alice 'exec >/dev/null 2>&1 </dev/null; rm -f ~/caught ~/ready
		sh -c "trap \"\" HUP; trap \"sleep 0.5; echo caught >~/caught; exit\" TERM; : >~/ready; while :; do sleep 0.05; done" &
		until [ -e ~/ready ]; do sleep 0.05; done'
	run ask end 30000
	assert_output $'closing\nclosed'
	assert_equal "$(cat /home/alice/caught)" caught
	rm -f /home/alice/caught /home/alice/ready
}

@test "the second of two orders to end can make the end come sooner" {
	write_policy users.d/alice.conf <<<$'[session]\ngrace = 10m'
	hold a alice
	ssh_as alice 'exec >/dev/null 2>&1 </dev/null; (trap "" TERM HUP; exec sleep 1000) & '"$until_asleep"
	start_daemon first "$here/ask.py" "$(instance_of alice)" end -1
	wait_until 5 grep -q closing "$NSISO_TEST/daemon.first.out"
	is_alive "$(record_of alice init)"
	run ask state
	assert_match "$output" 'closing=1'
	run ask end 0
	assert_output $'closing\nclosed'
	wait_until 5 is_gone "$(daemon_pid first)"
	rm -f "$NSISO_TEST/daemon.first.pid"
}

@test "at the time that was asked for the supervisor runs nsisoctl apply" {
	hold a alice
	mv /usr/sbin/nsisoctl /usr/sbin/nsisoctl.real
	printf '#!/bin/sh\necho "$# $1 $2 $(id -u)" >>/run/nsiso-test/applied\n' >/usr/sbin/nsisoctl
	chmod 0755 /usr/sbin/nsisoctl
	rm -f /run/nsiso-test/applied
	run ask apply 3000
	assert_output ready
	assert_match "$(ask state)" 'apply=1'
	wait_until 10 test -s /run/nsiso-test/applied
	assert_match "$(ask state)" 'apply=0'
	assert_equal "$(cat /run/nsiso-test/applied)" "2 apply alice 0"
	assert_equal "$(ask apply 600000)" ready
	assert_equal "$(ask apply 0)" ready
	assert_match "$(ask state)" 'apply=0'
	# Nothing of it stays a child of the supervisor but the init.
	assert_equal "$(pgrep -P "$(record_of alice supervisor)")" "$(record_of alice init)"
	rm /usr/sbin/nsisoctl
	assert_equal "$(ask apply 1)" ready
	assert_log 'limits not applied: user=alice id=[0-9a-f]+ reason=cannot execute /usr/sbin/nsisoctl: No such file'
	mv /usr/sbin/nsisoctl.real /usr/sbin/nsisoctl
}

@test "what a supervisor does not know it answers with a text, and goes on" {
	hold a alice
	run ask unknown
	assert_match "$output" '^error -95 version 1 the supervisor is of an older release and does not know message 999'
	assert_match "$output" 'sessions=1'
	run ask foreign
	assert_match "$output" '^error -93 version 1 the supervisor is of another release'
	assert_joins
}

@test "a module of the first release has its session in a supervisor of this one" {
	hold a alice
	start_peer first
	wait_until 5 sessions_are 2
	release a
	wait_until 5 sessions_are 1
	assert_match "$(ask state)" "session $(cat "$NSISO_TEST/peer.pid") - - -"
	assert_joins
	stop_peers
	wait_until 10 refute has_instance alice
}

@test "a module of this release joins, stays in and leaves a supervisor of the first one" {
	hold a alice
	local init
	init=$(record_of alice init)
	start_peer old
	hold b alice
	mv -f "$(instance_of alice)/ctl.real" "$(instance_of alice)/ctl"
	release a
	is_alive "$init"
	assert_equal "$(readlink "/proc/$(pgrep -u alice -x cat)/ns/pid")" "$(readlink "/proc/$init/ns/pid")"
	release b
	wait_until 10 is_gone "$init"
	refute grep dropped.6 "$NSISO_TEST/peer.out"
}

@test "a supervisor of another release refuses with the remedy, builds nothing beside it and keeps its sessions" {
	hold a alice
	start_peer future
	run ssh_as alice true
	assert_status 254
	assert_log "session refused: user=alice .*reason=instance $(basename "$(instance_of alice)") is run by another release of nsiso, .*: end it by SIGTERM to its supervisor, process $(record_of alice supervisor)"
	is_alive "$(cat "$NSISO_TEST/hold.a.pid")"
	stop_peers
	assert_joins
}

@test "a module and an nsshell-init of different releases refuse before anything of the user's is made" {
	make -s -C "$NSISO_SOURCE" BUILD="$NSISO_TEST/other" CPPFLAGS=-DPLAN_VERSION=9999 "$NSISO_TEST/other/nsshell-init"
	cp /usr/libexec/nsiso/nsshell-init "$NSISO_TEST/nsshell-init"
	cp --remove-destination "$NSISO_TEST/other/nsshell-init" /usr/libexec/nsiso/nsshell-init
	run ssh_as alice true
	cp --remove-destination "$NSISO_TEST/nsshell-init" /usr/libexec/nsiso/nsshell-init
	assert_status 254
	assert_log 'session refused: .*reason=the module and /usr/libexec/nsiso/nsshell-init are of different releases: log in again'
	refute has_instance alice
	assert_match "$(ssh_as alice "$ns")" '^pid:'
}
