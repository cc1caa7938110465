#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# Whoever dies or hangs: the sessions end, nothing is left, and the next login works.
load lib

setup_file() {
	world alice bob
}

teardown_file() { end_world; }
setup() { begin && needs_product; }

teardown() {
	rm -f /home/alice/seen*
	finish
}

ns='readlink /proc/self/ns/pid'

# The processes of the one ssh session there is: the root monitor, and its child that serves the user.
monitor() {
	pgrep -P "$(daemon_pid sshd.main)"
}

user_child() {
	pgrep -P "$(monitor)" -u alice
}

session_ended() { # HOLD
	is_gone "$(cat "$NSISO_TEST/hold.$1.pid")"
}

# alice_runs COUNT: so many processes of hers are there.
alice_runs() {
	(($(pgrep -c -u alice) == $1))
}

assert_next_login_works() {
	local inside
	inside=$(ssh_as alice "$ns")
	assert_match "$inside" '^pid:'
	assert_differ "$inside" "$(readlink /proc/self/ns/pid)"
}

# Background processes that no session waits for, one of which ignores SIGTERM and SIGHUP.
leave_background() {
	ssh_as alice 'exec >/dev/null 2>&1 </dev/null; nohup setsid sleep 1000 & (trap "" TERM HUP; sleep 1000) &'
}

@test "kill -9 of the session's monitor ends the instance" {
	hold a alice
	leave_background
	kill -KILL "$(monitor)"
	wait_until 10 alice_runs 0
	assert_no_leftovers
	assert_next_login_works
}

@test "kill -9 of the user's sshd process ends the instance" {
	hold a alice
	leave_background
	kill -KILL "$(user_child)"
	wait_until 10 session_ended a
	wait_until 10 alice_runs 0
	assert_no_leftovers
	assert_next_login_works
}

@test "a client that vanishes ends the instance" {
	hold a alice
	leave_background
	kill -KILL "$(cat "$NSISO_TEST/hold.a.pid")"
	wait_until 10 alice_runs 0
	assert_no_leftovers
	assert_next_login_works
}

@test "kill -9 of PID 1 ends the sessions" {
	hold a alice
	hold b alice
	leave_background
	kill -KILL "$(record_of alice init)"
	wait_until 10 session_ended a
	wait_until 10 session_ended b
	wait_until 10 alice_runs 0
	assert_no_leftovers
	assert_next_login_works
}

@test "kill -9 of the supervisor ends the sessions, and the next login clears up" {
	hold a alice
	leave_background
	local init
	init=$(record_of alice init)
	kill -KILL "$(record_of alice supervisor)"
	wait_until 10 is_gone "$init"
	wait_until 10 session_ended a
	wait_until 10 alice_runs 0
	assert_next_login_works
	assert_no_leftovers
}

@test "kill -9 of supervisor and PID 1 at once ends the sessions, and the next login clears up" {
	hold a alice
	leave_background
	kill -KILL "$(record_of alice supervisor)" "$(record_of alice init)"
	wait_until 10 session_ended a
	wait_until 10 alice_runs 0
	assert_next_login_works
	assert_no_leftovers
}

@test "kill -9 of monitor, supervisor and PID 1 at once leaves nothing that the next login does not clear" {
	hold a alice
	leave_background
	kill -KILL "$(monitor)" "$(record_of alice supervisor)" "$(record_of alice init)"
	wait_until 10 alice_runs 0
	assert_next_login_works
	assert_no_leftovers
}

@test "a stopped supervisor is killed and replaced by the next login" {
	hold a alice
	local supervisor init
	supervisor=$(record_of alice supervisor) init=$(record_of alice init)
	kill -STOP "$supervisor"
	assert_next_login_works
	wait_until 5 is_gone "$supervisor"
	wait_until 5 is_gone "$init"
	wait_until 5 session_ended a
}

@test "a stopped PID 1 is killed and replaced by the next login" {
	hold a alice
	local init
	init=$(record_of alice init)
	kill -STOP "$init"
	assert_next_login_works
	wait_until 5 is_gone "$init"
	wait_until 5 session_ended a
}

@test "a user's hanging instance does not delay another user's login" {
	hold a alice
	kill -STOP "$(record_of alice supervisor)" "$(record_of alice init)"
	hold b bob
	assert_match "$(ssh_as bob "$ns")" '^pid:'
	assert_next_login_works
}

# A process that says when it has caught SIGTERM and ends then; it outlives its session.
catch_term() {
	ssh_as alice 'sh -c "trap \"\" HUP; trap \"echo caught >~/seen; exit\" TERM; : >~/seen.ready; while :; do sleep 0.05; done" \
		>/dev/null 2>&1 </dev/null & until [ -e ~/seen.ready ]; do sleep 0.05; done'
}

@test "SIGTERM to PID 1 from the host ends the instance in good order" {
	hold a alice
	catch_term
	local init
	init=$(record_of alice init)
	kill -TERM "$init"
	wait_until 10 is_gone "$init"
	wait_until 10 session_ended a
	assert_equal "$(cat /home/alice/seen)" caught
	assert_no_leftovers
	assert_next_login_works
}

@test "SIGTERM to the supervisor ends the instance in good order" {
	hold a alice
	catch_term
	local supervisor
	supervisor=$(record_of alice supervisor)
	kill -TERM "$supervisor"
	wait_until 10 is_gone "$supervisor"
	wait_until 10 session_ended a
	assert_equal "$(cat /home/alice/seen)" caught
	assert_no_leftovers
	assert_next_login_works
}

@test "SIGTERM to supervisor and PID 1 at once, as at the host's shutdown, ends the instance in good order" {
	hold a alice
	catch_term
	local supervisor
	supervisor=$(record_of alice supervisor)
	kill -TERM "$supervisor" "$(record_of alice init)"
	wait_until 10 is_gone "$supervisor"
	wait_until 10 session_ended a
	assert_equal "$(cat /home/alice/seen)" caught
	assert_no_leftovers
}

@test "the last session's end sends SIGTERM and kills what ignores it after the grace" {
	catch_term
	ssh_as alice 'exec >/dev/null 2>&1 </dev/null; rm -f ~/ready; (trap "" TERM HUP; touch ~/ready; sleep 1000) &
		until [ -e ~/ready ]; do sleep 0.05; done'
	wait_until 10 alice_runs 0
	assert_equal "$(cat /home/alice/seen)" caught
}

@test "an init that is stopped while its last session ends is killed after the grace" {
	write_policy users.d/alice.conf <<-'EOT'
		[session]
		grace = 100ms
	EOT
	hold a alice
	kill -STOP "$(record_of alice init)"
	release a
	assert_no_leftovers
	assert_next_login_works
}

@test "a process that ignores SIGTERM has the whole grace to finish" {
	write_policy users.d/alice.conf <<-'EOT'
		[session]
		grace = 30s
	EOT
	ssh_as alice 'exec >/dev/null 2>&1 </dev/null; rm -f ~/ready; (trap "" TERM HUP; touch ~/ready; for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.1; done; echo finished >~/seen) &
		until [ -e ~/ready ]; do sleep 0.05; done'
	wait_until 10 test -s /home/alice/seen
}

@test "sessions live on when the sshd listener ends, and end cleanly after it" {
	start_sshd second
	snapshot
	SSHD=second hold a alice
	stop_daemon sshd.second
	assert_equal "$(ssh_as alice "$ns")" "$(readlink "/proc/$(record_of alice init)/ns/pid")"
	is_alive "$(cat "$NSISO_TEST/hold.a.pid")"
}

@test "kill -9 in a login at any moment leaves nothing behind" {
	local n pid
	for ((n = 0; n < 30; n++)); do
		# It ends by itself when the blow comes before there is anything to hit.
		ssh_as alice 'sleep 0.3' </dev/null &
		pid=$!
		sleep "0.$(printf %03d $((RANDOM % 150)))"
		monitor | xargs -r kill -KILL 2>/dev/null || :
		wait "$pid" || :
	done
	wait_until 10 alice_runs 0
	assert_next_login_works
	assert_no_leftovers
}
