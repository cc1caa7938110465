#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# Every program that opens a session leads to the user's one instance.
load lib

setup_file() {
	sed -i '/pam_faildelay/d' /etc/pam.d/login
	world alice
	rm -rf /etc/crontab /etc/cron.d
}

teardown_file() { end_world; }
setup() { begin; }

teardown() {
	[[ ! -e $NSISO_TEST/daemon.cron.pid ]] || stop_daemon cron
	rm -f /var/spool/cron/crontabs/* /home/alice/seen* /home/alice/cron* /run/crond.*
	finish
}

ns='readlink /proc/self/ns/pid'

# Through each door while an ssh session holds the instance: the pid namespace is the same.
assert_shares() { # COMMAND...
	hold a alice
	run "$@"
	assert_status 0
	assert_equal "$output" "$(readlink "/proc/$(record_of alice init)/ns/pid")"
}

# Through a door alone: not the host's namespace, the user's ids, and nothing is left (teardown).
assert_isolates() { # COMMAND...
	run "$@"
	assert_status 0
	assert_match "$output" '^pid:\[[0-9]+\]$'
	[[ $NSISO_PLAIN == 1 ]] || assert_differ "$output" "$(readlink /proc/self/ns/pid)"
}

in_terminal() { # STEP... -- COMMAND...
	"$here/terminal.py" "$@" 3>&-
}

# The steps that follow the prompt of a shell on a terminal.
look_around=('expect:\$ $' 'send:PS1=@; unset PROMPT_COMMAND\n' 'expect:\n@'
	'send:readlink /proc/self/ns/pid >~/seen; id -un >>~/seen; echo "$0 $(tty)" >>~/seen; exit 3\n')

assert_seen() { # ARGV0
	assert_match "$(sed -n 1p /home/alice/seen)" '^pid:'
	[[ $NSISO_PLAIN == 1 ]] || assert_differ "$(sed -n 1p /home/alice/seen)" "$(readlink /proc/self/ns/pid)"
	assert_equal "$(sed -n 2p /home/alice/seen)" alice
	assert_match "$(sed -n 3p /home/alice/seen)" "^$1 /dev/pts/[0-9]+$"
}

@test "login(1) asks for the password and leads inside" {
	run in_terminal 'expect:login: $' 'send:alice\n' 'expect:assword: $' "send:alice's secret\n" "${look_around[@]}" -- login
	assert_match "$output" 'exit 3'
	assert_seen -bash
	[[ $NSISO_PLAIN == 1 ]] || assert_log 'pam_nsiso\(login:session\): session closed: '
}

@test "login(1) refuses a wrong password and opens nothing" {
	run in_terminal 'expect:login: $' 'send:alice\n' 'expect:assword: $' "send:wrong\n" 'expect:ncorrect' signal:9 -- login
	[[ ! -e /home/alice/seen ]] || fail "$output"
	refute_log 'session opened: user=alice'
}

@test "login -f shares the instance of the ssh session" {
	needs_product
	hold a alice
	run in_terminal "${look_around[@]}" -- login -f alice
	assert_seen -bash
	assert_equal "$(head -1 /home/alice/seen)" "$(readlink "/proc/$(record_of alice init)/ns/pid")"
}

@test "su -c leads inside" {
	assert_isolates su alice -c "$ns"
}

@test "su -c shares the instance of the ssh session" {
	needs_product
	assert_shares su alice -c "$ns"
}

@test "su - leads inside" {
	run in_terminal "${look_around[@]}" -- su - alice
	assert_status 3
	assert_seen -bash
}

@test "su - -c shares the instance of the ssh session" {
	needs_product
	assert_shares su - alice -c "$ns"
}

@test "su without a login shell leads inside" {
	run in_terminal "${look_around[@]}" -- su alice
	assert_status 3
	assert_seen bash
}

@test "su --pty leads inside" {
	run in_terminal -- su --pty - alice -c "$ns"
	assert_status 0
	assert_match "$output" 'pid:'
	[[ $NSISO_PLAIN == 1 ]] || refute_match "$output" "$(readlink /proc/self/ns/pid | tr -dc 0-9)"
}

@test "su -s, which does not run the login shell, is inside all the same" {
	needs_product
	assert_shares su -s /bin/sh alice -c "$ns"
}

@test "runuser -u, which runs no shell at all, leads inside" {
	assert_isolates runuser -u alice -- readlink /proc/self/ns/pid
}

@test "runuser -u shares the instance of the ssh session" {
	needs_product
	assert_shares runuser -u alice -- readlink /proc/self/ns/pid
}

@test "runuser -l leads inside" {
	assert_isolates runuser -l alice -c "$ns"
}

@test "su and runuser pass the exit status and standard input" {
	local code
	for code in 0 7 254; do
		run su alice -c "exit $code"
		assert_status "$code"
		run su - alice -c "exit $code"
		assert_status "$code"
		run runuser -u alice -- sh -c "exit $code"
		assert_status "$code"
	done
	assert_equal "$(printf 'b\na\n' | su alice -c sort)" $'a\nb'
	run su alice -c 'kill -KILL $$'
	assert_status 137
}

cron_job() { # COMMAND
	mkdir -p /var/spool/cron/crontabs
	{
		printf '%s\n' 'MAILTO=""' "@reboot { $1; } >/home/alice/cron.new 2>&1; mv /home/alice/cron.new /home/alice/cron"
	} >/var/spool/cron/crontabs/alice
	chown alice:crontab /var/spool/cron/crontabs/alice
	chmod 0600 /var/spool/cron/crontabs/alice
	start_daemon cron /usr/sbin/cron -f
	wait_until 10 test -e /home/alice/cron
}

@test "a cron job runs inside" {
	cron_job "$ns; id -un; echo \$SHELL"
	run cat /home/alice/cron
	[[ $NSISO_PLAIN == 1 ]] || assert_differ "${lines[0]}" "$(readlink /proc/self/ns/pid)"
	assert_equal "${lines[1]} ${lines[2]}" "alice /bin/sh"
	[[ $NSISO_PLAIN == 1 ]] || assert_log 'pam_nsiso\(cron:session\): session closed: '
}

@test "a cron job shares the instance of the ssh session" {
	needs_product
	hold a alice
	cron_job "$ns"
	assert_equal "$(cat /home/alice/cron)" "$(readlink "/proc/$(record_of alice init)/ns/pid")"
}

@test "a cron job's children end with its instance" {
	needs_product
	cron_job 'sleep 1000 >/dev/null 2>&1 & echo started'
	wait_until 10 refute pgrep -u alice -x sleep
}

@test "root's own doors stay on the host" {
	assert_equal "$(ssh_as root "$ns")" "$(readlink /proc/self/ns/pid)"
	assert_equal "$(su root -c "$ns")" "$(readlink /proc/self/ns/pid)"
	assert_equal "$(runuser -u root -- readlink /proc/self/ns/pid)" "$(readlink /proc/self/ns/pid)"
}
