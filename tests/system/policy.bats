#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# Policies with a fault refuse the login and say why in the log; repaired, the next login works.
load lib

setup_file() {
	world alice bob
	make_user carol /bin/bash
	make_user dave /bin/bash
}

teardown_file() { end_world; }

setup() {
	begin
	needs_product
	install_pam
}

teardown() {
	[[ ! -e $NSISO_TEST/passwd ]] || { cat "$NSISO_TEST/passwd" >/etc/passwd; rm "$NSISO_TEST/passwd"; }
	[[ ! -e /usr/libexec/nsiso/away ]] || mv /usr/libexec/nsiso/away /usr/libexec/nsiso/nsshell-init
	[[ ! -e /etc/nsiso.away ]] || { rm -rf /etc/nsiso; mv /etc/nsiso.away /etc/nsiso; }
	chmod 0755 /etc/nsiso 2>/dev/null || :
	finish
}

good=$'[session]\ngrace = 1s\n'

assert_works() { # USER
	local seen
	seen=$(ssh_as "$1" 'echo in; readlink /proc/self/ns/pid')
	assert_match "$seen" $'^in\npid:'
	refute_match "$seen" "$(readlink /proc/self/ns/pid | tr -dc 0-9)"
}

# The login of that user runs nothing, ends with 254, and tells at most one short line with the reference
# that the log has; the log's line matches REGEX.  Root still gets in.
assert_refused() { # USER REGEX
	local id

	log_mark
	run ssh_as "$1" 'echo in; touch ~/in' </dev/null
	assert_status 254
	[[ ! -e /home/$1/in ]] || fail "the command ran"
	assert_log "pam_nsiso\\(sshd:session\\): session refused: user=$1 .*id=[^ ]* reason=.*$2"
	id=$(log_lines | sed -n 's/.*session refused: .*id=\([^ ]*\).*/\1/p' | head -1)
	((${#lines[@]} <= 1 && ${#output} <= 80)) || fail "the user sees: $output"
	refute_match "$output" '/|conf|garce'
	[[ ! $output ]] || assert_match "$output" "reference $id\$"
	assert_match "$id" '^[0-9a-f]+$'
	assert_equal "$(ssh_as root 'echo root')" root
}

# The same for the fault that users.d/alice.conf has; others do not notice it, and repaired it is over.
assert_alice_alone_refused() { # REGEX
	assert_refused alice "$1"
	assert_works bob
	rm -rf /etc/nsiso/users.d/alice.conf
	assert_works alice
}

@test "an unknown key" {
	write_raw_policy users.d/alice.conf <<<$'[session]\ngrace = 1s\ngarce = 2s'
	assert_alice_alone_refused 'users.d/alice.conf:3: .*garce.*'
}

@test "an unknown section" {
	write_raw_policy users.d/alice.conf <<<$'[sesion]\ngrace = 1s'
	assert_alice_alone_refused 'users.d/alice.conf:1: .*sesion'
}

@test "a value that is none" {
	write_raw_policy users.d/alice.conf <<<$'# a comment\n\n[cgroup]\npids.max = many'
	assert_alice_alone_refused 'users.d/alice.conf:4: '
}

@test "a key twice" {
	write_raw_policy users.d/alice.conf <<<$'[session]\ngrace = 1s\ngrace = 2s'
	assert_alice_alone_refused 'users.d/alice.conf:3: '
}

@test "a line cut in the middle" {
	printf '[session]\ngrace = 1s\n[mount]\ntm' | write_raw_policy users.d/alice.conf
	assert_alice_alone_refused 'users.d/alice.conf:4: '
}

@test "a section cut in the middle" {
	printf '[session]\ngrace = 1s\n[mou' | write_raw_policy users.d/alice.conf
	assert_alice_alone_refused 'users.d/alice.conf:3: '
}

@test "a NUL byte" {
	printf '[session]\ngrace = 1s\0\n' | write_raw_policy users.d/alice.conf
	assert_alice_alone_refused 'users.d/alice.conf'
}

@test "binary rubbish" {
	head -c 2000 /dev/urandom | write_raw_policy users.d/alice.conf
	assert_alice_alone_refused 'users.d/alice.conf'
}

@test "a policy that contradicts itself" {
	write_raw_policy users.d/alice.conf <<<$'[mount]\nsuid = yes\n'
	assert_alice_alone_refused 'users.d/alice.conf:2: '
}

@test "a file that is too large" {
	{ echo "$good"; head -c 70000 /dev/zero | tr '\0' '#'; } | write_raw_policy users.d/alice.conf
	assert_alice_alone_refused 'users.d/alice.conf'
}

@test "a folder in the place of the file" {
	mkdir /etc/nsiso/users.d/alice.conf
	assert_alice_alone_refused 'users.d/alice.conf'
}

@test "a FIFO in the place of the file" {
	mkfifo /etc/nsiso/users.d/alice.conf
	assert_alice_alone_refused 'users.d/alice.conf'
}

@test "a device in the place of the file" {
	mknod /etc/nsiso/users.d/alice.conf c 1 3
	assert_alice_alone_refused 'users.d/alice.conf'
}

@test "a symbolic link in the place of the file" {
	echo "$good" >/etc/nsiso/elsewhere
	ln -s ../elsewhere /etc/nsiso/users.d/alice.conf
	assert_alice_alone_refused 'users.d/alice.conf'
}

@test "a link that leads nowhere in the place of the file" {
	ln -s nowhere /etc/nsiso/users.d/alice.conf
	assert_alice_alone_refused 'users.d/alice.conf'
}

@test "a file that others may write" {
	write_raw_policy users.d/alice.conf <<<"$good"
	chmod 0646 /etc/nsiso/users.d/alice.conf
	assert_alice_alone_refused 'users.d/alice.conf'
}

@test "a file that a group may write" {
	write_raw_policy users.d/alice.conf <<<"$good"
	chmod 0664 /etc/nsiso/users.d/alice.conf
	assert_alice_alone_refused 'users.d/alice.conf'
}

@test "a file that the user owns" {
	write_raw_policy users.d/alice.conf <<<"$good"
	chown alice /etc/nsiso/users.d/alice.conf
	assert_alice_alone_refused 'users.d/alice.conf'
}

@test "a fault in default.conf refuses all but root" {
	write_raw_policy default.conf <<<$'[session]\ngarce = 2s'
	assert_refused alice 'default.conf:2: '
	assert_refused bob 'default.conf:2: '
	reset_policies
	assert_works alice
}

@test "a fault in a file of conf.d refuses also whom it does not match" {
	write_raw_policy conf.d/10-bob.conf <<<$'[match]\nuser = bob\n[session]\ngarce = 2s'
	assert_refused alice 'conf.d/10-bob.conf:4: '
	rm /etc/nsiso/conf.d/10-bob.conf
	assert_works alice
}

@test "a missing policy folder" {
	mv /etc/nsiso /etc/nsiso.away
	assert_refused alice '/etc/nsiso'
	mv /etc/nsiso.away /etc/nsiso
	assert_works alice
}

@test "a policy folder that others may write" {
	chmod 0777 /etc/nsiso
	assert_refused alice '/etc/nsiso'
	chmod 0755 /etc/nsiso
	chmod 0777 /etc/nsiso/users.d
	assert_refused alice 'users.d'
	chmod 0755 /etc/nsiso/users.d
	assert_works alice
}

@test "a symbolic link in the place of a policy folder" {
	mv /etc/nsiso/users.d /etc/nsiso/elsewhere
	ln -s elsewhere /etc/nsiso/users.d
	assert_refused alice 'users.d'
	rm /etc/nsiso/users.d
	mv /etc/nsiso/elsewhere /etc/nsiso/users.d
	assert_works alice
}

@test "an unknown argument of the module" {
	install_pam bogus=1
	assert_refused alice 'bogus'
	install_pam
	assert_works alice
}

# What is after su, as the line stands there; carol's shell is no nsshell, which would refuse.
where_su_leads() {
	su carol -c 'readlink /proc/self/ns/pid' 2>/dev/null
}

@test "optional instead of required lets a refused session go on, and so does sufficient before it" {
	write_raw_policy users.d/carol.conf <<<$'[session]\ngarce = 1s'
	assert_equal "$(where_su_leads)" ""
	sed -i 's/^session *required *pam_nsiso/session optional pam_nsiso/' /etc/pam.d/su
	assert_equal "$(where_su_leads)" "$(readlink /proc/self/ns/pid)"
	install_pam
	sed -i '0,/^session/s//session sufficient pam_permit.so\n&/' /etc/pam.d/su
	assert_equal "$(where_su_leads)" "$(readlink /proc/self/ns/pid)"
}

@test "with the line there and the module gone PAM refuses everybody, root too" {
	local module
	module=$(find /usr/lib -name pam_nsiso.so)
	mount --bind /dev/null "$module"
	run ssh_as root 'echo in'
	umount "$module"
	assert_differ "$status" 0
	refute_match "$output" '^in'
	assert_equal "$(ssh_as root 'echo in')" in
}

@test "debug on the auth line shows it at work" {
	sed -i 's/^auth .*pam_nsiso.so/& debug/' /etc/pam.d/sshd
	assert_equal "$(ssh_as alice 'echo in')" in
	assert_log 'pam_nsiso\(sshd:setcred\): privileges given up: id=[0-9a-f]+'
}

@test "a shell that is not there" {
	write_policy users.d/alice.conf <<<$'[session]\nshell = /nowhere/sh'
	run -127 ssh_as alice 'echo in'
	assert_match "$output" '^nsshell: .*/nowhere/sh'
	rm /etc/nsiso/users.d/alice.conf
	wait_until 5 refute has_instance alice
	assert_works alice
}

@test "a missing nsshell-init" {
	mv /usr/libexec/nsiso/nsshell-init /usr/libexec/nsiso/away
	assert_refused alice ''
	mv /usr/libexec/nsiso/away /usr/libexec/nsiso/nsshell-init
	assert_works alice
}

@test "the login of an exempt user with a shell of his own starts no process" {
	write_policy users.d/alice.conf <<<$'[session]\nmode = off'
	mv /usr/libexec/nsiso/nsshell-init /usr/libexec/nsiso/away
	printf '#!/bin/sh\necho started >>%s\n' "$NSISO_TEST/started" >/usr/libexec/nsiso/nsshell-init
	chmod 755 /usr/libexec/nsiso/nsshell-init
	: >"$NSISO_TEST/started"
	ssh_as alice true
	wait_until 5 grep -q started "$NSISO_TEST/started"
	chsh -s /bin/bash alice
	: >"$NSISO_TEST/started"
	ssh_as alice true
	chsh -s /usr/bin/nsshell alice
	mv /usr/libexec/nsiso/away /usr/libexec/nsiso/nsshell-init
	sleep 0.3
	assert_equal "$(cat "$NSISO_TEST/started")" ""
	rm "$NSISO_TEST/started" /etc/nsiso/users.d/alice.conf
}

@test "a missing account nsiso" {
	cp /etc/passwd "$NSISO_TEST/passwd"
	sed -i '/^nsiso:/d' /etc/passwd
	assert_refused alice 'nsiso'
	cat "$NSISO_TEST/passwd" >/etc/passwd
	rm "$NSISO_TEST/passwd"
	assert_works alice
}

@test "a refused login refuses sftp, internal-sftp and forwarding too" {
	write_raw_policy users.d/alice.conf <<<$'[session]\ngarce = 1s'
	start_sshd internal 'Subsystem sftp internal-sftp'
	local name
	for name in main internal; do
		run within 20 sftp -q -F "$NSISO_TEST/sshd.$name.client" -b - alice@nsiso 3>&- <<<"put $NSISO_TEST/key.pub got"
		assert_differ "$status" 0
		[[ ! -e /home/alice/got ]] || fail "the file came through"
	done
	run ssh_as alice -W "127.0.0.1:$(cat "$NSISO_TEST/sshd.main.port")" </dev/null
	assert_differ "$status" 0
	refute_match "$output" 'SSH-2.0'
	stop_daemon sshd.internal
}

@test "a refused session is refused by su, runuser and login" {
	write_raw_policy users.d/alice.conf <<<$'[session]\ngarce = 1s'
	run su alice -c 'touch ~/in'
	assert_differ "$status" 0
	run runuser -u alice -- touch /home/alice/in
	assert_differ "$status" 0
	run "$here/terminal.py" 'send:touch ~/in; exit\n' -- login -f alice 3>&-
	[[ ! -e /home/alice/in ]] || fail "the command ran"
}

@test "who has no policy at all logs in on the host" {
	rm /etc/nsiso/default.conf
	write_policy users.d/alice.conf <<<"$good"$'shell = /bin/bash'
	assert_equal "$(ssh_as carol 'readlink /proc/self/ns/pid')" "$(readlink /proc/self/ns/pid)"
	assert_works alice
}

@test "exempt=yes and mode=off leave a user on the host" {
	write_policy users.d/carol.conf <<<$'[session]\nexempt = yes'
	write_policy users.d/dave.conf <<<$'[session]\nmode = off'
	assert_equal "$(ssh_as carol 'readlink /proc/self/ns/pid')" "$(readlink /proc/self/ns/pid)"
	assert_equal "$(ssh_as dave 'readlink /proc/self/ns/pid')" "$(readlink /proc/self/ns/pid)"
}

@test "a user with another login shell than nsshell is isolated by the policy all the same" {
	assert_works carol
}

@test "users, groups, uids, services and hosts select files of conf.d, and the later file wins" {
	local match
	groupadd -f staff-of-test
	usermod -aG staff-of-test alice
	for match in "user = alice" "group = staff-of-test" "uid = $(id -u alice)" "service = sshd" "rhost = 127.0.0.0/8" \
		"user = al*" "uid = $(id -u alice)-$(id -u alice)"; do
		write_policy conf.d/10-one.conf <<<$'[match]\n'"$match"$'\n[uts]\nhostname = chosen'
		assert_equal "$(ssh_as alice 'uname -n')" chosen
		wait_until 5 refute has_instance alice
	done
	for match in "user = bob" "group = games" "uid = 1-5" "service = login" "rhost = 10.0.0.0/8"; do
		write_policy conf.d/10-one.conf <<<$'[match]\n'"$match"$'\n[uts]\nhostname = chosen'
		assert_equal "$(ssh_as alice 'uname -n')" "$(uname -n)"
		wait_until 5 refute has_instance alice
	done
	write_policy conf.d/10-one.conf <<<$'[uts]\nhostname = one'
	write_policy conf.d/20-two.conf <<<$'[uts]\nhostname = two'
	assert_equal "$(ssh_as alice 'uname -n')" two
	wait_until 5 refute has_instance alice
	write_policy users.d/alice.conf <<<$'[uts]\nhostname = three'
	assert_equal "$(ssh_as alice 'uname -n')" three
	assert_log 'policy=default.conf,conf.d/10-one.conf,conf.d/20-two.conf,users.d/alice.conf '
}

@test "a policy that changes does not touch the running instance" {
	write_policy users.d/alice.conf <<<$'[uts]\nhostname = one'
	hold a alice
	write_policy users.d/alice.conf <<<$'[uts]\nhostname = two'
	assert_equal "$(ssh_as alice 'uname -n')" one
	release a
	wait_until 5 refute has_instance alice
	assert_equal "$(ssh_as alice 'uname -n')" two
}
