#!/bin/bash
# shellcheck disable=SC2016,SC2029 # scripts for the other side
#
# What needs a real Debian: its systemd and logind, its sshd and cron, cgroup v2 with all controllers.  Run by
# guest/run, as root, in a machine of their own; TAP.  Emulation is slow: a test makes as few connections as
# it can, and one that waits waits long.
set -u
shopt -s nullglob

tmp=/run/tests
filter=$(cat /tests/filter)
groups=/sys/fs/cgroup/nsiso
number=0
mkdir -p "$tmp"

# ---------------------------------------------------------------------------------------------------
# Tests, logins, policies, the log
# ---------------------------------------------------------------------------------------------------

# prove SENTENCE FUNCTION: it holds when all commands of the function succeed.
prove() {
	local status start=$SECONDS

	[[ $1 =~ $filter ]] || return
	number=$((number + 1))
	rm -f /etc/nsiso/users.d/* "$tmp/journal"
	log_has . || :
	rm -f "$tmp/journal"
	(set -eE; trap 'echo "failed: $BASH_COMMAND" >&2' ERR; "$2") >"$tmp/out" 2>&1
	status=$?
	logout_all
	wait_until 30 no_instances || status=1
	log_has . || :
	if [[ $status == 0 ]]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		{
			cat "$tmp/out"
			grep nsiso "$tmp/journal" | tail -n 10
		} | sed 's/^/# /'
	fi
	[[ ! -e $tmp/note ]] || cat "$tmp/note"
	rm -f "$tmp/note"
	echo "# $((SECONDS - start)) s"
}

is() { # IS SHOULD
	[[ $1 == "$2" ]] || { printf '%s\n' "is:     $1" "should: $2"; return 1; }
}

has() { # TEXT REGEX
	[[ $1 =~ $2 ]] || { printf '%s\n' "text:          $1" "does not have: $2"; return 1; }
}

wait_until() { # SECONDS COMMAND...
	local end=$((SECONDS + $1))

	until "${@:2}" &>/dev/null; do
		((SECONDS < end)) || { echo "waited in vain for: ${*:2}"; return 1; }
		sleep 0.3
	done
}

# A login that lasts until logout, without a command of its own; `inside NAME COMMAND` runs one in it.
login() { # NAME USER [SSH OPTION]...
	timeout 60 ssh -fNM -S "$tmp/login.$1" "${@:3}" "$2@localhost" </dev/null
}

inside() { # NAME COMMAND...
	timeout 60 ssh -S "$tmp/login.$1" -o ControlMaster=no localhost "${@:2}"
}

logout() { # NAME
	ssh -S "$tmp/login.$1" -O exit localhost
}

logout_all() {
	local socket

	for socket in "$tmp"/login.*; do
		logout "${socket##*/login.}" &>/dev/null
	done
}

no_instances() {
	[[ ! $(find /run/nsiso -name record) ]]
}

# The policy of alice, on top of the one that is installed.
policy() { # LINE...
	printf '%s\n' "$@" >/etc/nsiso/users.d/alice.conf
}

# Whether the log since the start of the test has a line.
log_has() { # REGEX
	journalctl --sync
	journalctl -q -b -o cat --cursor-file="$tmp/cursor" >>"$tmp/journal"
	grep -Eq -- "$1" "$tmp/journal"
}

refused() { # REGEX: what the log says
	local status=0

	ssh alice@localhost echo in >"$tmp/refused" 2>&1 || status=$?
	is "$status" 254
	has "$(cat "$tmp/refused")" '^nsiso: isolation failed, reference [0-9a-f]+$'
	wait_until 10 log_has "session refused: user=alice .*$1"
	[[ ! -e $groups/alice ]]
}

# (the cgroup namespace goes with groups of our own)
kinds='mnt pid ipc uts time'
namespaces="cd /proc/self/ns && readlink $kinds"

# isolated LINES: all namespaces are others than here.
isolated() {
	is "$(wc -l <<<"$1")" 5
	is "$(sort <(eval "$namespaces") - <<<"$1" | uniq -d)" ""
}

# ---------------------------------------------------------------------------------------------------
# sshd, with pam_systemd before the module
# ---------------------------------------------------------------------------------------------------

# A second sshd, on port 2222, that is its own sftp server.
sed 's/^Subsystem.*/Subsystem sftp internal-sftp/' /etc/ssh/sshd_config >"$tmp/sshd_config"
systemd-run -q --unit=sshd-internal /usr/sbin/sshd -D -f "$tmp/sshd_config" -p 2222

ssh_isolates() {
	policy '[uts]' 'hostname = %u.%h'
	touch /tmp/of-the-host
	login a alice
	isolated "$(inside a "$namespaces")"
	is "$(inside a 'ls -A /tmp; hostname; ps -eo user= | sort -u; cat /proc/1/comm; grep -E "NoNew|CapBnd" /proc/self/status')" \
		$'alice.vm\nalice\nCapBnd:\t0000000000000000\nNoNewPrivs:\t1'
}

logind_knows() {
	local session

	login a alice
	session=$(inside a 'echo $XDG_SESSION_ID')
	is "$(loginctl show-session "$session" -p State -p Name -p Service | sort)" $'Name=alice\nService=sshd\nState=active'
	loginctl list-sessions --no-legend | grep -w alice
	test -d /run/user/1000
	has "$(inside a 'echo $XDG_RUNTIME_DIR; ls $XDG_RUNTIME_DIR 2>&1 || :')" $'^/run/user/1000\n.*ermission denied'
}

logins_share() {
	local first

	login a alice
	login b alice
	first=$(inside a "$namespaces")
	is "$(inside b "$namespaces")" "$first"
	logout a
	is "$(inside b "$namespaces")" "$first"
	logout b
	wait_until 30 no_instances
}

files_pass() {
	local status=0

	head -c 1M /dev/urandom >"$tmp/data"
	login a alice
	inside a 'cat >/tmp/data; exit 7' <"$tmp/data" || status=$?
	is "$status" 7
	scp -q -o ControlPath="$tmp/login.a" localhost:/tmp/data "$tmp/scp"
	sftp -q -o ControlPath="$tmp/login.a" -b - localhost <<<"get /tmp/data $tmp/sftp" >/dev/null
	scp -qO -o ControlPath="$tmp/login.a" "$tmp/data" localhost:/tmp/again
	is "$(inside a 'cmp /tmp/data /tmp/again && echo same')" same
	cmp "$tmp/data" "$tmp/scp"
	cmp "$tmp/data" "$tmp/sftp"
	[[ ! -e /tmp/data ]]
}

# Its process is a fork of sshd that starts no program.
sftp_is_inside() { # NAMESPACE...
	local kind

	login a alice -p 2222
	sftp -q -o ControlPath="$tmp/login.a" -b - localhost >"$tmp/sftp.out" <<-EOT
		put /etc/hostname /tmp/by-sftp
		!cd /proc/\$(pgrep -u alice -f internal-sftp)/ns && readlink $*
	EOT
	for kind; do
		has "$(cat "$tmp/sftp.out")" "$kind:"
		is "$(grep -Fx "$(readlink "/proc/self/ns/$kind")" "$tmp/sftp.out" || :)" ""
	done
	is "$(inside a 'cat /tmp/by-sftp')" vm
	[[ ! -e /tmp/by-sftp ]]
}

internal_sftp() {
	sftp_is_inside mnt pid
}

root_is_outside() {
	is "$(ssh root@localhost "$namespaces")" "$(eval "$namespaces")"
	is "$(su - root -c "$namespaces")" "$(eval "$namespaces")"
	log_has 'session not isolated: user=root service=sshd reason=root'
}

prove "ssh leads into namespaces, /tmp and host name of alice's own, without capabilities" ssh_isolates
prove "logind knows the session, whose runtime folder is there and closed inside" logind_knows
prove "two ssh logins share an instance, which ends with the second" logins_share
prove "commands, scp and sftp pass data and exit status from and to the private /tmp" files_pass
prove "internal-sftp, which runs no shell, is inside" internal_sftp
prove "root's logins by ssh and su are not isolated" root_is_outside

# ---------------------------------------------------------------------------------------------------
# cgroup v2, in groups of our own
# ---------------------------------------------------------------------------------------------------

limits_are_set() {
	policy '[cgroup]' 'backend = cgroupfs' 'memory.high = 96M' 'memory.max = 128M' 'pids.max = 100' 'cpu.max = 50%' 'cpu.weight = 50'
	login a alice
	login b alice
	is "$(inside b 'cat /proc/self/cgroup')" 0::/
	inside a true
	cd "$groups/alice"
	is "$(cat memory.high memory.max pids.max cpu.max cpu.weight | xargs)" "$((96 << 20)) $((128 << 20)) 100 50000 100000 50"
	# Both logins' processes are in the one group below, and nowhere else.
	is "$(cat -- */cgroup.procs | xargs -I{} sed -n 's/^Name:.//p' /proc/{}/status | grep -c '^sshd')" 4
}

# A group with processes of its own hands no memory controller down.
limit_is_refused() {
	local pid

	mkdir -p /sys/fs/cgroup/occupied
	sleep 1000 &
	pid=$!
	echo "$pid" >/sys/fs/cgroup/occupied/cgroup.procs
	policy '[cgroup]' 'backend = cgroupfs' 'parent = /occupied' 'memory.max = 64M' 'pids.max ='
	refused 'memory.*/occupied'
	kill "$pid"
	wait "$pid" || :
	rmdir /sys/fs/cgroup/occupied
}

prove "limits of memory, processes and processor time are read back, and hold for both of alice's logins" limits_are_set
prove "a limit that cannot be set refuses the login" limit_is_refused

# ---------------------------------------------------------------------------------------------------
# Units of systemd
# ---------------------------------------------------------------------------------------------------

# shellcheck source=tests/vm/systemd.bash
. /tests/systemd.bash
# shellcheck source=tests/vm/operate.bash
. /tests/operate.bash
# shellcheck source=tests/vm/doors.bash
. /tests/doors.bash
# shellcheck source=tests/vm/account.bash
. /tests/account.bash

# shellcheck source=tests/vm/cgroupfs.bash
. /tests/cgroupfs.bash

# ---------------------------------------------------------------------------------------------------
# User namespaces
# ---------------------------------------------------------------------------------------------------

identity_maps() {
	policy '[user]' 'map = identity'
	login a alice
	is "$(inside a 'id -u; id -g; xargs </proc/self/uid_map; grep CapBnd /proc/self/status')" \
		$'1000\n1000\n1000 1000 1\nCapBnd:\t0000000000000000'
	is "$(inside a 'stat -c %u / /home/alice | xargs')" '65534 1000'
}

identity_internal_sftp() {
	policy '[user]' 'map = identity'
	sftp_is_inside mnt pid user
}

# Debian's switch for those who are not root does not matter, since root makes it.
root_maps() {
	policy '[user]' 'map = root'
	trap 'sysctl -q kernel.unprivileged_userns_clone=1' EXIT
	sysctl -q kernel.unprivileged_userns_clone=0
	login a alice
	is "$(inside a 'id -u; touch file; cp file other; chown 5:7 other; stat -c %u:%g file other')" $'0\n0:0\n5:7'
	is "$(inside a 'chown 65537 file 2>/dev/null || echo refused')" refused
	is "$(cd /home/alice && stat -c %u:%g file other)" $'1000:1000\n100004:100006'
}

no_user_namespaces() {
	policy '[user]' 'map = identity'
	trap 'sysctl -q user.max_user_namespaces=1000' EXIT
	sysctl -q user.max_user_namespaces=0
	refused 'user namespace'
}

# With an image of one program, because there is no network; the runtime folder that the environment names is
# closed.
podman_runs() {
	policy '[user]' 'map = root' 'nested = yes'
	mkdir -p "$tmp/image/bin"
	cp /bin/busybox "$tmp/image/bin/sh"
	tar -C "$tmp/image" -cf /tmp/image.tar .
	login a alice
	is "$(inside a 'unshare --user --map-root-user id -u')" 0
	inside a 'cat >/tmp/image.tar' </tmp/image.tar
	has "$(inside a '
		export XDG_RUNTIME_DIR=/tmp/run STORAGE_DRIVER=vfs
		mkdir -m 700 /tmp/run
		podman="podman --root /tmp/store --cgroup-manager=cgroupfs --events-backend=none"
		$podman import -q /tmp/image.tar box
		$podman run --rm --network=none --cgroups=disabled box /bin/sh -c "echo container \$$"')" 'container 1$'
}

prove "[user] map = identity keeps the id and maps nobody else" identity_maps
prove "[user] map = identity holds for internal-sftp, too" identity_internal_sftp
prove "[user] map = root gives a virtual root, also where unprivileged user namespaces are off" root_maps
prove "where there can be no user namespace the login is refused and the log says so" no_user_namespaces
prove "[user] map = root with nested = yes runs podman and has user namespaces of its own" podman_runs

# ---------------------------------------------------------------------------------------------------
# Other ways in, and the end
# ---------------------------------------------------------------------------------------------------

su_isolates() {
	local status=0

	isolated "$(su alice -c "$namespaces")"
	isolated "$(su - alice -c "$namespaces")"
	su alice -c 'exit 7' || status=$?
	is "$status" 7
}

cron_isolates() {
	echo "* * * * * cat /proc/self/cgroup >~/by-cron.group; ($namespaces) >~/by-cron.new && mv ~/by-cron.new ~/by-cron" | tee >(crontab -) >(crontab -u alice -) >/dev/null
	wait_until 150 test -s /home/alice/by-cron -a -s /root/by-cron
	crontab -r
	crontab -r -u alice
	isolated "$(cat /home/alice/by-cron)"
	has "$(cat /home/alice/by-cron.group)" '^0::/user.slice/user-1000.slice/'
	is "$(cat /root/by-cron)" "$(eval "$namespaces")"
}

is_clean() {
	is "$(
		pgrep -l -u alice,bob,nsiso
		find /run/nsiso "$groups" -mindepth 1 -type d
		ls /run/user
		loginctl list-sessions --no-legend
		systemctl list-units --no-legend 'session-*.scope' 'user-*.slice' 'user@*'
	)" ""
}

nothing_is_left() {
	wait_until 60 is_clean || is_clean
	is "$(systemctl is-system-running)" running
}

# What a unit file in alice's home starts as soon as there is a manager.
enable_unit() {
	local folder=/home/alice/.config/systemd/user

	rm -rf /home/alice/.config /home/alice/by-unit
	mkdir -p "$folder/default.target.wants"
	cat >"$folder/own.service" <<-EOT
		[Service]
		Type=oneshot
		RemainAfterExit=yes
		ExecStart=/bin/sh -c "($namespaces) >/home/alice/new && mv /home/alice/new /home/alice/by-unit"
	EOT
	ln -s ../own.service "$folder/default.target.wants/"
	chown -R alice: /home/alice/.config
}

manager_is_refused() {
	enable_unit
	login a alice
	is "$(systemctl is-active user@1000)" inactive
	wait_until 10 log_has 'service manager not started: user=alice reason=user_manager=no'
	is "$(pgrep -u alice -x systemd)" ""
	is "$(systemctl --failed --no-legend)" ""
	[[ ! -e /home/alice/by-unit ]]
}

inside_policy=('[session]' 'user_manager = inside')

manager_is_inside() {
	local seen

	enable_unit
	policy "${inside_policy[@]}"
	login a alice
	seen=$(inside a "$namespaces")
	wait_until 60 test -s /home/alice/by-unit
	is "$(cat /home/alice/by-unit)" "$seen"
	is "$(inside a 'systemctl --user is-active own')" active
	is "$(inside a "systemd-run --user --quiet --wait --pipe sh -c '$namespaces'")" "$seen"
	is "$(systemctl is-active user@1000)" active
	logout a
	wait_until 60 no_instances
	wait_until 30 test ! -e /run/user/1000
	is "$(systemctl --failed --no-legend)" ""
}

# Without any login, as for a timer of the user's.
manager_lingers() {
	local first

	enable_unit
	policy "${inside_policy[@]}"
	loginctl enable-linger alice
	trap 'loginctl disable-linger alice' EXIT
	wait_until 60 test -s /home/alice/by-unit
	first=$(cat /home/alice/by-unit)
	login a alice
	is "$(inside a "$namespaces")" "$first"
	logout a
	sleep 12
	is "$(systemctl is-active user@1000)" active
	loginctl disable-linger alice
	wait_until 60 no_instances
}

managers_of_others() {
	printf '%s\n' '[session]' 'exempt = yes' >/etc/nsiso/users.d/bob.conf
	login b bob
	login r root
	is "$(inside b 'systemctl --user is-system-running --wait')" running
	is "$(inside r 'systemctl --user is-system-running --wait')" running
	is "$(inside b "systemd-run --user --quiet --wait --pipe sh -c '$namespaces'")" "$(eval "$namespaces")"
}

prove "su and su - lead inside" su_isolates
prove "systemd --user of alice is not started, and nothing has failed by that" manager_is_refused
prove "user_manager = inside has systemd --user and its units in the instance, until the last logout" manager_is_inside
prove "with loginctl's linger it is there before any login, and stays" manager_lingers
prove "root and exempt users have their service managers outside" managers_of_others
prove "jobs of cron run inside, and those of root do not" cron_isolates
prove "after all this no process, session, unit, cgroup or record is left, and the system is running" nothing_is_left

echo "1..$number"
