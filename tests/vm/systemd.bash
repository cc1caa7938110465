# shellcheck shell=bash
# shellcheck disable=SC2016,SC2154 # scripts for the other side; variables of tests.bash
#
# Limits as properties of units; sourced by tests.bash.

slice=/sys/fs/cgroup/user.slice/user-1000.slice
control=/run/systemd/system.control

properties() { # UNIT PROPERTY...
	local property

	for property in "${@:2}"; do
		systemctl show "$1" -P "$property"
	done | xargs
}

# Supervisor and init of the user's instance.
instance_pids() { # USER
	sed -n 's/^supervisor=\([0-9]*\).*/\1/p; s/^init=\([0-9]*\).*/\1/p' /run/nsiso/"$1"/*/record
}

in_own_scope() { # USER
	local pid

	for pid in $(instance_pids "$1"); do
		grep -Eq "^0::/nsiso.slice/nsiso-$1-[0-9a-f]+.scope$" "/proc/$pid/cgroup" || return
	done
}

# What there still is of ours for alice: properties, instances, scopes.
remains() {
	local path

	for path in "$control/user-1000.slice.d" /run/nsiso/alice; do
		[[ ! -e $path ]] || find "$path" -type d -o -name record -o -name '*.conf'
	done
	systemctl list-units --no-legend --all 'nsiso-*.scope'
}

# logind stops the slice some time after the last session.
is_forgotten() {
	[[ ! $(remains) && ! -e $slice && ! $(systemctl list-units --no-legend --all user-1000.slice) ]]
}

forgotten() {
	wait_until 120 is_forgotten || { remains; find "$slice" -type d; return 1; }
}

limits_are_properties() {
	policy '[cgroup]' 'memory.high = 96M' 'memory.max = 128M' 'memory.swap.max = 16M' 'memory.low = 1M' \
		'pids.max = 100' 'cpu.max = 50%' 'cpu.weight = 50' 'cpuset.cpus = 0' 'cpuset.mems = 0' \
		'memory.oom.group = yes' 'session.pids.max = 50'
	login a alice
	inside a 'cat /proc/self/cgroup' | grep -E '^0::/user.slice/user-1000.slice/session-[0-9c]+.scope$'
	is "$(cd "$slice" && cat memory.high memory.max memory.swap.max memory.low pids.max cpu.max cpu.weight \
		cpuset.cpus cpuset.mems memory.oom.group | xargs)" \
		"$((96 << 20)) $((128 << 20)) $((16 << 20)) $((1 << 20)) 100 50000 100000 50 0 0 1"
	is "$(properties user-1000.slice MemoryMax TasksMax CPUWeight)" "$((128 << 20)) 100 50"
	is "$(cat "$slice"/session-*.scope/pids.max)" 50
	wait_until 30 in_own_scope alice
	has "$(systemd-cgls --no-pager -u nsiso.slice)" 'nsiso-alice-[0-9a-f]+.scope'
	systemctl daemon-reload
	systemctl daemon-reexec
	is "$(cd "$slice" && cat memory.high memory.max pids.max cpu.max | xargs)" \
		"$((96 << 20)) $((128 << 20)) 100 50000 100000"
	in_own_scope alice
	logout a
	forgotten
}

# Three logins, and what comes through other doors: below the one slice, which has the limit.  logind makes no
# session for runuser, nor for su in a session of root's.
limits_are_of_the_user() {
	local name

	policy '[cgroup]' 'pids.max = 100'
	for name in a b c; do
		login "$name" alice
		has "$(inside "$name" 'cat /proc/self/cgroup')" '^0::/user.slice/user-1000.slice/session-'
	done
	has "$(runuser -u alice -- cat /proc/self/cgroup)" '^0::/user.slice/user-1000.slice/nsiso-alice-[0-9a-f]+-[0-9]+.scope$'
	has "$(ssh root@localhost "su alice -c 'cat /proc/self/cgroup; id -un'; cat /proc/self/cgroup")" \
		$'^0::/user.slice/user-1000.slice/nsiso-alice-[0-9a-f]+-[0-9]+.scope\nalice\n0::/user.slice/user-0.slice/session-[0-9]+.scope$'
	is "$(find /run/nsiso/alice -name record | wc -l)" 1
	is "$(cat "$slice/pids.max")" 100
	is "$(cat /proc/self/cgroup)" 0::/system.slice/tests.service
}

memory_of_the_slice() {
	policy '[cgroup]' 'memory.high =' 'memory.max = 64M'
	login a alice
	login b bob
	is "$(inside a 'head -c 256M /dev/zero | tail >/dev/null; echo $?')" 137
	grep -E '^oom_kill [1-9]' "$slice/memory.events"
	is "$(inside b 'echo alive')" alive
	is "$(inside a 'echo alive')" alive
}

# Root's login and its blow pass, though the user cannot start a process any more.
fork_bomb_in_the_slice() {
	policy '[cgroup]' 'pids.max = 64' 'cpu.weight = 10'
	login a alice
	inside a 'bomb() { bomb | bomb & }; exec >/dev/null 2>&1 </dev/null; bomb; while :; do bomb; done &'
	# (Linux before 6.12 counts where the process is, not where the limit is)
	wait_until 30 grep -qE '^max [1-9]' "$slice"/pids.events "$slice"/session-*.scope/pids.events
	(($(cat "$slice/pids.current") <= 64))
	ssh root@localhost 'loginctl kill-user alice --signal=KILL; echo killed' | grep killed
	wait_until 60 no_instances
	is "$(pgrep -l -u alice -x sh)" ""
}

# A login with a changed policy: what left it has the value again that it had before the first one.
changed_policy() {
	local tasks

	tasks=$(properties user-1000.slice TasksMax)
	policy '[cgroup]' 'memory.max = 128M' 'pids.max = 77' 'cpu.max = 50%' 'cpuset.cpus = 0'
	login a alice
	inside a true
	is "$(properties user-1000.slice MemoryMax TasksMax CPUQuotaPerSecUSec AllowedCPUs)" "$((128 << 20)) 77 500ms 0"
	policy '[cgroup]' 'memory.max = 256M' 'pids.max =' 'cpu.weight = 300'
	login b alice
	inside b true
	is "$(properties user-1000.slice MemoryMax TasksMax CPUQuotaPerSecUSec AllowedCPUs CPUWeight)" \
		"$((256 << 20)) $tasks infinity 300"
	is "$(cd "$slice" && cat memory.max pids.max cpu.max cpuset.cpus cpu.weight | xargs)" \
		"$((256 << 20)) $tasks max 100000 300"
	test -e "$control/user-1000.slice.d/50-CPUWeight.conf" -a -e "$control/user-1000.slice.d/50-MemoryMax.conf"
	[[ ! -e $control/user-1000.slice.d/50-TasksMax.conf ]]
}

# What the admin has set is back when the user is out.
admins_settings() {
	mkdir -p /run/systemd/system/user-1000.slice.d
	printf '[Slice]\nMemoryMax=512M\n' >/run/systemd/system/user-1000.slice.d/admin.conf
	systemctl daemon-reload
	trap 'rm -r /run/systemd/system/user-1000.slice.d $control/user-1000.slice.d; systemctl daemon-reload' EXIT
	systemctl set-property --runtime user-1000.slice TasksMax=500
	policy '[cgroup]' 'memory.max = 64M' 'pids.max = 50'
	login a alice
	inside a true
	is "$(cat "$slice/memory.max" "$slice/pids.max" | xargs)" "$((64 << 20)) 50"
	logout a
	wait_until 30 no_instances
	wait_until 30 test ! -e /run/nsiso/alice
	is "$(properties user-1000.slice MemoryMax TasksMax)" "$((512 << 20)) 500"
	is "$(ls "$control/user-1000.slice.d")" 50-TasksMax.conf
	systemctl daemon-reload
	is "$(properties user-1000.slice MemoryMax TasksMax)" "$((512 << 20)) 500"
}

sessions_of() { # USER
	loginctl list-sessions --no-legend | awk -v user="$1" '$3 == user { print $1 }'
}

has_sessions() { # USER NUMBER
	[[ $(sessions_of "$1" | wc -l) == "$2" ]]
}

# When it knows of no user: of one without sessions, whom it was about to forget, a new logind thinks no more
# (systemd 252), and the service manager, root's too, stays for ever.
restart_logind() {
	wait_until 60 eval '[[ ! $(ls /run/user) ]]' || :
	systemctl restart systemd-logind
}

# The first login made the instance; what is left of it must neither keep its session nor die with it.
first_login_ends() {
	mkdir -p /run/systemd/logind.conf.d
	printf '[Login]\nKillUserProcesses=yes\n' >/run/systemd/logind.conf.d/kill.conf
	trap 'rm -r /run/systemd/logind.conf.d; restart_logind' EXIT
	restart_logind
	login a alice
	inside a true
	login b alice
	inside b 'sleep 1000 >/dev/null 2>&1 </dev/null &'
	wait_until 30 in_own_scope alice
	logout a
	wait_until 30 has_sessions alice 1
	is "$(loginctl show-session "$(sessions_of alice)" -P State)" active
	has "$(inside b 'ps -eo comm=')" 'sleep'
	login c alice
	is "$(inside c 'pgrep -x sleep >/dev/null && echo same')" same
	logout b
	logout c
	wait_until 60 no_instances
}

slice_is_stopped() {
	policy '[cgroup]' 'pids.max = 64'
	login a alice
	inside a true
	wait_until 30 in_own_scope alice
	systemctl stop user-1000.slice
	forgotten
	login a alice
	is "$(inside a 'echo in')" in
}

scope_is_stopped() {
	login a alice
	inside a 'sleep 1000 >/dev/null 2>&1 </dev/null &'
	wait_until 30 in_own_scope alice
	systemctl stop 'nsiso-alice-*.scope'
	wait_until 30 no_instances
	is "$(pgrep -u alice -x sleep)" ""
	log_has 'reason=shutdown'
}

# How much processor time alice gets of a span, in percent of one processor.
share_of() { # SLICE SECONDS
	local before after

	before=$(sed -n 's/^usage_usec //p' "$1/cpu.stat")
	sleep "$2"
	after=$(sed -n 's/^usage_usec //p' "$1/cpu.stat")
	echo $(((after - before) / 10000 / $2))
}

# The bounds are wide: an emulated machine has other things to do.
processor_is_shared() {
	local alice bob limited

	printf '[cgroup]\ncpuset.cpus = 0\ncpu.weight = 100\n' >/etc/nsiso/users.d/bob.conf
	policy '[cgroup]' 'cpuset.cpus = 0' 'cpu.weight = 400'
	login a alice
	login b bob
	inside a 'exec >/dev/null 2>&1 </dev/null; while :; do :; done &'
	inside b 'exec >/dev/null 2>&1 </dev/null; while :; do :; done &'
	bob=$(share_of "${slice/1000/1001}" 4 & share_of "$slice" 4 >"$tmp/share"; wait)
	alice=$(cat "$tmp/share")
	policy '[cgroup]' 'cpuset.cpus = 0' 'cpu.max = 30%'
	login c alice
	inside c true
	limited=$(share_of "$slice" 4)
	echo "# cpu.weight 400 to 100: $alice % and $bob %; cpu.max = 30%: $limited %" >"$tmp/note"
	((alice > 2 * bob && bob > 0))
	((limited <= 45))
}

# Read past the page cache: 4 MiB at 1 MiB a second.
disk_is_limited() {
	local device=/dev/vdb start

	chmod 666 "$device"
	policy '[cgroup]' "io.max = $device rbps=1M" 'io.weight? = 50'
	login a alice
	inside a true
	grep -E 'rbps=1048576 wbps=max' "$slice/io.max"
	start=$(date +%s%N)
	inside a "dd if=$device of=/dev/null bs=64k count=64 iflag=direct 2>/dev/null"
	start=$((($(date +%s%N) - start) / 1000000))
	echo "# io.max = 1 MiB/s: 4 MiB took $start ms" >"$tmp/note"
	((start > 2500))
	logout a
	forgotten
}

# By the kernel's bfq, which has a file and a range of its own: systemd maps 1 to 10000 onto 1 to 1000.
disk_is_weighted() {
	modprobe bfq
	trap 'echo none >/sys/block/vdb/queue/scheduler' EXIT
	echo bfq >/sys/block/vdb/queue/scheduler
	policy '[cgroup]' 'io.weight = 500'
	login a alice
	inside a true
	is "$(properties user-1000.slice IOWeight)" 500
	if [[ -e $slice/io.weight ]]; then
		is "$(head -n 1 "$slice/io.weight")" 'default 500'
	else
		is "$(head -n 1 "$slice/io.bfq.weight")" 'default 136'
	fi
	policy '[cgroup]' 'io.weight = 50'
	login b alice
	inside b true
	is "$(properties user-1000.slice IOWeight)" 50
	[[ -e $slice/io.weight ]] || is "$(head -n 1 "$slice/io.bfq.weight")" 'default 50'
	logout a
	logout b
	forgotten
}

# A loop device's work is done by the kernel for the group of whoever asked for it, both ways.
loop_is_limited() {
	local reads writes start

	modprobe loop
	truncate -s 16M "$tmp/loop.img"
	loop=$(losetup --find --show "$tmp/loop.img")
	trap 'losetup -d "$loop"; rm -f "$tmp/loop.img"' EXIT
	chmod 666 "$loop"
	policy '[cgroup]' "io.max = $loop rbps=1M wbps=512K"
	login a alice
	inside a true
	grep -E "^$(cat "/sys/block/${loop##*/}/dev") rbps=1048576 wbps=524288 " "$slice/io.max"
	start=${EPOCHREALTIME/./}
	inside a "dd if=$loop of=/dev/null bs=64k count=64 iflag=direct 2>/dev/null"
	reads=$(((${EPOCHREALTIME/./} - start) / 1000))
	start=${EPOCHREALTIME/./}
	inside a "dd if=/dev/zero of=$loop bs=64k count=32 oflag=direct 2>/dev/null"
	writes=$(((${EPOCHREALTIME/./} - start) / 1000))
	echo "# io.max on a loop device: 4 MiB at 1 MiB/s read in $reads ms, 2 MiB at 512 KiB/s written in $writes ms" >"$tmp/note"
	((reads > 2500 && writes > 2500))
}

without_libsystemd() {
	local status=0

	policy '[cgroup]' 'pids.max = 50'
	unshare --mount sh -c 'mount --bind /dev/null /usr/lib/x86_64-linux-gnu/libsystemd.so.0 && exec su alice -c true' || status=$?
	((status != 0))
	wait_until 10 log_has 'session refused: user=alice .*libsystemd.so.0'
	is "$(su root -c 'echo root')" root
}

# systemd takes processors that are not there and ignores them.
processor_is_missing() {
	policy '[cgroup]' 'cpuset.cpus = 60'
	refused 'cpuset.cpus'
	wait_until 30 test ! -e "$control/user-1000.slice.d"
	policy '[cgroup]' 'cpuset.cpus? = 60' 'pids.max = 70'
	login a alice
	inside a true
	is "$(cat "$slice/pids.max")" 70
	log_has 'limit not set: user=alice .*cpuset.cpus'
}

prove "limits are properties of slice and scope, outlive systemd's reload, and nothing is left of them" limits_are_properties
prove "three logins and su are below the one slice, and no other process is moved" limits_are_of_the_user
prove "what takes 256 MiB under memory.max = 64M of the slice is killed, and its neighbours live" memory_of_the_slice
prove "a fork bomb stops at the slice's pids.max, and root logs in and kills it" fork_bomb_in_the_slice
prove "a changed policy is in force at the next login, and gives back what is not in it any more" changed_policy
prove "what the admin has set of the slice holds again after the last logout" admins_settings
prove "under KillUserProcesses=yes an instance and its second login outlive the first" first_login_ends
prove "a stopped user slice ends the sessions, and the next login works" slice_is_stopped
prove "stopping the instance's scope ends it in good order" scope_is_stopped
prove "cpu.weight and cpu.max divide the processor" processor_is_shared
prove "io.max slows down a disk" disk_is_limited
prove "io.weight is the slice's, as the kernel's scheduler has it" disk_is_weighted
prove "io.max slows down reads and writes of a loop device" loop_is_limited
prove "without libsystemd the login is refused and the log says so" without_libsystemd
prove "processors that are not there refuse the login, or are a warning" processor_is_missing
