#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# The login shell itself: what it hands on, and that it runs nothing where there is no isolation.
load lib

setup_file() {
	world alice bob
	# A shell that shows what it is called with.
	cat >/usr/local/bin/show <<-'EOT'
		#!/bin/sh
		printf '%d' $#
		printf '<%s>' "$@"
	EOT
	chmod 0755 /usr/local/bin/show
}

teardown_file() { end_world; }
setup() { begin && needs_product; }

teardown() {
	rm -f /home/alice/ran
	finish
}

# On the host, as alice, without PAM.
outside() {
	setpriv --reuid=alice --regid=alice --clear-groups --reset-env "$@"
}

show_shell() {
	write_policy users.d/alice.conf <<<$'[session]\nshell = /usr/local/bin/show'
}

@test "a command is one argument, unchanged" {
	show_shell
	local command
	for command in 'true' 'a  b' "it's" 'say "hi"' '$HOME `id` $(id) \$x' $'two\nlines\n' $'tab\tand\\backslash' '*' '-c' '--' '' \
		"ünïcödé" ";|&<>(){}[]!#~^%" "$(printf 'x%.0s' {1..20000})"; do
		[[ $command ]] || continue
		ssh_as alice -- "$command" </dev/null >"$BATS_TEST_TMPDIR/out"
		printf '2<-c><%s>' "$command" | cmp - "$BATS_TEST_TMPDIR/out" || fail "$command" "$(cat "$BATS_TEST_TMPDIR/out")"
	done
}

@test "su -c hands its command on as one argument" {
	show_shell
	run su alice -c "one  'two' \"three\""
	assert_output "2<-c><one  'two' \"three\">"
	run su - alice -c "one  'two' \"three\""
	assert_output "2<-c><one  'two' \"three\">"
}

@test "an interactive login hands on no arguments" {
	show_shell
	run "$here/terminal.py" -- ssh -F "$NSISO_TEST/sshd.main.client" -tt alice@nsiso 3>&-
	assert_match "$output" '0<>'
}

@test "outside it refuses with one clear line and 254, interactive or not" {
	run outside "$NSSHELL" -c 'touch /home/alice/ran'
	assert_status 254
	assert_equal "${#lines[@]}" 1
	assert_match "$output" '^nsshell: '
	run outside "$NSSHELL" </dev/null
	assert_status 254
	run outside bash -c "exec -a -nsshell $NSSHELL" </dev/null
	assert_status 254
	[[ ! -e /home/alice/ran ]] || fail "it ran"
}

@test "the user's environment does not talk it out of that" {
	run outside env SHELL=/bin/bash NSISO=1 NSISO_CONFDIR=/home/alice NSISO_RUNDIR=/home/alice HOME=/ PATH=/home/alice \
		"$NSSHELL" -c 'touch /home/alice/ran'
	assert_status 254
	[[ ! -e /home/alice/ran ]] || fail "it ran"
}

@test "a namespace of the user's own with a false socket does not count as inside" {
	cat >"$BATS_TEST_TMPDIR/false.py" <<-'EOT'
		import ctypes, os, socket, subprocess, sys, threading
		libc = ctypes.CDLL(None, use_errno=True)
		uid, gid = os.getuid(), os.getgid()
		assert libc.unshare(0x10000000 | 0x00020000 | 0x20000000) == 0, os.strerror(ctypes.get_errno())
		open("/proc/self/setgroups", "w").write("deny")
		open("/proc/self/uid_map", "w").write(f"{uid} {uid} 1")
		open("/proc/self/gid_map", "w").write(f"{gid} {gid} 1")
		pid = os.fork()
		if pid: sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
		assert libc.mount(b"none", b"/run", b"tmpfs", 0, None) == 0
		os.mkdir("/run/nsiso")
		server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		server.bind("/run/nsiso/init")
		server.listen()
		def serve():
		    while True:
		        server.accept()[0].send(bytes(4096))
		threading.Thread(target=serve, daemon=True).start()
		sys.exit(subprocess.run([sys.argv[1], "-c", "touch /home/alice/ran"], timeout=200).returncode)
	EOT
	chmod 0755 "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR" "$(dirname "$BATS_TEST_TMPDIR")"
	run outside /usr/bin/python3 "$BATS_TEST_TMPDIR/false.py" "$NSSHELL"
	assert_status 254
	[[ ! -e /home/alice/ran ]] || fail "it ran: $output"
}

@test "an sshd without PAM gets nowhere" {
	start_sshd nopam 'UsePAM no'
	snapshot
	run env SSHD=nopam ssh -F "$NSISO_TEST/sshd.nopam.client" alice@nsiso 'touch ~/ran' 3>&-
	assert_no_leftovers
	stop_daemon sshd.nopam
	assert_status 254
	assert_match "$output" '^nsshell: '
	[[ ! -e /home/alice/ran ]] || fail "it ran"
}

@test "a PAM service without the module gets nowhere" {
	cp /etc/pam.d/su.orig /etc/pam.d/su
	run su alice -c 'touch ~/ran'
	install_pam
	assert_status 254
	[[ ! -e /home/alice/ran ]] || fail "it ran"
}

@test "a user that the policy exempts gets the real shell on the host" {
	write_policy users.d/alice.conf <<<$'[session]\nexempt = yes'
	run ssh_as alice 'readlink /proc/self/ns/pid; echo $0 $SHELL; exit 6'
	assert_status 6
	assert_equal "${lines[0]}" "$(readlink /proc/self/ns/pid)"
	assert_equal "${lines[1]}" "bash /bin/bash"
}

@test "it carries no privilege: not set-user-ID, no file capabilities, owned by root" {
	assert_equal "$(stat -c '%a %U %G' "$NSSHELL")" "755 root root"
	run getcap "$NSSHELL"
	assert_output ""
}

@test "inside, started again by hand, it is the same shell in the same place" {
	run ssh_as alice "$NSSHELL -c 'readlink /proc/self/ns/pid; echo again'; readlink /proc/self/ns/pid"
	assert_status 0
	assert_equal "${lines[0]}" "${lines[2]}"
	assert_equal "${lines[1]}" again
}

@test "nsshell-init by hand says what it is and does nothing" {
	run outside /usr/libexec/nsiso/nsshell-init
	assert_status 100
	assert_match "$output" 'pam_nsiso'
	run /usr/libexec/nsiso/nsshell-init 3>&-
	assert_status 100
}
