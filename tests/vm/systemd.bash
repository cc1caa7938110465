# shellcheck shell=bash
# shellcheck disable=SC2016,SC2154 # scripts for the other side; variables of tests.bash
#
# Limits as properties of units; sourced by tests.bash.

slice=/sys/fs/cgroup/user.slice/user-1000.slice
control=/run/systemd/system.control

properties() { # UNIT PROPERTY...
	systemctl show "$1" -P "$(IFS=, && echo "${*:2}")" | xargs
}

# What a policy has set of alice's slice, and systemd's files for it.
drop_ins() {
	[[ ! -d $control/user-1000.slice.d ]] || ls "$control/user-1000.slice.d"
}

instance_pids() { # USER: supervisor and init
	sed -n 's/^supervisor=\([0-9]*\).*/\1/p; s/^init=\([0-9]*\).*/\1/p' /run/nsiso/"$1"/*/record
}

in_own_scope() { # USER
	local pid

	for pid in $(instance_pids "$1"); do
		grep -Eq "^0::/nsiso.slice/nsiso-$1-[0-9a-f]+.scope$" "/proc/$pid/cgroup" || return
	done
}

slice_is_gone() {
	[[ $(systemctl is-active user-1000.slice) == inactive && ! -d $slice ]]
}

limits_are_properties() {
	policy '[cgroup]' 'memory.high = 96M' 'memory.max = 128M' 'memory.swap.max = 16M' 'memory.low = 1M' \
		'pids.max = 100' 'cpu.max = 50%' 'cpu.weight = 50' 'cpuset.cpus = 0' 'cpuset.mems = 0' \
		'memory.oom.group = yes' 'session.pids.max = 50'
	login a alice
	inside a true
	is "$(cd "$slice" && cat memory.high memory.max memory.swap.max memory.low pids.max cpu.max cpu.weight \
		cpuset.cpus cpuset.mems memory.oom.group | xargs)" \
		"$((96 << 20)) $((128 << 20)) $((16 << 20)) $((1 << 20)) 100 50000 100000 50 0 0 1"
	is "$(properties user-1000.slice MemoryMax TasksMax CPUWeight)" "$((128 << 20)) 100 50"
	is "$(cat "$slice"/session-*.scope/pids.max)" 50
	wait_until 30 in_own_scope alice
	is "$(cat $(printf '/proc/%s/comm\n' $(instance_pids alice)))" $'nsshell-init\nnsshell-init'
	inside a 'cat /proc/self/cgroup' | grep -E '^0::/user.slice/user-1000.slice/session-[0-9c]+.scope$'
	systemctl daemon-reload
	systemctl daemon-reexec
	is "$(cd "$slice" && cat memory.high memory.max pids.max cpu.max | xargs)" \
		"$((96 << 20)) $((128 << 20)) 100 50000 100000"
	in_own_scope alice
	logout a
	wait_until 60 no_instances
	wait_until 30 slice_is_gone
	is "$(drop_ins)" ''
	[[ ! -e /run/nsiso/alice ]]
}

prove "limits are properties of the user's slice and the session's scope, and nothing is left of them" limits_are_properties
