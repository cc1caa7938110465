#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# The presets of nsisoctl new: a login by each of them does what it is for, and no more.
load lib

setup_file() {
	world alice bob
	start_sshd internal "Subsystem sftp internal-sftp"
}

teardown_file() { end_world; }

setup() {
	begin
	needs_product
}

teardown() { finish; }

# alice's policy from that preset, with the control groups of the tests from default.conf.
preset() { # NAME
	run nsisoctl new --from "$1" alice
	assert_status 0
	[[ -s /etc/nsiso/users.d/alice.conf ]]
	run nsisoctl check --strict
	assert_output ""
}

# What df says of /tmp, in megabytes.
tmp_size() {
	ssh_as alice 'df -m --output=size /tmp | tail -1' | tr -d ' '
}

assert_login() {
	assert_differ "$(ssh_as alice readlink /proc/self/ns/mnt)" "$(readlink /proc/self/ns/mnt)"
}

assert_no_shell() {
	run ssh_as alice 'echo in'
	assert_status 1
	refute_match "$output" '^in'
	assert_match "$output" 'not available'
}

@test "new --list has all presets with what they are for" {
	run nsisoctl new --list
	assert_status 0
	for name in bastion build hpc-login pubnix sftp-only student; do
		assert_match "$output" "(^|"$'\n'")$name +[A-Z]"
	done
	assert_equal "${#lines[@]}" "$(find /usr/share/nsiso/presets -name '*.conf' | wc -l)"
	run nsisoctl new --from nothing alice
	assert_status 1
	assert_output "nsisoctl: there is no preset 'nothing'; nsisoctl new --list has them"
}

@test "pubnix, and that new leaves a policy that is there alone" {
	preset pubnix
	assert_login
	assert_equal "$(tmp_size)" 256
	run nsisoctl new --from student alice
	assert_status 1
	assert_output "nsisoctl: users.d/alice.conf is there already; nsisoctl edit changes it"
}

@test "student: a fork bomb of a few hundred processes ends at the limit" {
	[[ $(cgroup_of pids) ]] || skip "the host cannot limit processes"
	preset student
	assert_login
	run ssh_as alice 'for i in {1..400}; do sleep 20 & done 2>&1 | grep -c fork; kill $(jobs -p) 2>/dev/null; :'
	assert_match "$(cat /etc/nsiso/users.d/alice.conf)" 'pids.max\? = 128'
	refute_match "$output" '^0$'
}

@test "hpc-login: the homes of others are there as their modes allow" {
	preset hpc-login
	assert_login
	assert_match "$(ssh_as alice ls /home)" bob
}

@test "sftp-only: files are transferred, and nothing is run" {
	preset sftp-only
	assert_no_shell
	echo data >"$NSISO_TEST/data"
	run within 20 sftp -F "$NSISO_TEST/sshd.internal.client" -b - alice@nsiso <<<"put $NSISO_TEST/data here"
	assert_status 0
	assert_equal "$(cat /home/alice/here)" data
	rm -f /home/alice/here
}

@test "bastion: connections are passed on, and nothing is run" {
	local port

	preset bastion
	assert_no_shell
	port=$(cat "$NSISO_TEST/sshd.main.port")
	run ssh -F "$NSISO_TEST/sshd.main.client" \
		-o ProxyCommand="ssh -F $NSISO_TEST/sshd.main.client -W 127.0.0.1:$port alice@nsiso" \
		bob@nsiso 'echo behind'
	assert_output behind
}

@test "build: each login is fresh" {
	preset build
	assert_login
	ssh_as alice 'touch /tmp/left ~/left'
	assert_equal "$(ssh_as alice 'ls -A /tmp ~/left 2>&1 | grep -c left')" 1
	assert_equal "$(ssh_as alice 'ls ~/left 2>&1')" "ls: cannot access '/home/alice/left': No such file or directory"
}
