#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# [user] map=root: the user is root of an own user namespace, mounts, host name and network, and nobody's
# root outside.
load lib

setup_file() {
	world alice bob
	rm -rf /etc/crontab /etc/cron.d
	mkdir -p /var/lib/secret /var/srv/ro /var/srv/plain
	echo secret >/var/lib/secret/file
	chmod 0777 /var/srv/ro /var/srv/plain
	chmod 0666 /dev/fuse
	echo private >/home/alice/private
	chmod 0600 /home/alice/private
	chown alice: /home/alice/private
}

teardown_file() { end_world; }

setup() {
	begin && needs_product || return 1
	sub=$((1000000 + uid_base * 100))
	echo "bob:$sub:65536" | tee /etc/subuid >/etc/subgid
	bob_has "map = root"
}

teardown() {
	if [[ -e $NSISO_TEST/tunnel.pid ]]; then
		kill "$(cat "$NSISO_TEST/tunnel.pid")"
		wait_until 5 is_gone "$(cat "$NSISO_TEST/tunnel.pid")"
	fi
	[[ ! -e $NSISO_TEST/daemon.cron.pid ]] || stop_daemon cron
	[[ ! -e $NSISO_TEST/daemon.peer.pid ]] || stop_daemon peer
	rm -rf /home/bob/* /var/spool/cron/crontabs/* /run/crond.* "$NSISO_TEST"/tunnel.* /run/peer
	finish
}

bob_has() { # [USER] LINE... [SECTION] LINE...
	{
		echo "[user]"
		printf '%s\n' "$@"
	} | write_policy users.d/bob.conf
}

host_ns() { readlink "/proc/self/ns/$1"; }

# ---- ids and files ---------------------------------------------------------------------------------

@test "the user is root inside, with a full set of capabilities and the subordinate ids" {
	local uid gid
	uid=$(id -u bob) gid=$(id -g bob)
	assert_equal "$(ssh_as bob 'id -u; id -g; tr -s " " </proc/self/uid_map; tr -s " " </proc/self/gid_map; cat /proc/self/setgroups')" \
		"$(printf '%s\n' 0 0 " 0 $uid 1" " 1 $sub 65536" " 0 $gid 1" " 1 $sub 65536" allow)"
	assert_equal "$(ssh_as bob 'for p in chown fowner net_admin sys_admin setuid kill; do /usr/sbin/capsh --has-p=cap_$p || echo no $p; done; echo end')" end
}

@test "what the virtual root writes is the user's on the host, and its other ids are subordinate ones" {
	ssh_as bob 'touch x y z; chown 5:7 y; chown 65536 z; stat -c %u:%g y'
	assert_equal "$(stat -c %u:%g /home/bob/x /home/bob/y)" "$(id -u bob):$(id -g bob)"$'\n'"$((sub + 4)):$((sub + 6))"
	assert_equal "$(stat -c %u /home/bob/z)" $((sub + 65535))
	run ssh_as bob 'chown 65537 x'
	assert_match "$output" 'Invalid argument'
	ssh_as bob 'rm -f x y z'
	assert_equal "$(find /home/bob -name '[xyz]')" ""
}

@test "host root's set-user-ID programs and those of the virtual root do nothing outside of it" {
	write_policy users.d/bob.conf <<-'EOT'
		[user]
		map = root
		[caps]
		no_new_privs = no
	EOT
	install -m 4755 /bin/bash /usr/local/bin/root-bash
	assert_equal "$(ssh_as bob 'setpriv --reuid=5 --regid=5 --clear-groups root-bash -pc "id -u"')" 5
	ssh_as bob 'cp /bin/bash mine; chmod 4755 mine; /usr/sbin/setcap cap_sys_admin,cap_dac_override+p mine || true'
	assert_equal "$(stat -c %u /home/bob/mine)" "$(id -u bob)"
	run setpriv --reuid=alice --regid=alice --clear-groups /home/bob/mine -pc 'grep CapPrm /proc/self/status; cat /etc/shadow; exit 0'
	assert_match "$output" '0000000000000000'
	assert_match "$output" 'shadow: Permission denied'
}

@test "files of another user cannot be read in spite of CAP_DAC_OVERRIDE" {
	bob_has "map = root" "[mount]" "home = all"
	run ssh_as bob '/usr/sbin/capsh --has-p=cap_dac_override && cat /home/alice/private'
	assert_status 1
	assert_match "$output" 'Permission denied'
	run ssh_as bob 'chown 0 /home/alice/private; chmod 0666 /home/alice/private; echo x >>/etc/passwd; echo x >/usr/bin/x; echo x >/proc/sys/kernel/core_pattern; cat /etc/shadow'
	assert_equal "$(grep -cE 'not permitted|Permission denied' <<<"$output")" 6
	assert_equal "$(cat /home/alice/private)" private
}

@test "no process of another user, of root or of the outer layer can be killed or traced" {
	local child
	hold a alice
	hold b bob
	child=$(ssh_as bob 'echo $PPID')
	run ssh_as bob 'kill -9 1; kill -9 $PPID & sleep 0.3; exit 0'
	is_alive "$(pgrep -u alice -x cat)"
	is_alive "$(record_of bob init)"
	run ssh_as bob "strace -p \$PPID -o /dev/null"
	assert_match "$output" 'not permitted|No such'
	run ssh_as bob "kill -0 $(pgrep -u alice -x cat) $(daemon_pid sshd.main)"
	assert_match "$output" 'No such process'
	((child > 1))
}

@test "processes of subordinate ids count as the instance's and end with it" {
	hold b bob
	ssh_as bob 'setpriv --reuid=5 --regid=5 --clear-groups sleep 1000 >/dev/null 2>&1 </dev/null &'
	wait_until 5 pgrep -u $((sub + 4)) -x sleep
	release b
	wait_until 5 refute pgrep -u $((sub + 4)) -x sleep
}

@test "sent credentials say the user to a service on the host, whatever the virtual root claims" {
	mkdir -m 0755 /run/peer
	cat >"$BATS_TEST_TMPDIR/peer.py" <<-'EOT'
		import os, socket, struct
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
		s.bind("/run/peer/sock")
		os.chmod("/run/peer/sock", 0o666)
		print(*struct.unpack("3i", s.recvmsg(10, 100)[1][0][2])[1:], flush=True)
	EOT
	start_daemon peer python3 "$BATS_TEST_TMPDIR/peer.py"
	wait_until 5 test -S /run/peer/sock
	ssh_as bob python3 - <<-'EOT'
		import os, socket, struct
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.connect("/run/peer/sock")
		s.sendmsg([b"x"], [(socket.SOL_SOCKET, 2, struct.pack("3i", os.getpid(), 0, 0))])
	EOT
	wait_until 5 grep -q . "$NSISO_TEST/daemon.peer.out"
	assert_equal "$(cat "$NSISO_TEST/daemon.peer.out")" "$(id -u bob) $(id -g bob)"
}

# ---- mounts ----------------------------------------------------------------------------------------

@test "tmpfs, bind and overlay can be mounted inside, and the host sees nothing of it" {
	local before
	before=$(wc -l </proc/self/mountinfo)
	run ssh_as bob 'set -e; mkdir -p t l u w b o; mount -t tmpfs none t; echo in >t/f; mount --bind t b; cat b/f
		echo low >l/f; mount -t tmpfs none /mnt; mkdir /mnt/u /mnt/w
		mount -t overlay -o lowerdir=l,upperdir=/mnt/u,workdir=/mnt/w none o; echo up >o/g; cat o/f o/g; ls l'
	assert_output $'in\nlow\nup\nf'
	assert_equal "$(wc -l </proc/self/mountinfo)" "$before"
	assert_equal "$(ls -A /home/bob/t /home/bob/o)" "$(printf '/home/bob/o:\n\n/home/bob/t:')"
}

@test "mounts of one login are there in the next one of the instance, and gone with it" {
	hold b bob
	ssh_as bob 'mount -t tmpfs none /mnt; echo kept >/mnt/f'
	assert_equal "$(ssh_as bob cat /mnt/f)" kept
	assert_equal "$(ssh_as bob readlink /proc/self/ns/mnt /proc/self/ns/user)" "$(ssh_as bob readlink /proc/self/ns/mnt /proc/self/ns/user)"
	release b
	wait_until 5 refute has_instance bob
	refute_match "$(ssh_as bob 'ls /mnt')" '(^|'$'\n'')f($|'$'\n'')'
}

@test "a mount that the host makes later appears inside, as read-only as it is" {
	mount -t tmpfs none /var/srv/plain
	mount --make-shared /var/srv/plain
	mkdir /var/srv/plain/later /var/srv/plain/ro
	hold b bob
	mount -t tmpfs none /var/srv/plain/later
	echo later >/var/srv/plain/later/f
	chmod 0777 /var/srv/plain/later
	mount -t tmpfs -o ro,mode=0777,nosuid none /var/srv/plain/ro
	run ssh_as bob 'exec 2>&1; cat /var/srv/plain/later/f; for o in rw ro,suid; do mount -o remount,bind,$o /var/srv/plain/ro || echo refused; done; touch /var/srv/plain/ro/f || echo refused'
	umount -l /var/srv/plain
	assert_match "$output" '^later'
	assert_equal "$(grep -c '^refused' <<<"$output")" 3
}

@test "an own pid namespace with a /proc of its own can be made where the policy allows nested namespaces" {
	bob_has "map = root" "nested = yes"
	assert_equal "$(ssh_as bob 'unshare -mp --fork sh -c "mount -t proc none /proc && echo /proc/[0-9]*"')" /proc/1
	run ssh_as bob 'mount -t proc none /proc'
	assert_match "$output" 'permission denied|not permitted'
}

@test "binfmt_misc of one's own interprets nothing on the host" {
	bob_has "map = root" "nested = yes"
	run ssh_as bob 'mount -t binfmt_misc none /mnt && echo ":nsiso-test:M::NSISO-TEST::/bin/echo:" >/mnt/register && ls /mnt/nsiso-test'
	[[ ! -e /proc/sys/fs/binfmt_misc/nsiso-test ]] || fail "registered on the host"
	printf 'NSISO-TEST\n' >/var/srv/plain/program
	chmod 0755 /var/srv/plain/program
	run -127 /var/srv/plain/program
	rm /var/srv/plain/program
}

# ---- host name, message queues, network ------------------------------------------------------------

@test "the host name belongs to the virtual root, and is not the host's" {
	local host
	host=$(uname -n)
	hold b bob
	ssh_as bob 'hostname nsiso-inside'
	assert_equal "$(ssh_as bob uname -n)" nsiso-inside
	assert_equal "$(uname -n)" "$host"
	assert_equal "$(readlink "/proc/$(pgrep -u bob -x "$sshd_child")/ns/uts")" "$(ssh_as bob readlink /proc/self/ns/uts)"
	assert_differ "$(readlink "/proc/$(pgrep -u bob -x "$sshd_child")/ns/user")" "$(ssh_as bob readlink /proc/self/ns/user)"
}

@test "with [uts] enable=no the host's name stays out of reach" {
	bob_has "map = root" "[uts]" "enable = no"
	run ssh_as bob 'hostname nsiso-inside'
	assert_match "$output" 'root|not permitted|permission'
	assert_differ "$(uname -n)" nsiso-inside
}

@test "System V and POSIX queues are the virtual root's to configure" {
	run ssh_as bob 'echo 5 >/proc/sys/kernel/msgmni && cat /proc/sys/kernel/msgmni; ls -ld /dev/mqueue'
	assert_match "${lines[0]}" '^5$'
	assert_match "${lines[1]}" ' root +root '
	assert_differ "$(cat /proc/sys/kernel/msgmni)" 5
}

@test "under net=none the network is the virtual root's: lo is up, interfaces and rules can be made" {
	bob_has "map = root" "[net]" "mode = none"
	run ssh_as bob 'ip -br link show lo; ip link add veth1 type veth peer name veth2 && ip addr add 10.9.8.7/24 dev veth1 && ip link set veth1 up && ip -br addr show veth1'
	assert_match "${lines[0]}" '^lo .*UP'
	assert_match "$output" '10.9.8.7/24'
	refute_match "$(ip -br link)" veth1
}

@test "under net=host the network is not the virtual root's" {
	run ssh_as bob 'ip link add veth1 type veth peer name veth2; ip link set lo down; python3 -c "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)"; exit 0'
	assert_equal "$(grep -c 'not permitted' <<<"$output")" 3
	assert_match "$(ip -br link show lo)" UP
}

# tunnel SSH-OPTION...: ssh -N until the test's end.
tunnel() {
	ssh -F "$NSISO_TEST/sshd.main.client" -o ExitOnForwardFailure=yes -N -v "$@" bob@nsiso </dev/null >"$NSISO_TEST/tunnel.out" 2>&1 3>&- &
	echo $! >"$NSISO_TEST/tunnel.pid"
	wait_until 10 ssh_serves "$NSISO_TEST/tunnel.out" "$@"
}

@test "under net=none a forwarded port leads to a server of the virtual root" {
	bob_has "map = root" "[net]" "mode = none"
	hold b bob
	ssh_as bob 'socat TCP-LISTEN:80,bind=127.0.0.1,fork,reuseaddr SYSTEM:"echo from-inside" >/dev/null 2>&1 </dev/null &
		for i in $(seq 100); do (: </dev/tcp/127.0.0.1/80) 2>/dev/null && exit; sleep 0.05; done; exit 1'
	tunnel -L "$NSISO_TEST/tunnel.sock:127.0.0.1:80"
	assert_equal "$(within 5 socat -u "UNIX-CONNECT:$NSISO_TEST/tunnel.sock" -)" from-inside
	run socat -u TCP:127.0.0.1:80 -
	assert_match "$output" 'refused'
}

@test "under net=none the virtual root reaches what is forwarded to it" {
	bob_has "map = root" "[net]" "mode = none"
	start_daemon peer socat "UNIX-LISTEN:$NSISO_TEST/tunnel.peer,fork" 'SYSTEM:echo from-outside'
	wait_until 5 test -S "$NSISO_TEST/tunnel.peer"
	tunnel -R "8080:$NSISO_TEST/tunnel.peer"
	assert_equal "$(ssh_as bob 'socat -u TCP:127.0.0.1:8080 -')" from-outside
}

# ---- subordinate ids -------------------------------------------------------------------------------

@test "subid=none maps the one id alone, and then setgroups is denied" {
	bob_has "map = root" "subid = none"
	rm /etc/subuid /etc/subgid
	assert_equal "$(ssh_as bob 'id -u; tr -s " " </proc/self/uid_map; tr -s " " </proc/self/gid_map; cat /proc/self/setgroups')" \
		"$(printf '%s\n' 0 " 0 $(id -u bob) 1" " 0 $(id -g bob) 1" deny)"
}

refused_with() { # REGEX
	run ssh_as bob 'echo inside'
	assert_status 254
	refute_match "$output" inside
	refute_match "$output" "$sub"
	assert_log "session refused: user=bob .*$1"
}

@test "a user without subordinate ids is refused, and the log says what to do" {
	: >/etc/subuid
	refused_with 'user bob has no subordinate ids \(see subuid\(5\)\): add some, or use \[user\] subid = none'
	echo "bob:$sub:65536" >/etc/subuid
	: >/etc/subgid
	log_mark
	refused_with 'user bob has no subordinate ids'
}

@test "a range that is another user's as well is refused, one that only touches it is not" {
	echo "alice:$((sub + 65535)):10" >>/etc/subuid
	refused_with 'the subordinate id [0-9]+ of user bob is uid [0-9]+.s, too'
	printf '%s\n' "bob:$sub:65536" "alice:$((sub + 65536)):10" >/etc/subuid
	assert_equal "$(ssh_as bob id -u)" 0
}

@test "a range with host root or the own id in it is refused" {
	echo "bob:0:10" >/etc/subuid
	refused_with 'the subordinate ids 0:10 of user bob are not usable'
	log_mark
	echo "bob:$(($(id -u bob) - 3)):10" >/etc/subuid
	refused_with 'the subordinate ids .* of user bob are not usable'
	log_mark
	echo "bob:$sub:10" >/etc/subuid
	echo "bob:$(id -g bob):10" >/etc/subgid
	refused_with 'the subordinate ids .* of user bob are not usable'
}

# ---- doors -----------------------------------------------------------------------------------------

look='readlink /proc/self/ns/user; readlink /proc/self/ns/mnt; id -u'

@test "su -, runuser -l and login(1) lead to the same virtual root" {
	local expected
	hold b bob
	expected=$(ssh_as bob "$look")
	assert_match "$expected" $'\n0$'
	assert_equal "$(su - bob -c "$look")" "$expected"
	assert_equal "$(runuser -l bob -c "$look")" "$expected"
	run "$here/terminal.py" 'expect:# $' "send:{ $look; } >seen; exit\\n" -- login -f bob 3>&-
	assert_equal "$(cat /home/bob/seen)" "$expected"
}

@test "cron's /bin/sh stays in the outer layer, as the user and without capabilities" {
	hold b bob
	mkdir -p /var/spool/cron/crontabs
	printf '%s\n' 'MAILTO=""' "@reboot { $look; grep CapEff /proc/self/status; ls /var/lib/secret; } >~/cron.new 2>&1; mv ~/cron.new ~/cron" >/var/spool/cron/crontabs/bob
	chown bob:crontab /var/spool/cron/crontabs/bob
	chmod 0600 /var/spool/cron/crontabs/bob
	start_daemon cron /usr/sbin/cron -f
	wait_until 10 test -e /home/bob/cron
	run cat /home/bob/cron
	assert_equal "${lines[0]}" "$(host_ns user)"
	assert_differ "${lines[1]}" "$(host_ns mnt)"
	assert_equal "${lines[2]}" "$(id -u bob)"
	assert_match "${lines[3]}" '0000000000000000'
}

@test "rootless containers are told that their namespace is made" {
	assert_equal "$(ssh_as bob 'echo $_CONTAINERS_USERNS_CONFIGURED,$_CONTAINERS_ROOTLESS_UID')" "1,$(id -u bob)"
}

# ---- nested namespaces -----------------------------------------------------------------------------

@test "nested=no leaves no user namespace to be made, and the virtual root cannot change that" {
	run ssh_as bob 'unshare -U true'
	assert_match "$output" 'No space left on device'
	run ssh_as bob '/usr/sbin/capsh --has-b=cap_sys_resource; /usr/sbin/capsh --has-p=cap_sys_resource; for i in 1 10; do echo $i >/proc/sys/user/max_user_namespaces; done; unshare -U true'
	assert_match "$output" 'Permission denied'
	assert_match "$output" 'No space left on device$'
	assert_equal "$(ssh_as bob cat /proc/sys/user/max_user_namespaces)" 0
}

@test "nested=no: CAP_SYS_RESOURCE does not come back by a program's capabilities or the login shell" {
	write_policy users.d/bob.conf <<-'EOT'
		[user]
		map = root
		[caps]
		no_new_privs = no
	EOT
	run ssh_as bob 'cp $(command -v tee) t; /usr/sbin/setcap cap_sys_resource+ep t; echo 10 | ./t /proc/sys/user/max_user_namespaces
		nsshell -c "echo 10 >/proc/sys/user/max_user_namespaces; /usr/sbin/capsh --has-p=cap_sys_resource"; setpriv --reuid=5 --regid=5 --clear-groups true; unshare -U true'
	assert_match "$output" 'No space left on device$'
	assert_equal "$(ssh_as bob cat /proc/sys/user/max_user_namespaces)" 0
}

@test "nested=no: a login that comes later cannot be traced before it has given up CAP_SYS_RESOURCE" {
	local pid ssh
	# Whoever looks at this file system waits for ever: the next login shell, for its working folder.
	hold b bob
	ssh_as bob 'cat >fuse.py' <<-'EOT'
		import ctypes, os, time
		fd = os.open("/dev/fuse", os.O_RDWR)
		libc = ctypes.CDLL(None, use_errno=True)
		assert libc.mount(b"none", b"/home/bob", b"fuse", 0, b"fd=%d,rootmode=40000,user_id=0,group_id=0" % fd) == 0, os.strerror(ctypes.get_errno())
		print("mounted", flush=True)
		time.sleep(100)
	EOT
	run ssh_as bob 'cp fuse.py /tmp; cd /; python3 /tmp/fuse.py >/tmp/fuse.out 2>&1 </dev/null &
		for i in $(seq 50); do grep -q . /tmp/fuse.out && break; sleep 0.1; done; cat /tmp/fuse.out'
	assert_output mounted
	ssh_as bob true >/dev/null 2>&1 3>&- &
	ssh=$!
	wait_until 5 pgrep -u bob -x nsshell
	pid=$(pgrep -u bob -x nsshell)
	wait_until 5 bash -c "[[ \$(readlink /proc/$pid/ns/user) != $(host_ns user) ]]"
	wait_until 5 grep -q '^CapPrm:.000001fffe' "/proc/$pid/status"
	assert_equal "$(stat -c %U "/proc/$pid/environ")" root
	kill -KILL "$(pgrep -u bob -x python3)"
	wait $ssh
}

@test "nested=yes lets the virtual root make user namespaces" {
	bob_has "map = root" "nested = yes"
	assert_equal "$(ssh_as bob 'unshare -Urm sh -c "id -u; mount -t tmpfs none /mnt && echo mounted"')" $'0\nmounted'
}
