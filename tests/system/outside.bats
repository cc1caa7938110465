#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# Processes of a user that no instance holds: what [session] outside= says of them at a login.
load lib

setup_file() { world alice bob; }
teardown_file() { end_world; }

setup() {
	begin
	needs_product
}

teardown() {
	local file

	for file in "$NSISO_TEST"/daemon.outside*.pid; do
		[[ -e $file ]] || continue
		kill -KILL "$(cat "$file")" 2>/dev/null
		rm -f "$file"
	done
	finish
}

policy() { # VALUE
	write_policy users.d/alice.conf <<-EOT
		[session]
		outside = $1
	EOT
}

# A process of alice's as a service without the module would start it.
outside() { # NAME COMMAND...
	start_daemon "outside$1" setpriv --reuid alice --regid alice --clear-groups "${@:2}"
	# setpriv has become the user, and then the command.
	wait_until 5 grep -q '^Uid:.[1-9]' "/proc/$(daemon_pid "outside$1")/status"
	wait_until 5 refute grep -qx setpriv "/proc/$(daemon_pid "outside$1")/comm"
}

# A process that forbids to be dumped; /proc shows its folder as root's.
undumpable='
import ctypes, time
ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
print("undumpable", flush=True)
time.sleep(600)'

@test "the default logs a process outside, by number and name, and lets the login in" {
	outside 1 sleep 600
	assert_equal "$(ssh_as alice 'echo in')" in
	assert_log "nsiso.*: process outside: user=alice id=[0-9a-f]+ reason=pid $(daemon_pid outside1) \\(sleep\\)"
	is_alive "$(daemon_pid outside1)"
}

@test "without one nothing is logged, and another user's process is no reason" {
	start_daemon outside1 setpriv --reuid bob --regid bob --clear-groups sleep 600
	assert_equal "$(ssh_as alice 'echo in')" in
	# Behind what it would have said.
	assert_log 'instance ended: .*user=alice'
	refute_log 'outside'
}

@test "outside=refuse refuses while there is one, and lets in after its end" {
	policy refuse
	outside 1 sleep 600
	run ssh_as alice 'echo in'
	assert_status 254
	refute_match "$output" '^in'
	assert_log "session refused: user=alice .*processes outside of the isolation: pid $(daemon_pid outside1) \\(sleep\\)"
	stop_daemon outside1
	assert_equal "$(ssh_as alice 'echo in')" in
}

@test "outside=refuse sees a process that forbids to be dumped" {
	policy refuse
	outside 1 python3 -c "$undumpable"
	wait_until 5 grep -q undumpable "$NSISO_TEST/daemon.outside1.out"
	run ssh_as alice 'echo in'
	assert_status 254
}

@test "outside=refuse and outside=kill do not mind the user's other sessions" {
	policy refuse
	hold one alice
	assert_equal "$(ssh_as alice 'echo in')" in
	policy kill
	assert_equal "$(ssh_as alice 'echo in')" in
	release one
	refute_log 'outside'
}

@test "outside=kill ends it, one that ignores SIGTERM too, and nobody else's" {
	policy kill
	outside 1 sleep 600
	outside 2 bash -c 'trap "" TERM HUP; while :; do sleep 600; done'
	start_daemon outside3 setpriv --reuid bob --regid bob --clear-groups sleep 600
	assert_equal "$(ssh_as alice 'echo in')" in
	is_gone "$(daemon_pid outside1)"
	is_gone "$(daemon_pid outside2)"
	is_alive "$(daemon_pid outside3)"
	assert_log 'processes outside ended: user=alice id=[0-9a-f]+ reason=pid .*\(sleep\)'
}

@test "a tmux server outside, whose socket lies in the shared home, is told of" {
	start_daemon outside1 setpriv --reuid alice --regid alice --clear-groups \
		env HOME=/home/alice tmux -S /home/alice/.socket -D
	wait_until 5 test -S /home/alice/.socket
	assert_equal "$(ssh_as alice 'echo in')" in
	assert_log 'process outside: user=alice .*\(tmux'
}
