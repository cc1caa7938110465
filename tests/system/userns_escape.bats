#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# Every known way from the inside to the initial user namespace, to the host's mounts or to what a policy
# covers, tried by a virtual root that may make user namespaces of its own, and by a user with an identity
# map.  escape.py makes the attempts.
load lib

setup_file() {
	world alice bob
	local n=$((1000000 + uid_base * 100))
	echo "bob:$n:65536" | tee /etc/subuid >/etc/subgid
	install -D -m 0755 "$here/escape.py" /usr/local/lib/nsiso-test/escape.py
	# On /run, whose file system has file handles.
	mkdir -p /run/covered/cover /run/bound /var/bound /var/srv/ro /var/srv/noexec
	chmod 0755 /run/covered /run/covered/cover
	echo "what is covered" >/run/covered/cover/secret
	chmod 0777 /var/srv/ro /var/srv/noexec /run/bound
	echo "of alice" >/home/alice/open
	echo "of alice" >/home/alice/closed
	chmod 0600 /home/alice/closed
	chown alice: /home/alice/closed
}

teardown_file() { end_world; }
setup() { begin && needs_product; }
teardown() { finish; }

escape=/usr/local/lib/nsiso-test/escape.py

bob_has() { # [USER] LINE...
	write_policy users.d/bob.conf <<-EOT
		[user]
		$(printf '%s\n' "$@")
		[mount]
		proc = ${proc:-private,hidepid}
		hide = /run/covered/cover /proc/kallsyms
		read_only = /var/srv/ro
		noexec = /var/srv/noexec
		bind = /run/bound:/var/bound
	EOT
}

paths() {
	echo COVER=/run/covered/cover READ_ONLY=/var/srv/ro NOEXEC=/var/srv/noexec BOUND=/var/bound
}

keys() {
	"$escape" describe "$(daemon_pid sshd.main)" /run/covered/cover/secret
	paths
	echo "OTHERS=/home/alice/closed,/proc/1/root/home/alice/open,/proc/1/environ,/home/alice/open"
	echo "MOUNTS=/tmp,/var/tmp,/dev/shm,/dev/mqueue,/dev/pts,/proc,/proc/kallsyms,/run/nsiso,/home/bob,/home,/run/covered/cover,/var/srv/ro,/var/srv/noexec,/var/bound"
}

# all_refused COUNT GROUP: that many attempts at least, and none succeeds.
all_refused() {
	local refused
	SSH_TIMEOUT=60 run ssh_as bob "$escape $2 SSHD=\$PPID $(keys | tr '\n' ' ')"
	assert_status 0
	assert_equal "${lines[-1]}" end
	assert_equal "$(grep -E '^DONE|^broken' <<<"$output" | grep -v 'not in this kernel$')" ""
	refused=$(grep -c '^refused' <<<"$output")
	((refused >= $1)) || fail "only $refused attempts" "$output"
}

# What an attempt that is called refused could still have left on the host.
assert_host_is_whole() {
	refute_match "$(cat /proc/self/mountinfo)" nsiso-escape
	assert_equal "$(find /etc /usr /var /run /home /tmp -xdev -name 'nsiso-escape*' 2>/dev/null)" ""
	assert_equal "$(cat /run/covered/cover/secret)" "what is covered"
	assert_equal "$(stat -c '%a %U' /etc/shadow)" "640 root"
}

root_strong() { bob_has "map = root" "nested = yes"; }
identity_strong() { bob_has "map = identity" "nested = yes"; }

@test "the attempts are well made: root, in a copy of mounts without a user namespace, succeeds with them" {
	local names=("umount of the policy's mounts" "umount of the policy's mounts lazily"
		"umount of the cover from below it" "expiry of the cover" "remount of what is read-only"
		"remount of what is not for programs" "mount_setattr of what is read-only" "mount_setattr without noexec"
		"mount_setattr without rdonly" "a tree of one's own without nosuid" "a tree of one's own that can be written"
		"a bind of the folder above the cover" "open_tree of the folder above the cover"
		"open_tree of all, and the cover taken away in it" "a recursive bind, and the cover taken away in it"
		"a recursive bind, unmounted while it is open" "moving the cover" "move_mount of the cover"
		"a mount beneath the cover" "pivot_root, with the old root unmounted while it is open"
		"overlay of the folder above the cover" "the covered file by its handle")
	run unshare --mount --propagation private bash -c '
		mount -t tmpfs none /run/covered/cover
		mount --bind /run/bound /var/bound
		mount --bind /var/srv/ro /var/srv/ro && mount -o remount,bind,ro /var/srv/ro
		mount --bind /var/srv/noexec /var/srv/noexec && mount -o remount,bind,noexec /var/srv/noexec
		"$@"' - "$escape" mounts ONLY="$(IFS="|"; echo "${names[*]}")" MOUNTS=/run/covered/cover,/var/bound \
		"$("$escape" describe $$ /run/covered/cover/secret | grep -o 'HANDLE_file=[^ ]*')" \
		COVER=/run/covered/cover READ_ONLY=/var/srv/ro NOEXEC=/var/srv/noexec BOUND=/var/bound
	rm -rf /tmp/nsiso-escape.*
	assert_equal "${#lines[@]}" $((${#names[@]} + 1))
	assert_equal "$(grep -vE '^DONE|^end$|^broken .*not in this kernel$' <<<"$output")" ""
}

@test "a virtual root gets nothing from PID 1, the own sshd or processes outside" {
	root_strong
	all_refused 30 processes
}

@test "nor where the policy lets it see them" {
	proc=private root_strong
	all_refused 30 processes
	proc=private identity_strong
	all_refused 30 processes
}

@test "a virtual root reaches no namespace of the host's" {
	root_strong
	all_refused 25 namespaces
}

@test "a virtual root can do nothing to the kernel or the machine" {
	root_strong
	all_refused 20 kernel
}

@test "a virtual root has no right to files of root or of others, and makes no devices" {
	root_strong
	all_refused 10 files
	assert_host_is_whole
}

@test "a virtual root can neither uncover, unlock nor go around the policy's mounts" {
	root_strong
	all_refused 50 mounts
	assert_host_is_whole
}

@test "a virtual root cannot do so from a nested user namespace either" {
	root_strong
	all_refused 50 nested
	assert_host_is_whole
}

@test "with an identity map nothing comes of PID 1, the own sshd or processes outside" {
	identity_strong
	all_refused 30 processes
}

@test "with an identity map no namespace of the host's is reached, nor the kernel" {
	identity_strong
	all_refused 25 namespaces
	all_refused 20 kernel
}

@test "with an identity map files are what they were, and nobody makes devices" {
	identity_strong
	all_refused 10 files
	assert_host_is_whole
}

@test "with an identity map mounts are out of reach, from a nested user namespace too" {
	identity_strong
	all_refused 50 mounts
	all_refused 50 nested
	assert_host_is_whole
}
