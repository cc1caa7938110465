#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# How long sessions live: what lingers, what ends them, and what the log says it was.
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

ask() { # USER COMMAND
	"$here/ask.py" "$(instance_of "$1")" "$2"
}

ended() { # REASON [USER]
	log_has "instance ended: .*user=${2:-alice} id=[0-9a-f]+ reason=$1 "
}

assert_ended() { # REASON [SECONDS]
	wait_until "${2:-10}" ended "$1" || fail "$(log_lines)"
	refute has_instance alice
	refute pgrep -u alice
}

no_session() { # USER
	ask "$1" state | grep -qx sessions=0
}

# What makes a view: the namespaces that a process of alice's sees.
views='readlink /proc/self/ns/pid /proc/self/ns/mnt /proc/self/ns/net'

alice_lingers() { # VALUE [LINE]...
	printf '%s\n' '[session]' 'grace = 1s' "linger = $1" "${@:2}" | write_policy users.d/alice.conf
}

leave_behind() {
	ssh_as alice 'nohup sleep 1000 >/dev/null 2>&1 </dev/null &'
}

assert_next_login_works() {
	local inside
	inside=$(ssh_as alice "$views")
	assert_match "$inside" '^pid:'
	refute_match "$inside" "$(readlink /proc/self/ns/pid)"
}

@test "without linger what nohup started ends with the last login" {
	leave_behind
	assert_ended last-session
}

@test "with linger a tmux session lives across logouts, and the next login is in the same namespaces" {
	alice_lingers yes '[net]' 'mode = none'
	local first init
	first=$(ssh_as alice "$views; tmux -f /dev/null new-session -d -s work; tmux send-keys 'echo \$((40 + 2)) >~/seen' Enter")
	init=$(record_of alice init)
	wait_until 10 no_session alice
	wait_until 10 test -s /home/alice/seen
	run ask alice state
	assert_match "$output" $'lingering=1\n'
	assert_match "$output" $'linger_left=18446744073709551615\n'
	assert_equal "$(ssh_as alice "$views")" "$first"
	assert_equal "$(ssh_as alice 'tmux list-sessions -F "#{session_name}"; tmux send-keys "readlink /proc/self/ns/pid >~/seen.ns" Enter')" work
	wait_until 10 test -s /home/alice/seen.ns
	assert_equal "$(cat /home/alice/seen.ns)" "$(head -n 1 <<<"$first")"
	assert_equal "$(record_of alice init)" "$init"
	is_alive "$init"
	ssh_as alice 'tmux kill-server'
	assert_ended linger-over 30
}

@test "an instance that nothing lingers in ends by itself" {
	alice_lingers yes
	ssh_as alice true
	wait_until 10 no_session alice
	assert_ended linger-over 30
}

@test "without a pid namespace an instance lingers as long, too" {
	alice_lingers yes '[pid]' 'enable = no' '[mount]' 'proc = private'
	leave_behind
	wait_until 10 no_session alice
	local init
	init=$(record_of alice init)
	sleep 2.5
	is_alive "$init"
	pkill -KILL -u alice -x sleep
	assert_ended linger-over 30
}

@test "what lingers for a time is ended when that is over, and a login in between starts it anew" {
	alice_lingers 4s
	leave_behind
	wait_until 10 no_session alice
	hold a alice
	sleep 4.5
	assert_match "$(ask alice state)" $'lingering=0\n'
	assert_equal "$(pgrep -c -u alice -x sleep)" 1
	release a
	assert_ended linger-over
}

@test "kill -9 of the supervisor ends what lingers, and the next login clears up" {
	alice_lingers yes
	leave_behind
	wait_until 10 no_session alice
	kill -KILL "$(record_of alice supervisor)"
	wait_until 10 refute pgrep -u alice
	alice_lingers no
	assert_next_login_works
}

@test "kill -9 of PID 1 ends what lingers" {
	alice_lingers yes
	leave_behind
	wait_until 10 no_session alice
	kill -KILL "$(record_of alice init)"
	assert_ended init-killed
	assert_no_leftovers
	alice_lingers no
	assert_next_login_works
}

@test "with an instance for each login each lingers by itself" {
	alice_lingers 10m 'scope = session'
	leave_behind
	wait_until 10 no_session alice
	local first
	first=$(instance_of alice)
	assert_differ "$(ssh_as alice 'readlink /proc/self/ns/pid')" "$(readlink "/proc/$(record_of alice init)/ns/pid")"
	assert_equal "$(pgrep -c -u alice -x sleep)" 1
	"$here/ask.py" "$first" end 0
	wait_until 10 refute pgrep -u alice -x sleep
	# The other one has nothing that keeps it.
	wait_until 30 refute has_instance alice
}

@test "no more sessions than the policy says, through whatever door" {
	write_policy users.d/alice.conf <<<$'[session]\nmax_sessions = 2'
	hold a alice
	hold b alice
	run ssh_as alice true
	assert_status 254
	assert_match "$output" '^nsiso: you have too many sessions already, reference [0-9a-f]+'
	assert_log 'session refused: user=alice service=sshd .*reason=.*user alice has 2 sessions, and max_sessions is 2'
	run su -s /bin/sh -c true alice
	assert_status 1
	# Who was refused counts no more, and others are not concerned.
	assert_match "$(ssh_as bob 'readlink /proc/self/ns/pid')" '^pid:'
	release a
	wait_until 5 eval 'ask alice state | grep -qx sessions=1'
	assert_next_login_works
}

@test "no more instances than the policy says, where each login has its own" {
	write_policy users.d/alice.conf <<<$'[session]\nmax_sessions = 2\nscope = session'
	hold a alice
	hold b alice
	run ssh_as alice true
	assert_status 254
	assert_match "$output" '^nsiso: you have too many sessions already, reference [0-9a-f]+'
	release a
	wait_until 5 eval 'grep -L ^end= /run/nsiso/alice/*/record | wc -l | grep -qx 1'
	assert_next_login_works
}

# on_terminal USER STEP...: an interactive login of the user's, which does what the steps of terminal.py say.
on_terminal() {
	local user=$1

	shift
	"$here/terminal.py" -t 40 "$@" -- ssh -F "$NSISO_TEST/sshd.main.client" -tt "$user@nsiso" 3>&-
}

@test "sessions end when nobody types, after a warning on the terminal, but not those without a terminal" {
	write_policy conf.d/idle.conf <<<$'[session]\nidle = 3s\ngrace = 1s'
	hold b bob
	start_daemon typist "$here/terminal.py" -t 40 'expect:[$] ' 'expect:nsiso: your sessions here end in' -- \
		ssh -F "$NSISO_TEST/sshd.main.client" -tt bob@nsiso
	run on_terminal alice 'expect:[$] ' 'expect:nsiso: your sessions here end in 2 seconds: nobody has typed'
	assert_match "$output" 'nsiso: your sessions here end in 2 seconds: nobody has typed'
	assert_ended idle 15
	assert_log 'instance ended: .*user=alice .* reason=idle .*seconds=1[0-9] '
	# Hers has no terminal that could be idle.
	refute ended idle bob
	refute grep -q 'nsiso: your sessions' "$NSISO_TEST/daemon.typist.out"
	assert_match "$(ask bob state)" $'\nidle=0\n'
	stop_daemon typist
	assert_next_login_works
}

@test "typing puts off the end of idle sessions" {
	write_policy users.d/alice.conf <<<$'[session]\nidle = 3s\ngrace = 1s'
	run on_terminal alice 'expect:[$] ' 'expect:nsiso: your sessions here end in' 'send:echo $((40 + 2))\n' 'expect:42' \
		'expect:nsiso: your sessions here end in' 'send:echo $((50 + 2)); exit\n' 'expect:52'
	assert_status 0
	wait_until 10 ended last-session
	refute ended idle
}

@test "an instance ends when its time is over, whatever is done in it, after a warning" {
	write_policy users.d/alice.conf <<<$'[session]\nmax_lifetime = 8s\ngrace = 1s'
	hold a alice
	run on_terminal alice 'expect:[$] ' 'expect:nsiso: your sessions here end in 4 seconds: they have lasted as long as they may'
	assert_match "$output" 'nsiso: your sessions here end in 4 seconds: they have lasted as long as they may'
	assert_ended lifetime 15
	wait_until 5 is_gone "$(cat "$NSISO_TEST/hold.a.pid")"
	assert_next_login_works
}

@test "a warning goes to terminals of the user alone, and to none that is stopped" {
	write_policy users.d/alice.conf <<<$'[session]\nmax_lifetime = 8s\ngrace = 1s'
	start_daemon other "$here/terminal.py" -t 40 'expect:[$] ' 'expect:nsiso: your' -- \
		ssh -F "$NSISO_TEST/sshd.main.client" -tt bob@nsiso
	wait_until 10 has_instance bob
	run on_terminal alice 'expect:[$] ' 'send:\x13' 'expect:nothing'
	assert_ended lifetime 15
	refute grep -q 'nsiso: your' "$NSISO_TEST/daemon.other.out"
	stop_daemon other
}

@test "observing isolates nothing, refuses nothing, and logs what would be" {
	write_policy users.d/alice.conf <<-'EOT'
		[session]
		mode = observe
		max_sessions = 1
		[net]
		mode = none
		[cgroup]
		pids.max = 77
	EOT
	hold a alice
	assert_equal "$(ssh_as alice 'readlink /proc/self/ns/pid; ps -o comm= -p $$; :')" "$(readlink /proc/self/ns/pid)"$'\nbash'
	refute has_instance alice
	assert_log 'session not isolated: user=alice service=sshd reason=observe'
	assert_log "session observed: user=alice service=sshd id=[0-9a-f]{16} policy=default.conf,users.d/alice.conf would=isolate ns=mount,pid,ipc,uts,net,time,cgroup cgroup=$NSISO_CGROUP_PARENT limits=\"pids.max=77\""
	assert_match "$(nsisoctl show alice)" '# not isolated: observe'
	sed -i 's|:/home/alice:|:/nowhere/../home/alice:|' /etc/passwd
	run ssh_as alice true
	sed -i 's|:/nowhere/../home/alice:|:/home/alice:|' /etc/passwd
	assert_status 0
	assert_log "session observed: user=alice .*would=refuse reason=home '/nowhere/../home/alice' does not lie in a folder of homes"
}

@test "the log has the reason of each end" {
	hold a alice
	release a
	assert_ended last-session
	log_mark
	hold a alice
	kill -KILL "$(pgrep -P "$(daemon_pid sshd.main)")"
	assert_ended opener-died
	release a
	log_mark
	hold a alice
	kill -TERM "$(record_of alice init)"
	assert_ended admin
	release a
	log_mark
	hold a alice
	kill -TERM "$(record_of alice supervisor)"
	assert_ended shutdown
}
