#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# [user] map=identity: a user namespace in which the user is what it was and nobody else is anything.
load lib

setup_file() {
	world alice carol
	groupadd --gid $((uid_base + 90)) crew
	usermod -aG crew alice
	usermod -aG crew,root carol
	rm -rf /etc/crontab /etc/cron.d
	install -m 4755 /bin/bash /usr/local/bin/root-bash
	install -m 2755 /bin/bash /usr/local/bin/group-bash
	install -m 0755 "$(command -v grep)" /usr/local/bin/cap-grep
	setcap cap_net_raw,cap_dac_override+p /usr/local/bin/cap-grep
	mkdir -p /var/srv/later
}

teardown_file() { end_world; }

setup() {
	begin && needs_product || return 1
	alice_has "map = identity"
	cp /etc/nsiso/users.d/alice.conf /etc/nsiso/users.d/carol.conf
}

teardown() {
	local file
	for file in "$NSISO_TEST"/background.*.pid; do
		[[ -e $file ]] || continue
		kill "$(cat "$file")" 2>/dev/null || :
		wait_until 5 is_gone "$(cat "$file")"
		rm "$file"
	done
	[[ ! -e $NSISO_TEST/daemon.cron.pid ]] || stop_daemon cron
	rm -f /home/alice/* /var/spool/cron/crontabs/* /run/crond.*
	! mountpoint -q /var/srv/later || umount -l /var/srv/later
	finish
}

alice_has() { # [USER] LINE... -- [OTHER SECTION] LINE...
	alice_has_section user "$@"
}

background() { # NAME COMMAND...
	local name=$1

	shift
	# Open for both: the command's standard input never ends.
	[[ -p $NSISO_TEST/never ]] || mkfifo "$NSISO_TEST/never"
	"$@" <>"$NSISO_TEST/never" >"$NSISO_TEST/background.out" 2>&1 3>&- &
	echo $! >"$NSISO_TEST/background.$name.pid"
}

client() { echo "$NSISO_TEST/sshd.$1.client"; }

# The user namespace of what a command or shell of alice's runs in, while `hold a alice` lasts.
inner() { readlink "/proc/$(pgrep -u alice -x cat)/ns/user"; }

has_children() { # COUNT
	[[ $(pgrep -c -u alice -x "$sshd_child") == "$1" ]]
}

# Of sshd's children that have become alice: one for each connection, and one more for internal-sftp.
child_is() { # USER-NAMESPACE
	local pid

	for pid in $(pgrep -u alice -x "$sshd_child"); do
		[[ $(readlink "/proc/$pid/ns/user") == "$1" ]] || return 1
	done
	[[ ${pid:-} ]]
}

host_ns() { readlink /proc/self/ns/user; }

no_caps=$'0000000000000000'

# ---- ids -------------------------------------------------------------------------------------------

@test "the user's ids and groups are what they are on the host" {
	assert_equal "$(ssh_as alice id)" "$(id alice)"
	assert_match "$(id alice)" crew
	assert_equal "$(ssh_as alice 'stat -c %u:%g ~; touch f; stat -c %u:%g f')" "$(printf '%s\n' "$(id -u alice):$(id -g alice)"{,})"
	assert_equal "$(stat -c %u:%g /home/alice/f)" "$(id -u alice):$(id -g alice)"
}

@test "uid_map has the own uid alone, and gid_map the own groups, each to itself" {
	local uid gid crew
	uid=$(id -u alice) gid=$(id -g alice) crew=$((uid_base + 90))
	assert_equal "$(ssh_as alice 'tr -s " " </proc/self/uid_map')" " $uid $uid 1"
	assert_equal "$(ssh_as alice 'tr -s " " </proc/self/gid_map | sort')" "$(printf ' %s %s 1\n' "$gid" "$gid" $crew $crew | sort)"
}

@test "group root is never mapped, not for one of its members either" {
	refute_match "$(ssh_as carol 'tr -s " " </proc/self/gid_map')" '(^|'$'\n'') 0 '
	assert_equal "$(ssh_as carol id -G)" "$(id -g carol) 65534 $((uid_base + 90))"
}

@test "of a user who reads no welcome few descriptors are in flight; who comes later waits" {
	hold a alice
	run ssh_as alice python3 - <<-'EOT'
		import select, socket, time
		def connect():
		    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		    s.connect("/run/nsiso/init")
		    return s
		def answered(seconds):
		    return select.select(held, [], [], seconds)[0]
		held = [connect() for n in range(40)]
		while len(answered(5)) < 16:
		    time.sleep(0.01)
		time.sleep(0.3)
		print(len(answered(0)))
		while ready := answered(5):
		    for s in ready:
		        s.recv(4096)
		        held.remove(s)
		print(len(held))
	EOT
	assert_output $'16\n0'
}

@test "init may have as many files as the hard limit says: all inits' descriptors in flight count together" {
	local files
	(ulimit -Sn 512 && start_sshd few)
	SSHD=few hold a alice
	files=$(prlimit --pid "$(record_of alice init)" --nofile --noheadings --output SOFT,HARD | xargs)
	assert_match "$(SSHD=few ssh_as alice ulimit -Sn)" '^512$'
	stop_daemon sshd.few
	assert_equal "${files% *}" "${files#* }"
	[[ ${files% *} != 512 ]]
}

@test "setgroups is denied, so no group can be shed" {
	assert_equal "$(ssh_as alice cat /proc/self/setgroups)" deny
	run ssh_as alice python3 -c "'import os; os.setgroups([])'"
	assert_match "$output" PermissionError
	alice_has "map = identity" "nested = yes"
	run ssh_as alice "unshare -U sh -c 'cat /proc/self/setgroups; echo allow 2>/dev/null >/proc/self/setgroups || echo refused' 2>/dev/null"
	assert_equal "${lines[0]} ${lines[-1]}" "deny refused"
}

@test "a user whose group is root's, or root itself, is refused a user namespace" {
	usermod -g 0 carol
	run ssh_as carol true
	usermod -g carol carol
	assert_status 254
	assert_log "session refused: user=carol .*gid 0 are never mapped"
}

@test "all capability sets are empty" {
	local set
	run ssh_as alice 'sed -n "s/^\(Cap.*\):\t/\1 /p" /proc/self/status'
	for set in Inh Prm Eff Bnd Amb; do
		assert_match "$output" "Cap$set $no_caps"
	done
}

@test "the program of another login of the user can be traced" {
	local pid
	hold a alice
	pid=$(ssh_as alice 'pgrep -x cat')
	run ssh_as alice "gdb -q -batch -p $pid </dev/null 2>/dev/null | grep -c 'process $pid.*detached'
		strace -qq -o trace -p $pid & for i in \$(seq 50); do grep -q 'TracerPid:.0' /proc/$pid/status || break; sleep 0.1; done
		kill -USR1 $pid; wait; grep -c 'killed by SIGUSR1' trace"
	assert_output $'1\n1'
}

# ---- privileged programs ---------------------------------------------------------------------------

@test "set-user-ID and set-group-ID programs and file capabilities give nothing" {
	write_policy users.d/alice.conf <<-'EOT'
		[user]
		map = identity
		[caps]
		no_new_privs = no
	EOT
	assert_equal "$(ssh_as alice "root-bash -pc 'id -u'; group-bash -pc 'id -g'; cap-grep CapPrm /proc/self/status | cut -f2")" \
		"$(id -u alice)"$'\n'"$(id -g alice)"$'\n'$no_caps
}

@test "nor do they on a file system that the host mounts later, with no mark against them" {
	mount -t tmpfs none /var/srv/later
	mount --make-shared /var/srv/later
	mkdir /var/srv/later/on
	write_policy users.d/alice.conf <<-'EOT'
		[user]
		map = identity
		[caps]
		no_new_privs = no
	EOT
	hold a alice
	mount -t tmpfs none /var/srv/later/on
	cp -p /usr/local/bin/root-bash /usr/local/bin/cap-grep /var/srv/later/on
	setcap cap_net_raw,cap_dac_override+p /var/srv/later/on/cap-grep
	run ssh_as alice 'cd /var/srv/later/on; grep " $PWD " /proc/self/mountinfo | grep -c nosuid; ./root-bash -pc "id -u"; ./cap-grep CapPrm /proc/self/status | cut -f2'
	umount -l /var/srv/later/on
	assert_output "0"$'\n'"$(id -u alice)"$'\n'$no_caps
}

@test "[mount] suid with an identity map is refused as a contradiction" {
	write_policy users.d/alice.conf <<-'EOT'
		[user]
		map = identity
		[mount]
		suid = yes
		[caps]
		no_new_privs = no
	EOT
	run ssh_as alice true
	assert_status 254
	assert_log 'session refused: user=alice .*suid has no effect with \[user\] map = identity'
}

# ---- who is in the namespace -----------------------------------------------------------------------

@test "a second login is in the same user namespace, and a later instance has another" {
	local first
	first=$(hold a alice && inner)
	assert_differ "$first" "$(host_ns)"
	assert_equal "$(ssh_as alice readlink /proc/self/ns/user)" "$first"
	release a
	wait_until 5 refute has_instance alice
	assert_differ "$(ssh_as alice readlink /proc/self/ns/user)" "$(host_ns)"
}

@test "sshd's child, which carries forwarded ports, is inside" {
	hold a alice
	background tunnel ssh -F "$(client main)" -N -v -L "$NSISO_TEST/never.sock:127.0.0.1:1" alice@nsiso
	wait_until 10 ssh_serves "$NSISO_TEST/background.out"
	wait_until 5 has_children 2
	child_is "$(inner)"
	rm -f "$NSISO_TEST/never.sock"
}

@test "sshd's child has no capabilities and cannot be looked into by the user" {
	local pid set
	hold a alice
	pid=$(pgrep -u alice -x "$sshd_child")
	for set in Inh Prm Eff Bnd Amb; do
		assert_match "$(cat "/proc/$pid/status")" "Cap$set:[[:space:]]$no_caps"
	done
	assert_equal "$(stat -c %U "/proc/$pid/environ" "/proc/$pid/root" | sort -u)" root
	run setpriv --reuid=alice --regid=alice --clear-groups cat "/proc/$pid/environ"
	assert_match "$output" 'Permission denied'
}

@test "internal-sftp, which never runs the login shell, is inside" {
	start_sshd internal 'Subsystem sftp internal-sftp'
	snapshot
	hold a alice
	background sftp ssh -F "$(client internal)" -s alice@nsiso sftp
	wait_until 10 has_children 3
	child_is "$(inner)"
	kill "$(cat "$NSISO_TEST/background.sftp.pid")"
	wait_until 5 has_children 1
	stop_daemon sshd.internal
}

@test "internal-sftp as a forced command is inside, too" {
	start_sshd forced 'ForceCommand internal-sftp'
	snapshot
	hold a alice
	background sftp ssh -F "$(client forced)" -s alice@nsiso sftp
	wait_until 10 has_children 3
	child_is "$(inner)"
	kill "$(cat "$NSISO_TEST/background.sftp.pid")"
	wait_until 5 has_children 1
	stop_daemon sshd.forced
}

@test "the forwarded agent answers" {
	local agent
	agent=$(ssh-agent -a "$NSISO_TEST/agent.sock" 3>&- | sed -n 's/^SSH_AGENT_PID=\([0-9]*\).*/\1/p')
	SSH_AUTH_SOCK=$NSISO_TEST/agent.sock ssh-add -q "$NSISO_TEST/key"
	SSH_AUTH_SOCK=$NSISO_TEST/agent.sock run ssh_as alice -A ssh-add -l
	kill "$agent"
	rm -f "$NSISO_TEST/agent.sock"
	assert_match "$output" 'ED25519'
}

look='readlink /proc/self/ns/user; grep -c "^Cap.*0000000000000000" /proc/self/status; id -u'

@test "su -, su -c, runuser -l and login(1) are inside without capabilities" {
	local expected
	hold a alice
	expected=$(printf '%s\n' "$(inner)" 5 "$(id -u alice)")
	assert_equal "$(su - alice -c "$look")" "$expected"
	assert_equal "$(su alice -c "$look")" "$expected"
	assert_equal "$(runuser -l alice -c "$look")" "$expected"
	run "$here/terminal.py" 'expect:\$ $' "send:{ $look; } >seen; exit\\n" -- login -f alice 3>&-
	assert_equal "$(cat /home/alice/seen)" "$expected"
}

@test "a cron job is inside without capabilities, although it runs /bin/sh" {
	hold a alice
	mkdir -p /var/spool/cron/crontabs
	printf '%s\n' 'MAILTO=""' "@reboot { $look; } >~/cron.new; mv ~/cron.new ~/cron" >/var/spool/cron/crontabs/alice
	chown alice:crontab /var/spool/cron/crontabs/alice
	chmod 0600 /var/spool/cron/crontabs/alice
	start_daemon cron /usr/sbin/cron -f
	wait_until 10 test -e /home/alice/cron
	assert_equal "$(cat /home/alice/cron)" "$(printf '%s\n' "$(inner)" 5 "$(id -u alice)")"
}

@test "what starts another program than the login shell stays in the outer layer: runuser -u, su -s" {
	hold a alice
	assert_equal "$(runuser -u alice -- readlink /proc/self/ns/user)" "$(host_ns)"
	assert_equal "$(su -s /bin/sh alice -c 'readlink /proc/self/ns/user')" "$(host_ns)"
	assert_equal "$(su -s /bin/sh alice -c 'readlink /proc/self/ns/pid')" "$(readlink "/proc/$(record_of alice init)/ns/pid")"
}

@test "when sshd's child cannot enter, it ends before anything of the user's runs" {
	cat >"$BATS_TEST_TMPDIR/broken.c" <<-'EOT'
		#define _GNU_SOURCE
		#include <errno.h>
		#include <sched.h>
		#include <sys/syscall.h>
		#include <unistd.h>
		int setns(int fd, int type)
		{
			if (type == CLONE_NEWUSER) {
				errno = EPERM;
				return -1;
			}
			return (int)syscall(SYS_setns, fd, type);
		}
	EOT
	gcc -shared -fPIC -o /usr/local/lib/nsiso-broken.so "$BATS_TEST_TMPDIR/broken.c"
	LD_PRELOAD=/usr/local/lib/nsiso-broken.so start_sshd broken 'Subsystem sftp internal-sftp'
	snapshot
	SSHD=broken run ssh_as alice 'touch ran'
	((status != 0)) || fail "status 0"
	SSHD=broken run ssh_as alice -s sftp </dev/null
	((status != 0)) || fail "status 0"
	[[ ! -e /home/alice/ran ]] || fail "the command ran"
	assert_log 'pam_nsiso.*session ended: id=[0-9a-f]+ reason=cannot enter the user namespace: Operation not permitted'
	assert_no_leftovers
	stop_daemon sshd.broken
}

@test "the login shell refuses to run in a user namespace other than the one it is told" {
	run setpriv --reuid=alice --regid=alice --clear-groups unshare -U /usr/bin/nsshell -c 'echo ran'
	assert_status 254
	refute_match "$output" '(^|'$'\n'')ran'
}

# ---- further namespaces ----------------------------------------------------------------------------

clone='import ctypes, os, platform, signal
libc = ctypes.CDLL(None, use_errno=True)
pid = libc.syscall(220 if platform.machine() == "aarch64" else 56, 0x10000000 | signal.SIGCHLD, 0, 0, 0, 0)
if pid == 0: os._exit(0)
print(pid > 0 or os.strerror(ctypes.get_errno()))'

@test "nested=no leaves no user namespace to be made, neither by unshare nor by clone" {
	run ssh_as alice 'unshare -U true'
	assert_match "$output" 'No space left on device'
	assert_equal "$(ssh_as alice python3 - <<<"$clone")" "No space left on device"
	assert_equal "$(ssh_as alice cat /proc/sys/user/max_user_namespaces)" 0
	run ssh_as alice 'echo 10 >/proc/sys/user/max_user_namespaces'
	assert_match "$output" 'Permission denied'
}

@test "nested=no limits no other user" {
	hold a alice
	write_policy users.d/carol.conf <<-'EOT'
		[user]
		map = identity
		nested = yes
	EOT
	assert_equal "$(ssh_as carol 'unshare -Ur id -u')" 0
	assert_equal "$(setpriv --reuid=alice --regid=alice --clear-groups unshare -Ur id -u)" 0
}

@test "nested=yes lets the user make user namespaces and mounts in them" {
	local before
	before=$(ls -A /mnt)
	alice_has "map = identity" "nested = yes"
	assert_equal "$(ssh_as alice python3 - <<<"$clone")" True
	assert_equal "$(ssh_as alice "unshare -Urmp --fork sh -c 'id -u; mount -t tmpfs none /mnt && echo mounted; mount -t proc none /proc && echo \$\$'")" $'0\nmounted\n1'
	assert_equal "$(ls -A /mnt)" "$before"
}

# ---- hosts that give no user namespaces ------------------------------------------------------------

# in_limited LIMIT COMMAND...: as root of a copy of the host whose user.max_user_namespaces is LIMIT.
in_limited() {
	python3 - "$@" 3>&- <<-'EOT'
		import ctypes, os, sys
		libc = ctypes.CDLL(None, use_errno=True)
		ready, go = os.pipe(), os.pipe()
		parent = os.fork()
		if parent == 0:
		    assert libc.unshare(0x10000000 | 0x20000) == 0
		    os.write(ready[1], b"x")
		    os.read(go[0], 1)
		    os.setresuid(0, 0, 0)
		    open("/proc/sys/user/max_user_namespaces", "w").write(sys.argv[1])
		    os.execvp(sys.argv[2], sys.argv[2:])
		os.read(ready[0], 1)
		for name in "uid_map", "gid_map":
		    open(f"/proc/{parent}/{name}", "w").write("0 0 4294967295")
		os.write(go[1], b"x")
		sys.exit(os.waitstatus_to_exitcode(os.waitpid(parent, 0)[1]))
	EOT
}

@test "where user.max_user_namespaces is 0 a login is refused, and the log says why" {
	run in_limited 5 runuser -l alice -c 'echo inside'
	assert_output inside
	run in_limited 0 runuser -l alice -c 'echo inside'
	refute_match "$output" inside
	assert_log 'session refused: user=alice .*cannot make a user namespace.*max_user_namespaces'
}

@test "where kernel.unprivileged_userns_clone is 0 a login works all the same" {
	[[ -e /proc/sys/kernel/unprivileged_userns_clone ]] || skip "this kernel has no such setting"
	[[ $(cat /proc/sys/kernel/unprivileged_userns_clone) == 0 ]] || skip "it is 1 here, and it is the machine's"
	assert_differ "$(ssh_as alice readlink /proc/self/ns/user)" "$(host_ns)"
}
