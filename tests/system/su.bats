#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# su and sudo to root from inside of an instance: where the policy says that the root shell is.
load lib

setup_file() {
	world alice carol
	printf '%s\n' 'Defaults !lecture' 'root ALL=(ALL) ALL' 'alice ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers
	chmod 0440 /etc/sudoers
	echo "root:root's secret" | chpasswd -c SHA512 -s 1000
}

teardown_file() { end_world; }
setup() { begin; }
teardown() { finish; }

# For alice: su=$1, and all that su and sudo need; [pid] enable=$2.
admin_policy() { # SU PID
	write_policy users.d/alice.conf <<-EOT
		[session]
		su = $1

		[mount]
		suid = /usr/bin/su /usr/bin/sudo
		proc = private

		[pid]
		enable = $2

		[net]
		mode = none

		[caps]
		bounding = setuid setgid dac_override audit_write sys_resource chown kill sys_admin sys_chroot sys_ptrace
		no_new_privs = no
	EOT
}

# A virtual root cannot read the host's shadow(5), and su asks it whether root's account has expired (not where
# nss-systemd answers for root).
virtual_shadow='echo "root:*:20000::::::" >/tmp/shadow && mount --bind /tmp/shadow /etc/shadow'

all='for n in mnt pid ipc uts net cgroup time user; do readlink /proc/self/ns/$n; done; cat /proc/self/cgroup'

# As the process that starts every login has it.
host_has() {
	local pid n

	pid=$(daemon_pid sshd.main)

	for n in mnt pid ipc uts net cgroup time user; do
		readlink "/proc/$pid/ns/$n"
	done
	cat "/proc/$pid/cgroup"
}

# As root who is in the instance, by whatever way.
inside() { # COMMAND...
	nsenter -t "$(record_of alice init)" -m -u -n -i "$@"
}

on_terminal() { # COMMAND STEP...
	local command=$1

	shift
	"$here/terminal.py" "$@" -- ssh -F "$NSISO_TEST/sshd.main.client" -tt alice@nsiso "$command" 3>&-
}

# ---------------------------------------------------------------------------------------------------
# stay, which nothing needs to say
# ---------------------------------------------------------------------------------------------------

@test "su=stay: root stays in the outer layer of the instance" {
	admin_policy stay yes
	hold a alice
	run ssh_as alice 'sudo sh -c "id -u; readlink /proc/self/ns/pid /proc/self/ns/net; test -e /run/nsiso/su"; echo $?'
	assert_output "0
$(readlink "/proc/$(record_of alice init)/ns/pid")
$(readlink "/proc/$(record_of alice init)/ns/net")
1"
	assert_log 'session not isolated: user=root service=sudo reason=root'
}

# ---------------------------------------------------------------------------------------------------
# refuse
# ---------------------------------------------------------------------------------------------------

@test "su=refuse: sudo and su to root are refused, with one line, and the log has the reason" {
	admin_policy refuse yes
	run ssh_as alice 'exec 2>&1; sudo id; echo "status $?"'
	refute_match "$output" uid=
	assert_match "$output" 'nsiso: sessions of root are not allowed from here, reference [0-9a-f]+'
	assert_match "$output" 'status 1'
	assert_log 'session refused: user=root service=sudo .*reason=su = refuse: user root cannot be entered from inside the instance /run/nsiso/alice/'
	run on_terminal 'su -c id' 'expect:assword: $' "send:root's secret\n"
	assert_status 1
	refute_match "$output" uid=
	assert_match "$output" 'nsiso: sessions of root are not allowed from here'
	assert_log 'session refused: user=root service=su .*su = refuse'
}

@test "su=refuse: root's own logins, and those of others, are as ever" {
	admin_policy refuse yes
	hold a alice
	assert_equal "$(ssh_as root 'readlink /proc/self/ns/pid')" "$(readlink /proc/self/ns/pid)"
	assert_equal "$(su root -c 'readlink /proc/self/ns/pid')" "$(readlink /proc/self/ns/pid)"
	assert_equal "$(ssh_as carol 'id -un')" carol
}

# It is the user's own, and as much inside as ever.
@test "su=refuse does not mean the virtual root of a user namespace" {
	write_policy users.d/alice.conf <<-'EOT'
		[session]
		su = refuse

		[user]
		map = root
	EOT
	run ssh_as alice "$virtual_shadow"' && su root -c "id -u" 2>/dev/null'
	assert_output 0
}

# ---------------------------------------------------------------------------------------------------
# leave
# ---------------------------------------------------------------------------------------------------

@test "su=leave: sudo has the host's namespaces and cgroups, and its command's status" {
	admin_policy leave no
	run ssh_as alice "$all"
	assert_differ "$output" "$(host_has)"
	run ssh_as alice "sudo sh -c '$all'"
	assert_output "$(host_has)"
	assert_log 'session left: user=root service=sudo id=[0-9a-f]+ from=alice instance=[0-9a-f-]+'
	assert_log 'session closed: user=root left=/run/nsiso/alice/'
	run ssh_as alice 'sudo sh -c "exit 7"'
	assert_status 7
	assert_equal "$(printf 'b\na\n' | ssh_as alice sudo sort)" $'a\nb'
}

@test "su=leave: su -c, su - and sudo -i have all of the host's" {
	admin_policy leave no
	run on_terminal "su -c '{ $all; } >/run/seen; exit 5'" 'expect:assword: $' "send:root's secret\n"
	assert_status 5
	assert_equal "$(cat /run/seen)" "$(host_has)"
	rm /run/seen
	run on_terminal 'su -' 'expect:assword: $' "send:root's secret\n" 'expect:# $' \
		"send:{ $all; } >/run/seen; pwd >>/run/seen; exit 4\n"
	assert_status 4
	assert_equal "$(cat /run/seen)" "$(host_has)"$'\n/root'
	rm /run/seen
	run on_terminal 'sudo -i' 'expect:# $' "send:{ $all; } >/run/seen; exit 6\n"
	assert_status 6
	assert_equal "$(cat /run/seen)" "$(host_has)"
	rm /run/seen
}

@test "su=leave: jobs can be stopped, resumed and interrupted, and the user's shell goes on" {
	admin_policy leave no
	run on_terminal 'PS1=U@ bash --norc -i' 'expect:U@' 'send:sudo PS1=R@ bash --norc -i\n' 'expect:\nR@' \
		'send:sh -c "echo up; exec cat"\n' 'expect:\nup' 'send:\x1a' 'expect:Stopped' 'expect:R@' \
		'send:fg\n' 'expect:\nsh -c.*\n' 'send:ping\n' 'expect:ping\s+ping' 'send:\x03' 'expect:R@' \
		'send:echo was $?\n' 'expect:\nwas 130' 'send:exit 9\n' 'expect:U@' \
		'send:echo got $?; exit 3\n' 'expect:\ngot 9'
	assert_status 3
}

@test "su=leave: the working folder is kept where the host has the same one, never another" {
	admin_policy leave no
	run ssh_as alice 'cd /home/alice && sudo pwd'
	assert_output /home/alice
	mkdir /tmp/own
	run ssh_as alice 'mkdir /tmp/own && cd /tmp/own && sudo readlink /proc/self/cwd'
	assert_output /
	rmdir /tmp/own
}

@test "su=leave: what root starts outlives the instance, which ends as ever" {
	admin_policy leave no
	run ssh_as alice 'sudo sh -c "sleep 1000 >/dev/null 2>&1 </dev/null & echo \$! >/run/left"; sleep 1000 >/dev/null 2>&1 & echo $!'
	assert_status 0
	wait_until 15 refute has_instance alice
	wait_until 5 is_gone "$output"
	is_alive "$(cat /run/left)"
	kill "$(cat /run/left)"
	rm /run/left
}

@test "su=leave: the user's other sessions take no notice" {
	admin_policy leave no
	hold a alice
	ssh_as alice 'sudo true; readlink /proc/self/ns/mnt' >"$NSISO_TEST/mnt"
	assert_equal "$(cat "$NSISO_TEST/mnt")" "$(readlink "/proc/$(record_of alice init)/ns/mnt")"
	is_alive "$(record_of alice init)"
}

@test "su=leave: su to another user is refused all the same" {
	admin_policy leave no
	run ssh_as alice 'sudo -u carol id; echo "$?"'
	refute_match "$output" uid=
	assert_log 'session refused: user=carol service=sudo .*from inside another isolated session'
}

@test "su=leave: an init that cannot be asked refuses, half-way is nobody" {
	admin_policy leave no
	hold a alice
	rm "$(instance_of alice)/in/init"
	run inside su root -c id
	assert_status 1
	refute_match "$output" uid=
	assert_log 'session refused: user=root service=su .*cannot reach the init'
}

@test "su=leave: whatever fails refuses" {
	local call folder init

	admin_policy leave no
	hold a alice
	run inside su root -c "$all"
	assert_output "$(host_has)"
	for call in setns getsockopt pidfd_open pidfd_open:when=2; do
		log_mark
		run inside strace -o /run/strace -e "inject=${call%%:*}:error=EPERM${call#"${call%%:*}"}" su root -c id
		assert_match "$(cat /run/strace)" INJECTED
		assert_status 1
		refute_match "$output" uid=
		assert_log 'session refused: user=root service=su .*reason=cannot'
	done
	# The last step: the instance's folder, which names the control groups.
	folder=$(instance_of alice)
	init=$(record_of alice init)
	mv "$folder/record" "$folder/record.away"
	run nsenter -t "$init" -m -u -n -i su root -c id
	mv "$folder/record.away" "$folder/record"
	assert_status 1
	refute_match "$output" uid=
	rm /run/strace
}

# ---------------------------------------------------------------------------------------------------
# Nobody else gets anything by it
# ---------------------------------------------------------------------------------------------------

@test "su=leave: neither the user nor a root of the user's namespaces gets out" {
	admin_policy leave no
	hold a alice
	cat >/usr/local/bin/get-out <<-'EOT'
		#!/usr/bin/python3
		# Every descriptor of the supervisor's namespaces that there is a way to.
		import ctypes, os, sys
		libc = ctypes.CDLL(None, use_errno=True)
		supervisor = int(sys.argv[1])
		kinds = ["mnt", "ipc", "uts", "net", "cgroup", "time", "pid"]
		flags = [0x20000, 0x8000000, 0x4000000, 0x40000000, 0x2000000, 0x80, 0x20000000]
		if sys.argv[2] == "virtual":
		    uid, gid = os.getuid(), os.getgid()
		    assert libc.unshare(0x10000000) == 0
		    open("/proc/self/setgroups", "w").write("deny")
		    open("/proc/self/uid_map", "w").write(f"0 {uid} 1")
		    open("/proc/self/gid_map", "w").write(f"0 {gid} 1")
		    assert os.getuid() == 0
		got = 0
		for flag in flags + [sum(flags)]:
		    got += libc.setns(os.pidfd_open(supervisor), flag) == 0
		for kind in kinds:
		    try:
		        got += libc.setns(os.open(f"/proc/{supervisor}/ns/{kind}", os.O_RDONLY), 0) == 0
		    except OSError:
		        pass
		for path in "/run/nsiso/su", f"/proc/{supervisor}/root/run/nsiso/alice", f"/proc/{supervisor}/fd":
		    try:
		        got += os.path.isdir(path) and bool(os.listdir(path)) or bool(open(path).read())
		    except OSError:
		        pass
		for change in "unlink", "rename", "chmod":
		    try:
		        getattr(os, change)("/run/nsiso/su", *{"rename": ["/run/nsiso/x"], "chmod": [0o644]}.get(change, []))
		        got += 1
		    except OSError:
		        pass
		print("got", got)
	EOT
	chmod 0755 /usr/local/bin/get-out
	run ssh_as alice "get-out $(record_of alice supervisor) user; get-out $(record_of alice supervisor) virtual"
	assert_output $'got 0\ngot 0'
	# With the rights of real root it is not the descriptor that is missing: the test above can fail.
	run ssh_as alice "sudo get-out $(record_of alice supervisor) user"
	refute_match "$output" 'got 0'
	rm /usr/local/bin/get-out
}

# Its module sees what it has made itself, and the kernel what it is.
@test "su=leave: a run folder that is made up leads nowhere" {
	write_policy users.d/alice.conf <<-'EOT'
		[user]
		map = root
	EOT
	run ssh_as alice "$virtual_shadow"' && mkdir /tmp/r && touch /tmp/r/init && echo "leave /run/nsiso/alice/1" >/tmp/r/su && mount --bind /tmp/r /run/nsiso && su root -c "readlink /proc/self/ns/mnt" 2>&1; echo "$?"'
	assert_match "$output" 'isolation failed'
	assert_match "$output" $'\n1$'
	assert_log 'session refused: user=root service=su .*cannot reach the init'
}

@test "su=leave without what it takes is refused by nsisoctl check, and by the login" {
	admin_policy leave yes
	run nsisoctl check
	assert_status 1
	assert_match "$output" 'su = leave needs \[pid\] enable = no'
	run ssh_as alice true
	assert_status 254
}
