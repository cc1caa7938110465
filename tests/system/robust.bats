#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# What happens around an instance while it lives: accounts change, space runs out, services are odd.
load lib

setup_file() {
	world alice bob
	cp /etc/passwd /etc/shadow "$NSISO_TEST/"
}

teardown_file() { end_world; }
setup() { begin && needs_product; }

teardown() {
	cp "$NSISO_TEST/passwd" "$NSISO_TEST/shadow" /etc/
	! mountpoint -q /run/nsiso || umount -l /run/nsiso
	finish
}

ns='readlink /proc/self/ns/pid'

assert_refused() { # USER REASON
	run ssh_as "$1" true
	assert_status 254
	assert_log "session refused: user=$1 .*reason=$2"
}

# edit_account OLD NEW: by hand, since usermod(8) looks for processes first.
edit_account() {
	local file

	for file in passwd shadow; do
		sed "s|$1|$2|" "/etc/$file" >"$NSISO_TEST/new" && cp "$NSISO_TEST/new" "/etc/$file"
	done
}

# Hold a was the last of hers.
alice_leaves() {
	release a
	wait_until 10 refute test -e /run/nsiso/alice
}

@test "an account that is renamed gets in again when the instance under the old name has ended" {
	hold a alice
	local uid
	uid=$(id -u alice)
	edit_account '^alice:' dave:
	assert_refused dave "uid $uid has instances under the name alice: end them first, by nsisoctl kill alice"
	refute test -e /run/nsiso/dave
	is_alive "$(record_of alice init)"
	alice_leaves
	assert_match "$(ssh_as dave "$ns")" '^pid:'
}

@test "an account that gets the number of another one has to wait for the end of that one's instance" {
	hold a alice
	local uid
	uid=$(id -u alice)
	edit_account "^alice:.*" ''
	edit_account "^bob:x:[0-9]*:" "bob:x:$uid:"
	assert_refused bob "uid $uid has instances under the name alice"
	alice_leaves
	assert_match "$(ssh_as bob "$ns")" '^pid:'
}

@test "an account that is made anew with another number is refused while the old instance lives" {
	hold a alice
	local uid
	uid=$(id -u alice)
	edit_account "^alice:x:$uid:" "alice:x:$((uid + 50)):"
	assert_refused alice "instance [0-9a-f]+ of user alice belongs to uid $uid, not $((uid + 50))"
	alice_leaves
	assert_match "$(ssh_as alice "$ns")" '^pid:'
}

@test "the session of an account that is deleted ends in good order" {
	hold a alice
	edit_account "^alice:.*" ''
	release a
	assert_no_leftovers
}

@test "the mark of a number that a killed supervisor left keeps nobody out" {
	hold a alice
	local supervisor
	supervisor=$(record_of alice supervisor)
	kill -KILL "$supervisor" "$(record_of alice init)"
	release a
	wait_until 10 is_gone "$supervisor"
	ln -sfn nobody-is-called-this "/run/nsiso/.uid-$(id -u bob)"
	assert_match "$(ssh_as alice "$ns")" '^pid:'
	assert_match "$(ssh_as bob "$ns")" '^pid:'
	assert_no_leftovers
}

@test "a record of another boot ends nothing, whose process numbers it may have" {
	sleep 1000 3>&- &
	local pid=$!
	install -d -m 0700 /run/nsiso /run/nsiso/alice /run/nsiso/alice/0123456789abcdef
	printf '%s\n' version=1 user=alice "uid=$(id -u alice)" id=0123456789abcdef scope=user \
		boot=00000000-0000-0000-0000-000000000000 \
		"init=$pid $(sed 's/.*) //' "/proc/$pid/stat" | cut -d' ' -f20)" >/run/nsiso/alice/0123456789abcdef/record
	assert_match "$(ssh_as alice "$ns")" '^pid:'
	refute test -e /run/nsiso/alice/0123456789abcdef
	is_alive "$pid"
	kill "$pid"
}

@test "a user who is frozen is refused at once, and told" {
	hold a alice
	: >/run/nsiso/alice/.frozen
	kill -STOP "$(record_of alice supervisor)" "$(record_of alice init)"
	run ssh_as alice true
	kill -CONT "$(record_of alice supervisor)" "$(record_of alice init)"
	assert_status 254
	assert_match "$output" '^nsiso: your sessions here are suspended, reference [0-9a-f]+'
	assert_log 'session refused: user=alice .*reason=user alice is frozen; nsisoctl thaw alice lets it go on'
	is_alive "$(record_of alice init)"
	rm /run/nsiso/alice/.frozen
	assert_equal "$(ssh_as alice "$ns")" "$(readlink "/proc/$(record_of alice init)/ns/pid")"
}

@test "a full run folder refuses new instances and leaves nothing of them" {
	mount -t tmpfs -o size=16k,mode=0700 tmpfs /run/nsiso
	dd if=/dev/zero of=/run/nsiso/.full bs=4k count=8 2>/dev/null || :
	assert_refused alice '.*No space left on device'
	assert_equal "$(ls -A /run/nsiso)" .full
	rm /run/nsiso/.full
	assert_match "$(ssh_as alice "$ns")" '^pid:'
	wait_until 5 eval '[[ -z $(ls -A /run/nsiso) ]]'
	mount -o remount,nr_inodes=4 /run/nsiso
	assert_refused alice '.*No space left on device'
	assert_equal "$(ls -A /run/nsiso)" ''
}

@test "supervisor and PID 1 are not bound or slowed down by the service that started them" {
	local login
	install -m 0755 /dev/stdin /home/alice/wait <<-'EOT'
		#!/bin/bash
		: >~/ready
		until [ -e ~/done ]; do sleep 0.05; done
	EOT
	rm -f /home/alice/ready /home/alice/done
	taskset -c 0 chrt -b 0 nice -n 5 su -l alice -c ./wait </dev/null 3>&- &
	login=$!
	wait_until 10 test -e /home/alice/ready
	local who pid
	for who in supervisor init; do
		pid=$(record_of alice "$who")
		assert_equal "$(awk '/^Cpus_allowed_list/ { print $2 }' "/proc/$pid/status")" \
			"$(awk '/^Cpus_allowed_list/ { print $2 }' /proc/self/status)"
		assert_match "$(chrt -p "$pid")" SCHED_OTHER
		assert_equal "$(sed 's/.*) //' "/proc/$pid/stat" | cut -d' ' -f17)" 0
	done
	# The session itself keeps what the service gave it.
	assert_match "$(chrt -p "$(pgrep -u alice -x wait)")" SCHED_BATCH
	: >/home/alice/done
	wait "$login"
	rm -f /home/alice/{ready,done,wait}
}

@test "the OOM killer spares supervisor and PID 1, as far as root may ask for that, and no session" {
	hold a alice
	local wanted before
	before=$(cat /proc/self/oom_score_adj) # (not sshd's, which spares itself where it may)
	wanted=$before
	# CAP_SYS_RESOURCE; without it the score cannot be lowered.
	((0x$(awk '/^CapEff/ { print $2 }' /proc/self/status) >> 24 & 1)) && wanted=-1000
	assert_equal "$(cat "/proc/$(record_of alice supervisor)/oom_score_adj")" "$wanted"
	assert_equal "$(cat "/proc/$(record_of alice init)/oom_score_adj")" "$wanted"
	assert_equal "$(cat "/proc/$(pgrep -u alice -x cat)/oom_score_adj")" "$before"
}
