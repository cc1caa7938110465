# shellcheck shell=bash
# shellcheck disable=SC2016,SC2154 # scripts for the other side; variables of tests.bash
#
# What sessions have used, and why a process was killed: with cgroup v2, in the journal; sourced by tests.bash.

entries() { # EVENT: of alice's since this test began
	journalctl --sync
	journalctl -q -b --since "@$began" -o json NSISO_EVENT="$1" NSISO_USER=alice
}

field() { # EVENT NAME: of the last entry
	entries "$1" | tail -n 1 | grep -o "\"NSISO_$2\":\"[^\"]*" | cut -d'"' -f4
}

has_entry() { # EVENT
	[[ $(entries "$1") ]]
}

# In bytes and whole seconds, which is what the shell can compare.
use_is_told() { # BACKEND
	local began status

	began=$(date +%s)
	policy '[cgroup]' "backend = $1" 'memory.max = 64M' 'cpu.max = 90%' 'pids.max = 60'
	login a alice
	is "$(inside a 'head -c 256M /dev/zero | tail >/dev/null; echo $?')" 137
	wait_until 30 has_entry oom
	is "$(field oom COUNT) $(field oom LIMIT)" "1 $((64 << 20))"
	inside a 'timeout 3 sh -c "while :; do :; done"; for i in $(seq 80); do sleep 3 & done 2>/dev/null; :' || :
	status=$(inside a 'nsshell --status')
	has "$status" 'Memory: .*max: 64.0M, .*peak: 6[34]\.'
	has "$status" 'CPU: .*\(max: 90%'
	has "$status" 'OOM kills: 1'
	has "$status" 'Last kill: .* ago'
	has "$(inside a 'cat /run/nsiso/events')" '^time=[0-9]+ event=oom user=alice '
	logout a
	wait_until 60 no_instances
	has_entry session-end
	is "$(field instance-end REASON) $(field instance-end OOM_KILLS)" 'last-session 1'
	(($(field instance-end MEMORY_PEAK) > 60 << 20))
	has "$(field instance-end CPU)" '^([1-9]|[0-9]{2,})\.'
	is "$(journalctl -q -b --since "@$began" -g 'event=oom user=alice' -o cat | wc -l)" 1
}

# Refused forks are counted in the group of the process itself before Linux 6.11.
refusals_are_told() {
	local began backend

	began=$(date +%s)
	backend=cgroupfs
	[[ ! -e $groups/pids.events.local ]] || backend=systemd
	policy '[cgroup]' "backend = $backend" 'pids.max = 30'
	login a alice
	inside a 'for i in $(seq 60); do sleep 3 & done 2>/dev/null; :' || :
	wait_until 30 has_entry pids
	is "$(field pids LIMIT)" 30
	logout a
	wait_until 60 no_instances
	(($(field instance-end PIDS_REFUSED) > 0))
}

told_by_systemd() { use_is_told systemd; }
told_by_cgroupfs() { use_is_told cgroupfs; }

prove "the slice's use and kills are in the journal, field by field, and nsshell --status shows them" told_by_systemd
prove "so are those of a cgroup of our own" told_by_cgroupfs
prove "refused forks are told of at once" refusals_are_told
