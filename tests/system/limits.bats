#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# The limits of a policy hold for all of a user's sessions together, and are gone with them.
load lib

setup_file() { world alice bob; }
teardown_file() { end_world; }
setup() { begin && needs_product; }

teardown() {
	release_all
	pgrep -u alice | xargs -r kill -KILL 2>/dev/null || :
	finish
}

alice_has() { # LINE OF [cgroup]...
	alice_has_section cgroup "$@"
}

# limit CONTROLLER V1-FILE V2-FILE: what is set for alice.
limit() {
	local dir

	dir=$(cgroup_of "$1")/alice
	if [[ -e $dir/$3 ]]; then cat "$dir/$3"; else cat "$dir/$2"; fi
}

cgroups_of_alice() {
	local dir

	for dir in $NSISO_CGROUPS; do
		find "$dir" -name alice
	done
}

# Whether the kernel's files are those of cgroup v2 for everything.
is_v2() {
	[[ -e /sys/fs/cgroup/cgroup.controllers ]]
}

needs_controllers() {
	local controller

	for controller; do
		[[ $(cgroup_of "$controller") ]] || skip "no $controller controller"
	done
}

@test "sessions are in the cgroup PARENT/USER/ID of the controllers in use, and the record names it" {
	needs_controllers pids memory
	alice_has "pids.max = 100" "memory.max = 256M"
	hold a alice
	local id dir controller
	id=$(basename "$(instance_of alice)")
	for controller in pids memory; do
		dir=$(cgroup_of "$controller")/alice
		assert_equal "$(find "$dir" -mindepth 1 -type d -printf '%f\n')" "$id"
		grep -qx "$(pgrep -u alice -x cat)" "$dir/$id/cgroup.procs"
		grep -qx "$(record_of alice init)" "$dir/$id/cgroup.procs"
	done
	for controller in pids memory; do
		grep -Eqx "cgroup=v[12] $(cgroup_of "$controller")/alice/$id" "$(instance_of alice)/record"
	done
}

@test "inside, the cgroup's path does not show the host's" {
	alice_has "pids.max = 100"
	run ssh_as alice 'cat /proc/self/cgroup'
	refute_match "$output" 'nsiso-test'
}

@test "memory.max, pids.max, cpu.max and cpu.weight are set for the user and can be read back" {
	needs_controllers memory pids cpu
	alice_has "memory.max = 64M" "pids.max = 50" "cpu.max = 50%" "cpu.weight = 50"
	hold a alice
	assert_equal "$(limit memory memory.limit_in_bytes memory.max)" $((64 << 20))
	assert_equal "$(limit pids pids.max pids.max)" 50
	if is_v2; then
		assert_equal "$(limit cpu - cpu.max)" "50000 100000"
		assert_equal "$(limit cpu - cpu.weight)" 50
	else
		assert_equal "$(limit cpu cpu.cfs_quota_us cpu.max)" 50000
		assert_equal "$(limit cpu cpu.cfs_period_us cpu.max)" 100000
		assert_equal "$(limit cpu cpu.shares cpu.weight)" 512
	fi
}

@test "the limits are the user's, not the session's" {
	needs_controllers pids
	alice_has "pids.max = 60"
	printf '\n%s\n' "[session]" "scope = session" >>/etc/nsiso/users.d/alice.conf
	hold a alice
	hold b alice
	assert_equal "$(limit pids pids.max pids.max)" 60
	assert_equal "$(find "$(cgroup_of pids)/alice" -mindepth 1 -type d | wc -l)" 2
	# (version 2 has the file only where a controller was asked for)
	assert_equal "$(find "$(cgroup_of pids)"/alice/*/ -name pids.max -exec grep -v max {} +)" ""
}

@test "the cgroups are gone with the last session" {
	needs_controllers pids memory cpu
	alice_has "memory.max = 64M" "pids.max = 50" "cpu.max = 50%"
	ssh_as alice 'exec >/dev/null 2>&1 </dev/null; sleep 1000 &'
	wait_until 10 eval '[[ ! $(cgroups_of_alice) ]]'
}

@test "a running instance takes new values, and the default of what is gone, at the next login" {
	needs_controllers pids memory
	alice_has "pids.max = 50" "memory.max = 256M"
	hold a alice
	alice_has "pids.max = 70"
	assert_equal "$(limit pids pids.max pids.max)" 50
	assert_equal "$(ssh_as alice 'echo in')" in
	assert_equal "$(limit pids pids.max pids.max)" 70
	(($(limit memory memory.limit_in_bytes memory.max | sed 's/max/9e18/; s/e18/000000000000000000/') > 1 << 60))
	alice_has "memory.max = 128M"
	hold b alice
	assert_equal "$(limit pids pids.max pids.max)" max
	assert_equal "$(limit memory memory.limit_in_bytes memory.max)" $((128 << 20))
}

@test "a login that finds the limits in force as they should be touches none" {
	needs_controllers pids
	alice_has "pids.max = 50"
	hold a alice
	echo 60 >"$(cgroup_of pids)/alice/pids.max"
	ssh_as alice true
	assert_equal "$(limit pids pids.max pids.max)" 60
	rm /run/nsiso/alice/.applied
	ssh_as alice true
	assert_equal "$(limit pids pids.max pids.max)" 50
}

@test "a controller that a running instance is not in is a warning, and counts from the next one on" {
	is_v2 && skip "version 2 has all controllers in one hierarchy"
	needs_controllers pids memory
	alice_has "pids.max = 50"
	hold a alice
	alice_has "pids.max = 50" "memory.max = 64M"
	assert_equal "$(ssh_as alice 'echo in')" in
	assert_log 'limit not set.*memory.max'
	release a
	wait_until 10 refute has_instance alice
	hold a alice
	assert_equal "$(limit memory memory.limit_in_bytes memory.max)" $((64 << 20))
}

# Limits that root lays over the policy while the instance runs.
@test "limits in STATEDIR/USER/.limits hold over the policy at the next login, until they are over" {
	needs_controllers pids
	alice_has "pids.max = 50"
	hold a alice
	local now
	read -r now _ </proc/uptime
	umask 077
	printf 'until=0 pids.max=40\n' >/run/nsiso/alice/.limits
	ssh_as alice true
	assert_equal "$(limit pids pids.max pids.max)" 40
	printf 'until=%d pids.max=30\n' $((${now%.*} + 1000)) >/run/nsiso/alice/.limits
	ssh_as alice true
	assert_equal "$(limit pids pids.max pids.max)" 30
	printf 'until=1 pids.max=20\n' >/run/nsiso/alice/.limits
	ssh_as alice true
	assert_equal "$(limit pids pids.max pids.max)" 50
	release a
	wait_until 10 test ! -e /run/nsiso/alice
}

@test "a broken STATEDIR/USER/.limits is a warning, and the policy's limits hold" {
	needs_controllers pids
	alice_has "pids.max = 50"
	hold a alice
	umask 077
	for text in 'pids.max=40' 'until=0 pids.maximum=40' 'until=0 pids.max=many' 'until=x pids.max=40' 'until=0 enable=no'; do
		log_mark
		printf '%s\n' "$text" >/run/nsiso/alice/.limits
		assert_equal "$(ssh_as alice 'echo in')" in
		assert_log 'limits not laid over the policy.*\.limits'
		assert_equal "$(limit pids pids.max pids.max)" 50
	done
	log_mark
	printf 'until=0 pids.max=40\n' >/run/nsiso/alice/.limits
	chmod 0604 /run/nsiso/alice/.limits
	assert_equal "$(ssh_as alice 'echo in')" in
	assert_log "not root's alone"
	assert_equal "$(limit pids pids.max pids.max)" 50
}

@test "a group's limits hold for who is put into the group later" {
	needs_controllers pids
	groupadd --force students
	{
		echo "[match]"
		echo "group = students"
		echo "[cgroup]"
		echo "pids.max = 77"
	} | write_policy conf.d/20-students.conf
	hold a alice
	assert_equal "$(limit pids pids.max pids.max)" max
	gpasswd -a alice students >/dev/null
	ssh_as alice true
	assert_equal "$(limit pids pids.max pids.max)" 77
	gpasswd -d alice students >/dev/null
	ssh_as alice true
	assert_equal "$(limit pids pids.max pids.max)" max
}

@test "what uses more memory than memory.max is killed, and the next login works" {
	needs_controllers memory
	alice_has "memory.max = 64M"
	hold a alice
	run ssh_as alice 'exec 2>/dev/null; head -c 300M /dev/zero | tail >/dev/null; echo "${PIPESTATUS[1]}"'
	assert_output 137
	assert_equal "$(ssh_as alice 'echo alive')" alive
	is_alive "$(record_of alice init)"
}

@test "files in the private /tmp count as memory" {
	needs_controllers memory
	alice_has "memory.max = 64M"
	printf '\n%s\n' "[mount]" "tmp = tmpfs:1G" >>/etc/nsiso/users.d/alice.conf
	run ssh_as alice 'head -c 300M /dev/zero >/tmp/file; echo $?'
	refute_match "$output" '^0'
	wait_until 10 refute has_instance alice
	assert_equal "$(ssh_as alice 'echo alive')" alive
}

@test "a fork bomb stops at pids.max, root and others log in meanwhile, and its end is the session's end" {
	needs_controllers pids cpu
	alice_has "pids.max = 40" "cpu.max = 50%"
	hold a alice
	ssh_as alice /usr/bin/python3 - <<-'EOT'
		import os
		null = os.open("/dev/null", os.O_RDWR)
		for fd in 0, 1, 2: os.dup2(null, fd)
		if os.fork(): os._exit(0)
		while True:
		    try: os.fork()
		    except OSError: pass
	EOT
	wait_until 10 eval '(($(pgrep -c -u alice) > 30))'
	(($(pgrep -c -u alice) <= 40)) || fail "$(pgrep -c -u alice) processes"
	assert_equal "$(ssh_as root 'echo root')" root
	assert_equal "$(ssh_as bob 'echo bob')" bob
	release a
	wait_until 10 eval '(($(pgrep -c -u alice) == 0))'
}

@test "cpuset.cpus and cpuset.mems are set, hold for what runs, and change while it runs" {
	needs_controllers cpuset
	(($(nproc --all) > 1)) || skip "there is one processor"
	alice_has "cpuset.cpus = 1" "cpuset.mems = 0"
	hold a alice
	assert_equal "$(limit cpuset cpuset.cpus cpuset.cpus)" 1
	assert_equal "$(limit cpuset cpuset.mems cpuset.mems)" 0
	assert_equal "$(ssh_as alice 'nproc; taskset -pc $$ | sed "s/.*: //"')" $'1\n1'
	alice_has "cpuset.cpus = 0"
	assert_equal "$(ssh_as alice 'taskset -pc $$ | sed "s/.*: //"')" 0
	assert_equal "$(taskset -pc "$(pgrep -u alice -x cat)" | sed 's/.*: //')" 0
}

@test "a processor that the host does not have refuses the login" {
	needs_controllers cpuset
	alice_has "cpuset.cpus = 4000"
	run ssh_as alice 'echo in'
	assert_status 254
	assert_log 'session refused: user=alice .*cpuset.cpus'
}

# swap_is V2 V1: version 1 counts memory and swap together.
swap_is() {
	if is_v2; then
		assert_equal "$(cat "$dir/alice/memory.swap.max")" "$1"
	else
		assert_equal "$(cat "$dir/alice/memory.memsw.limit_in_bytes")" "$2"
	fi
}

@test "memory.swap.max is set on top of memory.max, whichever comes first" {
	needs_controllers memory
	local dir
	dir=$(cgroup_of memory)
	[[ -e $dir/memory.memsw.limit_in_bytes || -e $dir/memory.swap.max ]] || skip "the kernel keeps no account of swap"
	alice_has "memory.max = 64M" "memory.swap.max = 32M"
	hold a alice
	swap_is $((32 << 20)) $((96 << 20))
	alice_has "memory.max = 256M" "memory.swap.max = 0"
	ssh_as alice true
	assert_equal "$(limit memory memory.limit_in_bytes memory.max)" $((256 << 20))
	swap_is 0 $((256 << 20))
	alice_has "memory.max = 64M"
	ssh_as alice true
	assert_equal "$(limit memory memory.limit_in_bytes memory.max)" $((64 << 20))
	! is_v2 || swap_is max
}

# A disk that is there, as a path below /dev; its number in disk.
a_disk() {
	local name

	name=$(lsblk -dnro NAME,TYPE | awk '$2 == "disk" && $1 !~ /ram/ { print $1; exit }')
	[[ $name ]] || skip "this machine has no disk"
	disk=$(cat "/sys/block/$name/dev")
	path=/dev/$name
	[[ -b $path ]] || mknod "$path" b "${disk%:*}" "${disk#*:}"
}

# io_is V2 [V1 LINE]...: what stands in dir.
io_is() {
	if is_v2; then
		assert_equal "$(cat "$dir/io.max")" "$1"
	else
		shift
		assert_equal "$(cat "$dir"/blkio.throttle.{read_bps,write_bps,read_iops,write_iops}_device)" \
			"$(printf '%s\n' "$@")"
	fi
}

@test "io.max is set by device, a changed one is replaced, and one that is gone is taken back" {
	needs_controllers blkio
	local disk path dir
	a_disk
	dir=$(cgroup_of blkio)/alice
	alice_has "io.max = $path rbps=10M wiops=100"
	hold a alice
	io_is "$disk rbps=10485760 wbps=max riops=max wiops=100" "$disk 10485760" "$disk 100"
	alice_has "io.max = $path rbps=20M"
	ssh_as alice true
	io_is "$disk rbps=20971520 wbps=max riops=max wiops=max" "$disk 20971520"
	alice_has "pids.max = 50"
	ssh_as alice true
	io_is "" ""
}

@test "io.max of what lies on no disk refuses the login, and with ? it is a warning" {
	needs_controllers blkio
	alice_has "io.max = /nowhere rbps=10M"
	run ssh_as alice 'echo in'
	assert_status 254
	assert_log 'session refused: user=alice .*cannot find the disk of /nowhere'
	alice_has "io.max? = /proc rbps=10M"
	assert_equal "$(ssh_as alice 'echo in')" in
	assert_log 'limit not set.*/proc does not lie on a disk'
}

sessions_of_alice() { # CONTROLLER
	find "$(cgroup_of "$1")/alice" -mindepth 2 -name 's-*' -printf '%f\n' | sort | xargs
}

@test "limits of one session hold for each by itself, in a group that goes with it" {
	needs_controllers pids memory
	alice_has "pids.max = 100" "session.pids.max = 20" "session.memory.max = 64M"
	hold a alice
	hold b alice
	assert_equal "$(sessions_of_alice pids)" "s-1 s-2"
	assert_equal "$(sessions_of_alice memory)" "s-1 s-2"
	assert_equal "$(cat "$(cgroup_of pids)"/alice/*/s-*/pids.max | xargs)" "20 20"
	run ssh_as alice 'exec 2>&1; for i in $(seq 40); do sleep 10 & done; true'
	assert_match "$output" 'annot fork|Resource temporarily unavailable|retry'
	run ssh_as alice 'exec 2>/dev/null; head -c 300M /dev/zero | tail >/dev/null; echo "${PIPESTATUS[1]}"'
	assert_output 137
	assert_equal "$(limit pids pids.max pids.max)" 100
	release a
	wait_until 10 eval '[[ $(sessions_of_alice pids) == s-[2-9]* ]]' || fail "$(sessions_of_alice pids)"
	release b
	wait_until 10 eval '[[ ! $(cgroups_of_alice) ]]'
}

@test "a running instance without groups for sessions takes logins in with a warning" {
	needs_controllers pids
	alice_has "pids.max = 100"
	hold a alice
	alice_has "pids.max = 100" "session.memory.max = 64M"
	assert_equal "$(ssh_as alice 'echo in')" in
	assert_log 'limit not set.*next instance'
}

@test "[cgroup] delegate=yes is refused where limits are those of version 1" {
	is_v2 && skip "this host has version 2"
	alice_has "delegate = yes"
	run ssh_as alice 'echo in'
	assert_status 254
	assert_log 'session refused: user=alice .*delegate'
}

@test "inside, /sys/fs/cgroup has the own groups alone, to be read and not to be written" {
	needs_controllers pids memory
	alice_has "pids.max = 50" "memory.max = 256M"
	hold a alice
	local id
	id=$(basename "$(instance_of alice)")
	run ssh_as alice 'ls /sys/fs/cgroup | xargs; cat /proc/self/cgroup | grep -E ":(pids|memory):" | sed "s/.*://" | sort -u
		awk "\$5 == \"/sys/fs/cgroup/memory\" { print \$4, substr(\$6, 1, 3) }" /proc/self/mountinfo | grep ro,
		/usr/bin/python3 -c "import os, glob; print({os.statvfs(p).f_flag & os.ST_RDONLY for p in glob.glob(\"/sys/fs/cgroup/*\") + [\"/sys/fs/cgroup\"]})"
		grep -c . /sys/fs/cgroup/pids/cgroup.procs
		sed -n "s/^hierarchical_memory_limit //p" /sys/fs/cgroup/memory/memory.stat'
	is_v2 || assert_match "$output" $'^memory pids\n/\n/ ro,\n\\{1\\}\n[1-9][0-9]*\n268435456$'
	run ssh_as alice "find / -xdev -name 'nsiso-test*' 2>/dev/null; ls -d /sys/fs/cgroup/*/$id /sys/fs/cgroup/unified 2>/dev/null"
	assert_output ""
}

@test "without a cgroup of its own a session has the host's to look at, read-only" {
	alice_has "enable = no"
	run ssh_as alice 'ls /sys/fs/cgroup | wc -l; findmnt -rno OPTIONS -R /sys/fs/cgroup | grep -vc "^ro,"'
	assert_match "$output" $'^[1-9][0-9]*\n0$'
	# The host's own are as they were.
	assert_match "$(findmnt -rno OPTIONS -R /sys/fs/cgroup | cut -d, -f1 | sort -u)" rw
}

@test "a limit that cannot be set refuses the login and names itself in the log" {
	unsettable
	alice_has "$bad = $value"
	run ssh_as alice 'echo in'
	assert_status 254
	refute_match "$output" '(^|'$'\n'')in'
	assert_log "session refused: user=alice .*$bad"
}

@test "a limit marked ? that cannot be set is a warning in the log, and the login works" {
	unsettable
	alice_has "$bad? = $value"
	assert_equal "$(ssh_as alice 'echo in')" in
	assert_log "$bad"
	assert_log 'session opened: user=alice'
}

# A limit that cannot be set, in bad and value: with version 1 one that has no file.
unsettable() {
	if is_v2; then
		bad=cpuset.cpus value=4000
	else
		bad=memory.high value=32M
	fi
}

@test "the user cannot change the limits" {
	needs_controllers pids
	alice_has "pids.max = 50"
	hold a alice
	local dir
	dir=$(cgroup_of pids)/alice
	run ssh_as alice "for f in $dir/pids.max $dir/cgroup.procs $dir/*/pids.max $dir/*/cgroup.procs ${dir%/*}/cgroup.procs; do
		(echo \$\$ >\$f) 2>/dev/null && echo wrote \$f; done; mkdir $dir/sub 2>/dev/null && echo made"
	assert_output ""
	assert_equal "$(limit pids pids.max pids.max)" 50
}

@test "what runs without the login shell is under the limits too" {
	needs_controllers pids
	alice_has "pids.max = 20"
	run runuser -u alice -- sh -c 'for i in $(seq 50); do sleep 10 & done'
	assert_match "$output" 'annot fork|Resource temporarily unavailable'
}

@test "with [cgroup] enable=no no cgroup is made" {
	alice_has "enable = no"
	hold a alice
	assert_equal "$(cgroups_of_alice)" ""
	assert_match "$(cat "/proc/$(pgrep -u alice -x cat)/cgroup")" 'nsiso-test'
}
