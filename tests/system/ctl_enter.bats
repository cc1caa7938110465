#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# nsisoctl enter: root in the outer layer of an instance, and the user as a login makes him.
load lib

setup_file() { world alice; }
teardown_file() { end_world; }
setup() { begin && needs_product; }

teardown() {
	tmux -L enter kill-server 2>/dev/null || :
	rm -f /home/alice/seen*
	finish
}

namespaces='for ns in mnt pid ipc uts net time cgroup; do readlink /proc/self/ns/$ns; done'

# What a shell of alice's says through ssh and through enter, which must be the same.
assert_same_as_login() { # SCRIPT
	assert_equal "$(nsisoctl enter -u alice -- sh -c "$1" </dev/null)" "$(ssh_as alice "$1")"
}

@test "root enters all namespaces but the user's, and the cgroup" {
	printf '%s\n' "[user]" "map = identity" | write_policy users.d/alice.conf
	hold a alice
	local id cgroup
	id=$(basename "$(instance_of alice)")
	assert_equal "$(nsisoctl enter alice -- sh -c "$namespaces")" "$(
		for ns in mnt pid ipc uts net time cgroup; do readlink "/proc/$(record_of alice init)/ns/$ns"; done)"
	assert_equal "$(nsisoctl enter alice -- readlink /proc/self/ns/user)" "$(readlink /proc/self/ns/user)"
	assert_equal "$(nsisoctl enter "$id" -- id -u)" 0
	cgroup=$(sed -n 's/^cgroup=v[12] //p' "/run/nsiso/alice/$id/record" | head -n 1)
	nsisoctl enter alice -- sleep "300.$uid_base" 3>&- &
	local pid=$!
	wait_until 5 pgrep -fx "sleep 300.$uid_base"
	grep -qx "$(pgrep -fx "sleep 300.$uid_base")" "$cgroup/cgroup.procs"
	kill "$pid"
	wait "$pid" || :
	refute pgrep -fx "sleep 300.$uid_base"
}

@test "the mounts that the user owns are not those that root enters" {
	printf '%s\n' "[user]" "map = root" "subid = none" | write_policy users.d/alice.conf
	hold a alice
	local user
	user=$(pgrep -u alice -x cat)
	assert_differ "$(nsisoctl enter alice -- readlink /proc/self/ns/mnt)" "$(readlink "/proc/$user/ns/mnt")"
	assert_equal "$(nsisoctl enter alice -- readlink /proc/self/ns/mnt)" "$(readlink "/proc/$(record_of alice init)/ns/mnt")"
	assert_equal "$(nsisoctl enter -u alice -- readlink /proc/self/ns/mnt)" "$(readlink "/proc/$user/ns/mnt")"
}

@test "the status is that of the command; 125, 126 and 127 when there was none" {
	hold a alice
	run nsisoctl enter alice -- sh -c 'exit 7'
	assert_status 7
	run nsisoctl enter alice -- sh -c 'kill -TERM $$'
	assert_status 143
	run -127 nsisoctl enter alice -- /nothing/there
	run nsisoctl enter alice -- /etc/passwd
	assert_status 126
	run nsisoctl enter nobody-such -- true
	assert_status 125
	assert_output "nsisoctl: there is no instance of user 'nobody-such' or with that id"
	run nsisoctl enter -u alice -- sh -c 'exit 9'
	assert_status 9
	assert_equal "$(echo text | nsisoctl enter alice -- cat)" text
	run nsisoctl enter
	assert_status 2
}

# The session keyring of who runs it (man 2 keyctl: KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING).
keyring='
import ctypes, platform
print(ctypes.CDLL(None).syscall({"x86_64": 250, "aarch64": 219}[platform.machine()], 0, -3, 0))'

@test "nothing of the admin comes along: descriptors, environment, folder, keys" {
	hold a alice
	cd /root
	run env SECRET=1 BASH_ENV=/nothing TERM=vt220 LANG=de_DE LC_ALL=C nsisoctl enter alice -- env
	refute_match "$output" 'SECRET|BASH_ENV'
	for variable in TERM=vt220 LANG=de_DE LC_ALL=C HOME=/root USER=root; do
		assert_match $'\n'"$output"$'\n' $'\n'"$variable"$'\n'
	done
	assert_equal "$(nsisoctl enter alice -- sh -c 'ls /proc/self/fd' 9</etc/shadow)" $'0\n1\n2\n3'
	assert_match "$(nsisoctl enter -u alice -- python3 -c "$keyring")" '^[1-9][0-9]*$'
	assert_differ "$(nsisoctl enter -u alice -- python3 -c "$keyring")" "$(python3 -c "$keyring")"
	assert_equal "$(nsisoctl enter alice -- pwd)" /
	assert_equal "$(nsisoctl enter -u alice -- sh -c 'ls /proc/self/fd' 9</etc/shadow)" $'0\n1\n2\n3'
	assert_equal "$(nsisoctl enter -u alice -- pwd)" /home/alice
	assert_log "nsisoctl.*instance entered: user=alice id=$(basename "$(instance_of alice)") as=root by="
	assert_log "as=alice by="
}

@test "as the user all is as in a login: ids, capabilities, namespaces, limits of gain" {
	local map
	for map in none identity root; do
		printf '%s\n' "[user]" "map = $map" "subid = none" | write_policy users.d/alice.conf
		hold a alice
		assert_same_as_login 'id; grep -E "^(Cap|NoNewPrivs|Groups)" /proc/self/status'
		assert_same_as_login "readlink /proc/self/ns/user; $namespaces"
		assert_same_as_login 'echo "$HOME $USER $LOGNAME $SHELL"'
		release a
		nsisoctl kill alice || :
	done
}

@test "the words of a command reach it as they are" {
	hold a alice
	assert_equal "$(nsisoctl enter -u alice -- printf '<%s>' 'a b' '$HOME' "'" '"' '*' '')" "<a b><\$HOME><'><\"><*><>"
}

screen() { tmux -L enter capture-pane -p -t enter; }
screen_has() { screen | grep -Eq -- "$1"; }

@test "in a terminal there is a pseudo-terminal between, and job control" {
	hold a alice
	tmux -L enter -f /dev/null new-session -d -s enter -x 90 -y 30 3>&-
	tmux -L enter send-keys -t enter 'PS1="ho""st> "; stty -a >/tmp/before; tty' Enter
	wait_until 10 screen_has '^/dev/pts'
	local outer
	outer=$(screen | grep -m 1 '^/dev/pts')
	tmux -L enter send-keys -t enter 'clear; nsisoctl enter -u alice; echo status=$?; stty -a >/tmp/after; echo do""ne' Enter
	tmux -L enter send-keys -t enter 'echo IN; tty; stty size; id -un' Enter
	wait_until 10 screen_has '^alice'
	refute_match "$(screen)" "$outer($|"$'\n'")"
	screen_has '^30 90'
	tmux -L enter send-keys -t enter 'sleep 1000' Enter
	wait_until 10 pgrep -u alice -x sleep
	tmux -L enter send-keys -t enter C-c
	wait_until 10 refute pgrep -u alice -x sleep
	tmux -L enter send-keys -t enter 'exit 3' Enter
	wait_until 10 screen_has '(^|# )done$' || fail "$(screen)"
	screen_has '^status=3'
	cmp /tmp/before /tmp/after
}

@test "the end of the instance gives the terminal back" {
	hold a alice
	tmux -L enter -f /dev/null new-session -d -s enter -x 90 -y 30 3>&-
	tmux -L enter send-keys -t enter 'stty -a >/tmp/before; nsisoctl enter alice; stty -a >/tmp/after; echo do""ne' Enter
	tmux -L enter send-keys -t enter 'sleep 1000' Enter
	wait_until 10 eval 'nsisoctl ps alice | grep -q "sleep 1000$"'
	nsisoctl kill --grace 0 alice
	wait_until 10 screen_has '(^|# )done$' || fail "$(screen)"
	cmp /tmp/before /tmp/after
}
