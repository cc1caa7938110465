# shellcheck shell=bash disable=SC2016,SC2154 # scripts for the other side; variables of tests.bash
#
# Limits in groups of our own, on cgroup version 2 with all controllers; part of tests.bash.

own=$groups/alice

# Without those limits of default.conf that it does not have itself.
own_policy() { # LINE...: of [cgroup]
	local key none=()

	for key in memory.high memory.max pids.max cpu.weight; do
		printf '%s\n' "$@" | grep -q "^$key =" || none+=("$key =")
	done
	policy '[cgroup]' 'backend = cgroupfs' "${none[@]}" "$@"
}

values() { # FILE...: of alice's folder
	(cd "$own" && cat -- "$@" | xargs)
}

hog='head -c 256M /dev/zero | tail >/dev/null; echo $?'

own_memory() {
	own_policy 'memory.max = 64M'
	printf '%s\n' '[cgroup]' 'backend = cgroupfs' >/etc/nsiso/users.d/bob.conf
	login a alice
	login b bob
	is "$(inside a "$hog")" 137
	grep -E '^oom_kill [1-9]' "$own/memory.events"
	is "$(inside b 'echo alive')" alive
	is "$(inside a 'echo alive')" alive
	is "$(sed -n 's/^oom_kill //p' "$groups/bob/memory.events")" 0
	kill -0 "$(sed -n 's/^init=\([0-9]*\).*/\1/p' /run/nsiso/alice/*/record)"
}

own_processes() {
	own_policy 'pids.max = 64' 'cpu.weight = 10'
	login a alice
	inside a 'bomb() { bomb | bomb & }; exec >/dev/null 2>&1 </dev/null; bomb; while :; do bomb; done &'
	# (Linux before 6.12 counts where the process is, not where the limit is)
	wait_until 30 eval 'grep -qE "^max [1-9]" $own/pids.events $own/*/pids.events || (($(cat $own/pids.current) >= 60))'
	(($(cat "$own/pids.current") <= 64))
	is "$(ssh root@localhost 'pkill -KILL -u alice -x sh; echo in')" in
	logout a
	wait_until 60 no_instances
	is "$(pgrep -l -u alice -x sh)" ""
}

# A later login brings other values, and the defaults of what is gone.
own_values() {
	own_policy 'memory.max = 50%' 'memory.high = 96M' 'memory.low = 8M' 'memory.swap.max = 16M' 'memory.oom.group = yes' \
		'pids.max = 10%' 'cpu.max = 50%' 'cpu.weight = 50' 'cpuset.cpus = 1' 'cpuset.mems = 0' 'io.max = /dev/vdb rbps=1M wiops=100'
	login a alice
	is "$(inside a 'grep Cpus_allowed_list /proc/self/status')" $'Cpus_allowed_list:\t1'
	is "$(values memory.high memory.low memory.swap.max memory.oom.group cpu.max cpu.weight cpuset.cpus cpuset.mems)" \
		"$((96 << 20)) $((8 << 20)) $((16 << 20)) 1 50000 100000 50 1 0"
	is "$(values io.max)" "$(cat /sys/block/vdb/dev) rbps=1048576 wbps=max riops=max wiops=100"
	(($(values memory.max) < 1 << 30 && $(values pids.max) > 64))
	own_policy 'pids.max = 100' 'io.max = / wbps=1M'
	login b alice
	is "$(inside b 'grep Cpus_allowed_list /proc/self/status')" $'Cpus_allowed_list:\t0-1'
	is "$(values memory.max memory.high memory.low memory.swap.max memory.oom.group pids.max cpu.max cpu.weight)" \
		"max max 0 max 0 100 max 100000 100"
	is "$(values io.max)" "$(cat /sys/block/vda/dev) rbps=max wbps=1048576 riops=max wiops=max"
}

own_impossible() {
	own_policy 'cpuset.cpus = 77'
	refused 'cpuset.cpus'
	own_policy 'io.max = /proc rbps=1M'
	refused '/proc does not lie on a disk'
}

# One MiB, read past the cache at a quarter of that a second.
own_disk() {
	local start

	trap 'chown root /dev/vdb' EXIT
	chown alice /dev/vdb
	own_policy 'io.max = /dev/vdb rbps=256K'
	login a alice
	start=${EPOCHREALTIME/./}
	inside a 'dd if=/dev/vdb of=/dev/null bs=64k count=16 iflag=direct' 2>/dev/null
	start=$(((${EPOCHREALTIME/./} - start) / 1000))
	echo "# 1 MiB at 256 KiB/s: $start ms" >"$tmp/note"
	((start > 3000))
}

session_groups() {
	(cd "$own"/*/ && printf '%s\n' s-* | xargs)
}

own_sessions() {
	own_policy 'pids.max = 200' 'session.pids.max = 30' 'session.memory.max = 64M' 'session.cpu.weight = 50'
	login a alice
	login b alice
	is "$(inside a 'cat /proc/self/cgroup')" 0::/s-1
	is "$(inside b 'cat /proc/self/cgroup')" 0::/s-2
	is "$(cat "$own"/*/s-*/{pids.max,memory.max,cpu.weight} | xargs)" "30 30 $((64 << 20)) $((64 << 20)) 50 50"
	is "$(values pids.max)" 200
	is "$(cat "$own"/*/init/cgroup.procs)" "$(sed -n 's/^init=\([0-9]*\).*/\1/p' /run/nsiso/alice/*/record)"
	is "$(inside a "$hog")" 137
	is "$(sed -n 's/^oom_kill //p' "$own"/*/s-2/memory.events)" 0
	is "$(inside b 'cat /sys/fs/cgroup/s-2/pids.max; ls -d /sys/fs/cgroup/*/ | xargs')" \
		$'30\n/sys/fs/cgroup/init/ /sys/fs/cgroup/s-1/ /sys/fs/cgroup/s-2/'
	logout a
	wait_until 20 eval '[[ $(session_groups) == s-2 ]]'
}

# What a rootless container manager does: a group for itself, one for the container.  The rest stays root's.
own_delegation() {
	own_policy 'memory.max = 256M' 'pids.max = 200' 'session.memory.max = 128M' 'delegate = yes'
	login a alice
	is "$(inside a '
		cat /proc/self/cgroup; cd /sys/fs/cgroup/s-1 || exit
		mkdir box && echo "+memory +pids" >cgroup.subtree_control && echo 32M >box/memory.max && cat box/memory.max
		sh -c "echo \$\$ >box/cgroup.procs; cat /proc/self/cgroup; head -c 256M /dev/zero | tail >/dev/null; echo \$?" 2>/dev/null' 2>&1)" \
		$'0::/s-1/login\n33554432\n0::/s-1/box\n137'
	is "$(inside a '
		cd /sys/fs/cgroup
		for file in s-1/memory.max s-1/cgroup.max.depth memory.max cgroup.subtree_control cgroup.procs init/cgroup.procs; do
			sh -c "echo 1 >$file" 2>/dev/null && echo "wrote $file"
		done
		mkdir more 2>/dev/null && echo made; rmdir s-1/box; :')" ""
	is "$(cat "$own"/*/s-1/memory.max)" $((128 << 20))
	logout a
	wait_until 30 no_instances
	[[ ! -e $own ]]
}

own_view() {
	own_policy 'memory.max = 256M' 'cpu.max = 50%'
	login a alice
	is "$(inside a 'cd /sys/fs/cgroup; cat memory.max cpu.max /proc/self/cgroup; echo 1 2>&1 >memory.max; mkdir x 2>&1; ls -d /sys/fs/cgroup/nsiso 2>&1; :')" \
		"$((256 << 20))"$'\n50000 100000\n0::/\nsh: 1: cannot create memory.max: Read-only file system'"
mkdir: cannot create directory ‘x’: Read-only file system
ls: cannot access '/sys/fs/cgroup/nsiso': No such file or directory"
	own_policy 'enable = no'
	login b bob
	printf '%s\n' '[cgroup]' 'enable = no' >/etc/nsiso/users.d/bob.conf
	logout b
	login b bob
	has "$(inside b 'mkdir /sys/fs/cgroup/x 2>&1; ls -d /sys/fs/cgroup/nsiso')" 'Read-only file system.*/sys/fs/cgroup/nsiso'
}

own_threaded() {
	mkdir -p /sys/fs/cgroup/threads/below
	trap 'rmdir /sys/fs/cgroup/threads/below /sys/fs/cgroup/threads' EXIT
	echo threaded >/sys/fs/cgroup/threads/below/cgroup.type
	own_policy 'parent = /threads/below' 'memory.max = 64M'
	refused "memory down: cgroup /sys/fs/cgroup/threads.* is of type '(domain )?threaded'"
	rmdir /sys/fs/cgroup/threads/below
	mkdir /sys/fs/cgroup/threads/below
	sleep 1000 &
	echo $! >/sys/fs/cgroup/threads/below/cgroup.procs
	own_policy 'parent = /threads/below' 'memory.max = 64M'
	refused 'has processes of its own: move them'
	kill $!
	wait $! || :
}

prove "own groups: what takes 256 MiB under memory.max = 64M is killed, its neighbours and PID 1 live" own_memory
prove "own groups: a fork bomb stops at pids.max, and root logs in and ends it" own_processes
prove "own groups: all keys are set, and a later login brings new values and takes back what is gone" own_values
prove "own groups: a processor or disk that is not there refuses the login" own_impossible
prove "own groups: io.max holds on a disk" own_disk
prove "own groups: limits of one session hold for each, in a group that goes with it" own_sessions
prove "own groups: delegate = yes lets a session divide its group, and nothing above" own_delegation
prove "own groups: inside, /sys/fs/cgroup has the own limits, to be read" own_view
prove "own groups: a parent that is threaded or has processes is named with the remedy" own_threaded
