# shellcheck shell=bash
# shellcheck disable=SC2016,SC2154 # scripts for the other side; variables of tests.bash and systemd.bash
#
# What systemd itself opens sessions for, and root's way out of an instance; sourced by tests.bash.

# That nothing of alice's has run, and nothing is left of her; $1: the service.
executor_refused() {
	wait_until 10 log_has "session refused: user=alice service=$1 .*systemd itself opens this session"
	[[ ! -e /tmp/by-unit ]]
	no_instances
	wait_until 60 eval '[[ ! $(sessions_of alice) ]]'
	forgotten
	is "$(systemctl --failed --no-legend)" ""
	is "$(systemctl is-system-running)" running
}

# What has User= without PAMName= opens no session: it is root's own doing.
executor_unit() {
	local status=0

	trap 'rm -f /tmp/by-unit' EXIT
	systemd-run --quiet --wait --collect -p PAMName=login -p User=alice sh -c 'id >/tmp/by-unit' || status=$?
	is "$status" 224
	executor_refused login
	printf '%s\n' '[session]' 'exempt = yes' >/etc/nsiso/users.d/bob.conf
	is "$(systemd-run --quiet --wait --pipe --collect -p PAMName=login -p User=bob id -un)" bob
	is "$(systemd-run --quiet --wait --pipe --collect -p PAMName=login -p User=root id -un)" root
	is "$(systemd-run --quiet --wait --pipe --collect -p User=alice sh -c "$namespaces")" "$(eval "$namespaces")"
}

# Debian has no file of PAM for it: then "other" holds.
executor_run0() {
	local status=0

	trap 'rm -f /tmp/by-unit /etc/pam.d/systemd-run0' EXIT
	[[ ! -e /usr/lib/pam.d/systemd-run0 ]] ||
		cat /usr/lib/pam.d/systemd-run0 /usr/share/doc/nsiso/pam.d/systemd-run0 >/etc/pam.d/systemd-run0
	run0 --user=alice -- sh -c 'id >/tmp/by-unit' || status=$?
	((status != 0))
	executor_refused systemd-run0
	is "$(run0 -- id -un)" root
}

# From the instance into what the login that made it came from: the host's namespaces, and the session's scope.
root_leaves() {
	local all='cd /proc/self/ns && readlink mnt pid ipc uts net cgroup time user' scope

	cp -a /etc/shadow "$tmp/shadow"
	trap 'cp -a "$tmp/shadow" /etc/shadow' EXIT
	echo 'root:secret' | chpasswd
	policy '[session]' 'su = leave' '[mount]' 'suid = /usr/bin/su' 'proc = private' '[pid]' 'enable = no' \
		'[caps]' 'bounding = setuid setgid dac_override audit_write sys_resource chown kill sys_admin sys_chroot sys_ptrace' \
		'no_new_privs = no' '[cgroup]' 'backend = cgroupfs'
	login a alice
	[[ $(inside a "$all") != "$(eval "$all")" ]]
	has "$(inside a 'systemctl is-active ssh 2>&1 || :')" 'ailed to connect'
	scope=/user.slice/user-1000.slice/session-$(sessions_of alice).scope
	has "$(cat "/proc/$(instance_pids alice | head -n 1)/cgroup")" '^0::/'
	is "$(inside a "su -c '$all; cat /proc/self/cgroup; systemctl is-active ssh' 2>/dev/null" <<<secret)" \
		"$(eval "$all")"$'\n'"0::$scope"$'\nactive'
	log_has 'session left: user=root service=su .* from=alice instance='
	log_has 'session closed: user=root left=/run/nsiso/alice/'
	logout a
	wait_until 30 no_instances
	forgotten
	[[ ! -e $groups/alice ]]
}

prove "a unit with PAMName= is refused for alice, with the reason, and leaves nothing; root and exempt users have it" executor_unit
[[ ! $(type -P run0) ]] ||
	prove "run0 is refused for alice, with the reason, and leaves nothing; root has it" executor_run0
prove "with su = leave, su from inside leads root into the host's namespaces and the login's own scope" root_leaves
