#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# Files go in and out by every program that uses ssh for it, as through a plain sshd, and see what the login
# sees.
load lib
load beside

setup_file() {
	beside_world
	head -c 3000000 /dev/urandom >"$NSISO_TEST/data"
	start_sshds internal 'Subsystem sftp internal-sftp'
}

teardown_file() { end_world; }
setup() { beside_begin; }

teardown() {
	rm -rf /home/{alice,nolan,plain}/got* "$NSISO_TEST"/got* "$NSISO_TEST"/beside.*
	finish
}

# What came over, as it is on the host.
copied() { # FILE...
	local file
	for file; do
		stat -c '%U %a %F' "$file"
		cmp "$NSISO_TEST/data" "$file"
	done
}

# There and back with scp or scp -O.
copy_both_ways() { # OPTION...
	within 30 scp -q -F "$client" "$@" "$NSISO_TEST/data" "$user@nsiso:got"
	within 30 scp -q -F "$client" "$@" "$user@nsiso:got" back
	copied "/home/$user/got" back
}

do_scp() { copy_both_ways; }
do_scp_old() { copy_both_ways -O; }

do_scp_between() {
	within 30 scp -q -3 -F "$client" "$NSISO_TEST/data" "$user@nsiso:got"
	within 30 scp -q -3 -F "$client" "$user@nsiso:got" "$user@nsiso:got2"
	copied "/home/$user/got2"
}

do_scp_missing() {
	within 30 scp -q -F "$client" "$user@nsiso:nothing" back
}

# There and back with sftp, through the sshd of that name.
sftp_both_ways() { # SSHD
	within 30 sftp -q -F "$(config_of "$1")" -b - "$user@nsiso" <<-EOT
		pwd
		put $NSISO_TEST/data got
		get got back
		mkdir got.d
		chmod 600 got
		rename got got.d/file
		ls -1 got.d
		get nothing
	EOT
	copied "/home/$user/got.d/file" back
}

do_sftp() { sftp_both_ways main; }
do_sftp_internal() { sftp_both_ways internal; }

do_rsync() {
	within 30 rsync -e "ssh -F $client" "$NSISO_TEST/data" "$user@nsiso:got"
	within 30 rsync -az --stats -e "ssh -F $client" "$user@nsiso:got" back | grep 'files transferred'
	within 30 rsync -az --stats -e "ssh -F $client" "$user@nsiso:got" back | grep 'files transferred'
	within 30 rsync -e "ssh -F $client" "$user@nsiso:nothing" back
	echo "$?"
	copied "/home/$user/got" back
}

do_tar() {
	mkdir got.d
	cp "$NSISO_TEST/data" got.d/one
	ln -s one got.d/two
	tar -cf - got.d | go 'tar -xf -'
	mkdir back
	go 'tar -cf - got.d' | tar -C back -xf -
	copied "/home/$user/got.d/one" back/got.d/one
	readlink back/got.d/two
}

do_git() {
	export GIT_SSH_COMMAND="ssh -F $client" GIT_CONFIG_GLOBAL=/dev/null
	go 'git init -q --bare got.git'
	git init -q -b main repo
	cp "$NSISO_TEST/data" repo/file
	git -C repo add file
	git -C repo -c user.name=t -c user.email=t@example.org commit -q -m one
	within 30 git -C repo push -q "$user@nsiso:got.git" HEAD:refs/heads/main
	within 30 git clone -q -b main "$user@nsiso:got.git" clone
	within 30 git clone -q "$user@nsiso:nothing.git" nothing 2>&1 | grep -o 'not appear to be a git repository'
	copied clone/file
}

@test "scp copies both ways" {
	beside do_scp '^USER 644 .*status 0$'
}

@test "scp -O (the old protocol) copies both ways" {
	beside do_scp_old '^USER 644 .*status 0$'
}

@test "scp between two hosts copies through the client" {
	beside do_scp_between '^USER 644 .*status 0$'
}

@test "scp of a missing file fails with its message" {
	beside do_scp_missing 'No such file.*status 1$'
}

@test "sftp with the external server copies both ways" {
	beside do_sftp $'/home/USER\n.*not found.*\nUSER 600 .*status 0$'
}

@test "sftp with internal-sftp copies both ways" {
	beside do_sftp_internal $'/home/USER\n.*not found.*\nUSER 600 .*status 0$'
}

@test "rsync copies both ways" {
	beside do_rsync 'transferred: 1.*transferred: 0.*No such file.*USER .*status 0$'
}

@test "tar through a pipe copies a tree both ways" {
	beside do_tar $'^USER .*\none\nstatus 0$'
}

@test "git pushes and clones" {
	beside do_git 'not appear.*status 0$'
}

# What goes to /tmp lands in the instance's and not in the host's.
sftp_is_inside() { # SSHD
	hold a alice
	within 30 sftp -q -F "$NSISO_TEST/sshd.$1.client" -b - alice@nsiso 3>&- <<-EOT
		put $NSISO_TEST/data /tmp/got
	EOT
	[[ ! -e /tmp/got ]] || fail "/tmp/got is on the host"
	assert_equal "$(ssh_as alice 'sha256sum </tmp/got')" "$(sha256sum <"$NSISO_TEST/data")"
}

@test "sftp with the external server is inside" {
	sftp_is_inside main
}

@test "sftp with internal-sftp, which never runs the login shell, is inside" {
	sftp_is_inside internal
}

@test "internal-sftp does not see what the policy hides" {
	mkdir -p /var/secret
	echo secret >/var/secret/file
	write_policy users.d/alice.conf <<-'EOT'
		[mount]
		hide = /var/secret
	EOT
	run within 30 sftp -q -F "$NSISO_TEST/sshd.internal.client" -b - alice@nsiso 3>&- <<-EOT
		get /var/secret/file $NSISO_TEST/got
	EOT
	assert_status 1
	[[ ! -e $NSISO_TEST/got ]] || fail "got it"
	rm -r /var/secret
}
