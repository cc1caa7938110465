#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031,SC2154 # variables of bats and lib.bash
#
# nsisoctl doctor on a host that is set up well, and on the same with one thing wrong at a time: found, with its
# place, and nothing else.
load lib

setup_file() {
	world alice bob
	# The machine's own files are not the subject; only what the tests set up is judged.
	rm -rf /etc/pam.d/{atd,vsftpd,sudo,sudo-i} {/etc,/usr/lib}/pam.d/{systemd-user,systemd-run0}
	sed -i '/^docker:\|^disk:/d' /etc/group
	awk -F: '$3 < 1000 || $3 == 65534 || /nsshell$/' /etc/passwd >/etc/passwd.new && cat /etc/passwd.new >/etc/passwd
	write_sshd 'UsePAM yes' 'Subsystem sftp internal-sftp'
	cp -a /etc "$NSISO_TEST/etc"
}

teardown_file() { end_world; }

setup() { begin; }

# What a test has changed in /etc is put back.
teardown() {
	cp -a "$NSISO_TEST/etc/." /etc/
	chmod 0755 /usr/bin/nsshell
	finish
}

write_sshd() { # LINE...
	printf '%s\n' "$@" >/etc/ssh/sshd_config
}

doctor() {
	run nsisoctl doctor "$@"
}

# Lines "rule file line".
findings() {
	nsisoctl doctor --json | python3 -c '
import json, sys
for f in json.load(sys.stdin)["findings"]:
    print(f["rule"], f["file"] or "-", f["line"] or 0)'
}

# assert_finds "RULE FILE LINE"...: these, in any order, no others; and the status says so.
assert_finds() {
	assert_equal "$(findings | sort)" "$(printf '%s\n' "$@" | sort)"
	doctor
	assert_status "${want_status:-1}"
	assert_match "$output" "${1%% *}"
}

line_of() { # REGEX FILE: the last line that it fits
	grep -nE -- "$1" "$2" | tail -n 1 | cut -d: -f1
}

@test "a host that is set up well has no findings" {
	doctor
	assert_status 0
	assert_match "$output" 'sshd +isolated'
	assert_match "$output" 'cron +isolated'
	assert_match "$output" 'users +2 isolated'
	assert_match "$output" '0 problems, 0 warnings, 0 notes'
}

@test "wrong calls have status 2" {
	doctor --none
	assert_status 2
	doctor alice
	assert_status 2
	doctor --root /nowhere
	assert_status 1
}

@test "UsePAM no" {
	write_sshd 'Port 22' 'UsePAM no' 'Subsystem sftp internal-sftp'
	assert_finds 'sshd-usepam /etc/ssh/sshd_config 2' 'sshd-internal-sftp /etc/ssh/sshd_config 3'
}

@test "UsePAM that is not there" {
	write_sshd 'Port 22' '#UsePAM yes'
	assert_finds 'sshd-usepam /etc/ssh/sshd_config 0'
}

@test "internal-sftp while only the login shell isolates, in a file that is included" {
	sed -i '/pam_nsiso/d' /etc/pam.d/sshd
	mkdir -p /etc/ssh/sshd_config.d
	rm -f /etc/ssh/sshd_config.d/*
	printf 'Match User bob\n\tForceCommand internal-sftp -d /\n' >/etc/ssh/sshd_config.d/10-sftp.conf
	write_sshd 'Include /etc/ssh/sshd_config.d/*.conf' 'UsePAM yes'
	assert_finds 'pam-no-line /etc/pam.d/sshd 0' 'sshd-internal-sftp /etc/ssh/sshd_config.d/10-sftp.conf 2'
	rm /etc/ssh/sshd_config.d/10-sftp.conf
}

@test "a session line that is optional, and sshd shows why that matters" {
	sed -i -E 's/^session +required +pam_nsiso/session optional pam_nsiso/' /etc/pam.d/sshd
	assert_finds "pam-optional /etc/pam.d/sshd $(line_of pam_nsiso /etc/pam.d/sshd)" \
		'sshd-internal-sftp /etc/ssh/sshd_config 2'
	# Root's shell outside: nsshell is not what refuses here.
	usermod -s /bin/bash bob
	printf '[mount]\nbind = /nowhere:/opt\n' >/etc/nsiso/users.d/bob.conf
	run ssh_as bob readlink /proc/self/ns/mnt
	assert_status 0
	assert_equal "${lines[-1]}" "$(readlink /proc/self/ns/mnt)"
}

@test "modules behind ours that need the host, and one that nobody knows" {
	printf 'session %s\n' 'required pam_loginuid.so' 'optional pam_unheard.so' >>/etc/pam.d/cron
	assert_finds "pam-order /etc/pam.d/cron $(line_of pam_loginuid /etc/pam.d/cron)" \
		"pam-order-maybe /etc/pam.d/cron $(line_of pam_unheard /etc/pam.d/cron)"
	doctor
	assert_match "$output" 'cron +wrong order'
}

@test "a line before ours that ends the stack" {
	sed -i -E 's/^session +required +pam_nsiso/session sufficient pam_umask.so\n&/' /etc/pam.d/login
	assert_finds "pam-bypass /etc/pam.d/login $(line_of pam_umask /etc/pam.d/login)"
}

@test "a second line, through an include" {
	echo 'session required pam_nsiso.so' >>/etc/pam.d/su-l
	assert_finds "pam-twice /etc/pam.d/su-l $(line_of pam_nsiso /etc/pam.d/su-l)"
}

@test "no auth line for sshd" {
	sed -i -E '/^auth +optional +pam_nsiso/d' /etc/pam.d/sshd
	want_status=0 assert_finds 'pam-auth /etc/pam.d/sshd 0'
}

@test "a login shell that is not nsshell: a warning, and a problem where the policy relies on it" {
	usermod -s /bin/bash bob
	want_status=0 assert_finds "users-shell /etc/passwd $(line_of ^bob: /etc/passwd)"
	write_policy users.d/bob.conf <<<$'[user]\nmap = identity'
	assert_finds "users-shell-needed /etc/passwd $(line_of ^bob: /etc/passwd)"
}

@test "nsshell missing in /etc/shells, the account missing" {
	sed -i '/nsshell/d' /etc/shells
	want_status=0 assert_finds 'etc-shells /etc/shells 0'
	sed -i '/^nsiso:/d' /etc/passwd
	assert_finds 'etc-shells /etc/shells 0' 'account-missing /etc/passwd 0'
}

@test "faults of policies, and logins that they refuse" {
	write_policy users.d/bob.conf <<<$'[mount]\nhme = own'
	assert_finds 'policy-fault /etc/nsiso/users.d/bob.conf 2'
	write_policy users.d/bob.conf <<<$'[session]\nshell = /bin/nosuchshell'
	assert_finds 'policy-shell /etc/nsiso/users.d/bob.conf 2'
	write_policy users.d/bob.conf <<<$'[user]\nmap = root'
	sed -i '/^bob:/d' /etc/subuid
	assert_finds "policy-refused /etc/passwd $(line_of ^bob: /etc/passwd)"
}

@test "members of groups that are as good as root" {
	echo 'docker:x:998:alice,bob' >>/etc/group
	write_policy users.d/bob.conf <<<$'[mount]\nhide = -/run/docker.sock'
	assert_finds "group-root /etc/group $(line_of ^docker: /etc/group)"
	doctor
	assert_match "$output" 'alice is a member of docker'
	refute_match "$output" 'bob is a member'
}

@test "subordinate ids that are somebody's own" {
	echo "bob:$(id -u alice):10" >/etc/subuid
	assert_finds 'subid-real /etc/subuid 1'
}

@test "programs that others could have changed" {
	chmod g+w /usr/bin/nsshell
	assert_finds 'install-owner /usr/bin/nsshell 0'
}

@test "a process of an isolated user that is in no instance" {
	local pid

	setpriv --reuid alice --clear-groups sleep 300 3>&- &
	pid=$!
	hold a alice
	wait_until 5 grep -q '^Uid:.[1-9]' "/proc/$pid/status"
	run findings
	kill "$pid"
	assert_output 'process-outside - 0'
	# What is inside is not meant.
	wait "$pid" || :
	doctor
	assert_status 0
}

@test "isolation that is switched off" {
	nsisoctl disable --for 5m
	assert_finds 'isolation-disabled /run/nsiso.disabled 0'
	nsisoctl enable
}

@test "an instance whose supervisor was killed" {
	local dir pid

	hold a alice
	dir=$(instance_of alice)
	pid=$(record_of alice supervisor)
	kill -KILL "$pid"
	wait_until 5 is_gone "$pid"
	want_status=0 assert_finds "instance-stale $dir 0"
	release a
	ssh_as alice true
}
