#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# Files go in and out by every program that uses ssh for it, and see what the login sees.
load lib

setup_file() {
	world alice
	head -c 3000000 /dev/urandom >"$NSISO_TEST/data"
	start_sshd internal 'Subsystem sftp internal-sftp'
}

teardown_file() { end_world; }
setup() { begin; }

teardown() {
	rm -rf /home/alice/got* "$NSISO_TEST"/got*
	finish
}

client() {
	echo "$NSISO_TEST/sshd.${1:-main}.client"
}

assert_same() { # FILE
	cmp "$NSISO_TEST/data" "$1"
}

# There and back with scp or scp -O.
copy_both_ways() { # OPTION...
	timeout 30 scp -q -F "$(client)" "$@" "$NSISO_TEST/data" alice@nsiso:got 3>&-
	assert_same /home/alice/got
	assert_equal "$(stat -c %U /home/alice/got)" alice
	timeout 30 scp -q -F "$(client)" "$@" alice@nsiso:got "$NSISO_TEST/got" 3>&-
	assert_same "$NSISO_TEST/got"
}

# There and back with sftp, through the sshd of that name.
sftp_both_ways() { # SSHD
	timeout 30 sftp -q -F "$(client "$1")" -b - alice@nsiso 3>&- <<-EOT
		put $NSISO_TEST/data got
		get got $NSISO_TEST/got
		mkdir got.d
		rename got got.d/file
	EOT
	assert_same /home/alice/got.d/file
	assert_same "$NSISO_TEST/got"
}

# What goes to /tmp lands in the instance's and not in the host's.
sftp_is_inside() { # SSHD
	hold a alice
	timeout 30 sftp -q -F "$(client "$1")" -b - alice@nsiso 3>&- <<-EOT
		put $NSISO_TEST/data /tmp/got
	EOT
	[[ ! -e /tmp/got ]] || fail "/tmp/got is on the host"
	assert_equal "$(ssh_as alice 'sha256sum </tmp/got')" "$(sha256sum <"$NSISO_TEST/data")"
}

@test "scp copies both ways" {
	copy_both_ways
}

@test "scp -O (the old protocol) copies both ways" {
	copy_both_ways -O
}

@test "scp between two hosts copies through the client" {
	timeout 30 scp -q -3 -F "$(client)" "$NSISO_TEST/data" alice@nsiso:got 3>&-
	timeout 30 scp -q -3 -F "$(client)" alice@nsiso:got alice@nsiso:got2 3>&-
	assert_same /home/alice/got2
}

@test "scp of a missing file fails with its message" {
	run timeout 30 scp -q -F "$(client)" alice@nsiso:nothing "$NSISO_TEST/got"
	assert_status 1
	assert_match "$output" 'No such file'
}

@test "sftp with the external server copies both ways" {
	sftp_both_ways main
}

@test "sftp with the external server is inside" {
	needs_product
	sftp_is_inside main
}

@test "sftp with internal-sftp copies both ways" {
	sftp_both_ways internal
}

@test "sftp with internal-sftp, which never runs the login shell, is inside" {
	needs_product
	sftp_is_inside internal
}

@test "internal-sftp does not see what the policy hides" {
	needs_product
	mkdir -p /var/secret
	echo secret >/var/secret/file
	write_policy users.d/alice.conf <<-'EOT'
		[mount]
		hide = /var/secret
	EOT
	run timeout 30 sftp -q -F "$(client internal)" -b - alice@nsiso 3>&- <<-EOT
		get /var/secret/file $NSISO_TEST/got
	EOT
	assert_status 1
	[[ ! -e $NSISO_TEST/got ]] || fail "got it"
	rm -r /var/secret
}

@test "rsync copies both ways" {
	timeout 30 rsync -e "ssh -F $(client)" "$NSISO_TEST/data" alice@nsiso:got 3>&-
	assert_same /home/alice/got
	timeout 30 rsync -z -e "ssh -F $(client)" alice@nsiso:got "$NSISO_TEST/got" 3>&-
	assert_same "$NSISO_TEST/got"
}

@test "tar through a pipe copies a tree both ways" {
	mkdir "$NSISO_TEST/got.d"
	cp "$NSISO_TEST/data" "$NSISO_TEST/got.d/one"
	ln -s one "$NSISO_TEST/got.d/two"
	tar -C "$NSISO_TEST" -cf - got.d | ssh_as alice 'tar -xf -'
	assert_same /home/alice/got.d/two
	ssh_as alice 'tar -cf - got.d' | tar -C "$NSISO_TEST/got.d" -xf -
	assert_same "$NSISO_TEST/got.d/got.d/two"
}

@test "git pushes and clones" {
	local repo=$NSISO_TEST/got.d
	GIT_SSH_COMMAND="ssh -F $(client)"
	export GIT_SSH_COMMAND GIT_CONFIG_GLOBAL=/dev/null
	ssh_as alice 'git init -q --bare got.git'
	git init -q "$repo"
	cp "$NSISO_TEST/data" "$repo/file"
	git -C "$repo" add file
	git -C "$repo" -c user.name=t -c user.email=t@example.org commit -q -m one
	timeout 30 git -C "$repo" push -q alice@nsiso:got.git HEAD:refs/heads/main 3>&-
	timeout 30 git clone -q -b main alice@nsiso:got.git "$NSISO_TEST/got.clone" 3>&-
	assert_same "$NSISO_TEST/got.clone/file"
}
