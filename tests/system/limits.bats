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
	{
		echo "[cgroup]"
		printf '%s\n' "$@"
	} | write_policy users.d/alice.conf
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
	assert_equal "$(cat "$(cgroup_of pids)"/alice/*/pids.max | sort -u)" max
}

@test "the cgroups are gone with the last session" {
	needs_controllers pids memory cpu
	alice_has "memory.max = 64M" "pids.max = 50" "cpu.max = 50%"
	ssh_as alice 'exec >/dev/null 2>&1 </dev/null; sleep 1000 &'
	wait_until 10 eval '[[ ! $(cgroups_of_alice) ]]'
}

@test "a new value of the policy holds from the next instance on" {
	needs_controllers pids
	alice_has "pids.max = 50"
	ssh_as alice true
	wait_until 10 refute has_instance alice
	alice_has "pids.max = 70"
	hold a alice
	assert_equal "$(limit pids pids.max pids.max)" 70
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

# A limit that this kernel has no file for, in bad and value.
unsettable() {
	if is_v2; then
		skip "cgroup v2 has a file for each limit"
	fi
	bad=memory.high value=32M
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
