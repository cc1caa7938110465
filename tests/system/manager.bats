#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# nsshell-manager without systemd: whose manager starts, and where.  The virtual machines have real ones.
load lib

setup_file() {
	world alice
	printf '%s\n' 'auth required pam_permit.so' 'account required pam_permit.so' 'session required pam_permit.so' \
		>/etc/pam.d/systemd-user.orig
}

teardown_file() { end_world; }

setup() {
	begin
	needs_product
	cp /etc/pam.d/systemd-user.orig /etc/pam.d/systemd-user
}

teardown() { finish; }

# As user@.service has it start; with the hierarchy where it is on a host with systemd.
manager() { # COMMAND
	run unshare --mount --propagation private sh -c '
		mount -t tmpfs none /sys/fs/cgroup &&
			mkdir -p "/sys/fs/cgroup$(sed -n "s/^0:://p" /proc/self/cgroup)" &&
			exec /usr/libexec/nsiso/nsshell-manager "$(id -u alice)" /bin/sh -c "$1"' sh "$1"
}

where='readlink /proc/self/ns/pid; id -un; grep NoNewPrivs /proc/self/status'

@test "a manager is inside, as the user, without what the policy takes away" {
	cat "$NSISO_SOURCE/conf/pam.d/systemd-user" >>/etc/pam.d/systemd-user
	write_policy users.d/alice.conf <<-'EOT'
		[session]
		user_manager = inside

		[cgroup]
		enable = no
	EOT
	hold a alice
	manager "$where"
	assert_status 0
	assert_output "$(readlink "/proc/$(record_of alice init)/ns/pid")"$'\nalice\nNoNewPrivs:\t1'
}

@test "where the line of pam_nsiso is missing it does not start" {
	manager 'touch /tmp/started'
	assert_status 203
	[[ ! -e /tmp/started ]] || fail "it started"
	assert_log 'service manager: user=alice reason=PAM has not isolated the session of service systemd-user, and'
}

@test "the manager of who is exempt is outside, with the line and without it" {
	write_policy users.d/alice.conf <<<$'[session]\nexempt = yes'
	manager "$where"
	assert_status 0
	assert_output "$(readlink /proc/self/ns/pid)"$'\nalice\nNoNewPrivs:\t0'
	cat "$NSISO_SOURCE/conf/pam.d/systemd-user" >>/etc/pam.d/systemd-user
	manager "$where"
	assert_output "$(readlink /proc/self/ns/pid)"$'\nalice\nNoNewPrivs:\t0'
}
