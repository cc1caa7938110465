#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# nsisoctl edit with real editors in a terminal: a faulty policy is never put in place, and whatever happens to
# editor, admin or disk, the old policy or the new one is there, whole.
load lib

setup_file() { world alice bob; }

teardown_file() { end_world; }

setup() {
	begin
	needs_product
	printf '# kept\n[session]\ngrace = 3s\n' | write_raw_policy users.d/alice.conf
	chmod 0640 /etc/nsiso/users.d/alice.conf
	chgrp daemon /etc/nsiso/users.d/alice.conf
	cp /etc/nsiso/users.d/alice.conf "$NSISO_TEST/alice.old"
}

teardown() {
	tmux -L nsiso kill-server 2>/dev/null
	while mountpoint -q /etc/nsiso; do umount /etc/nsiso; done
	finish
}

# edit NAME EDITOR ARGUMENT...: nsisoctl edit in a terminal of its own; its status follows on the screen.
edit() {
	local name=$1 editor=$2

	shift 2
	tmux -L nsiso -f /dev/null new-session -d -s "$name" -x 120 -y 40 \
		"EDITOR='$editor' TERM=screen nsisoctl edit $*; echo status=\$?; sleep 1000" 3>&-
}

screen() { # NAME
	tmux -L nsiso capture-pane -p -t "$1"
}

shows() { # NAME REGEX
	screen "$1" | grep -Eq -- "$2"
}

await() { # NAME REGEX
	wait_until 10 shows "$1" "$2" 2>/dev/null || fail "the terminal has no $2:" "$(screen "$1")"
}

keys() { # NAME KEY...
	local name=$1

	shift
	tmux -L nsiso send-keys -t "$name" "$@"
}

assert_old() {
	# Also called where a failure does not end the function.
	cmp "$NSISO_TEST/alice.old" /etc/nsiso/users.d/alice.conf &&
		assert_equal "$(find /etc/nsiso/users.d -name '*alice*')" /etc/nsiso/users.d/alice.conf &&
		assert_no_scratch
}

assert_no_scratch() {
	assert_equal "$(find /run -maxdepth 1 -name 'nsisoctl.*')" ""
}

# vi has drawn the file.
await_vi() { # NAME
	await "$1" '\[session\]'
	await "$1" '^~'
}

@test "vi: a fault is shown with its line, the editor goes there, and the effect is shown before it counts" {
	edit a vi alice
	await_vi a
	keys a G o 'garce = 1s' Escape o '[mount]' Escape o 'home = all' Escape :wq Enter
	await a 'users.d/alice.conf:4:1: unknown key .garce. in section .session.: did you mean .grace.'
	await a '^ +4 \| garce = 1s'
	await a 'What now\? \(e\)dit again, e\(x\)it without saving:'
	cmp "$NSISO_TEST/alice.old" /etc/nsiso/users.d/alice.conf
	# There is no way to save it all the same.
	keys a Q Enter
	await a 'What now.*Q'
	keys a e Enter
	await_vi a
	keys a dd :wq Enter
	await a '\[mount\] home: own \(built-in\) -> all \(users.d/alice.conf:5\)'
	await a '^  - shows of /home nothing but'
	await a 'Install it\? '
	cmp "$NSISO_TEST/alice.old" /etc/nsiso/users.d/alice.conf
	keys a y Enter
	await a 'users.d/alice.conf is in place'
	await a status=0
	assert_equal "$(cat /etc/nsiso/users.d/alice.conf)" $'# kept\n[session]\ngrace = 3s\n[mount]\nhome = all'
	assert_equal "$(stat -c '%a %U %G' /etc/nsiso/users.d/alice.conf)" "640 root daemon"
	cmp "$NSISO_TEST/alice.old" /etc/nsiso/users.d/alice.conf.~1~
	assert_no_scratch
	# The backup is no policy, and a login takes the new one.
	assert_match "$(ssh_as alice 'ls /home')" bob
	run nsisoctl check
	assert_status 0
}

@test "nano: Ctrl-C at the question leaves the old policy" {
	edit a nano alice
	await a GNU.nano
	keys a 'x' C-o Enter C-x
	await a 'What now\?'
	keys a C-c
	await a status=1
	await a 'alice.conf is unchanged'
	assert_old
}

@test "ed: Ctrl-C in the editor leaves the old policy, and the editor alive" {
	edit a ed alice
	await a '^[0-9]+$'
	keys a '$a' Enter '[pid]' Enter
	keys a C-c
	await a '^\?'
	keys a q Enter
	keys a q Enter
	await a status=1
	assert_old
}

@test "two admins at once: the second is told who the first is; other policies are free" {
	edit a vi alice
	await_vi a
	run nsisoctl edit alice
	assert_status 1
	assert_match "$output" 'users.d/alice.conf is being changed by [a-z]+ \(process [0-9]+\)$'
	run nsisoctl set alice grace=9s
	assert_status 1
	assert_match "$output" 'is being changed by'
	run nsisoctl set bob grace=9s
	assert_status 0
	keys a :q! Enter
	await a status=1
	assert_old
	run nsisoctl set alice grace=9s
	assert_status 0
}

# The editor is the child of nsisoctl edit.
editor_pid() {
	pgrep -P "$(pgrep --ns $$ --nslist mnt -f '^nsisoctl edit alice$')"
}

@test "the editor is SUDO_EDITOR, VISUAL or EDITOR, the first that is set, with its arguments" {
	run env SUDO_EDITOR="sed -i s/3s/4s/" VISUAL=false EDITOR=false nsisoctl edit alice </dev/null
	assert_status 0
	run env -u SUDO_EDITOR VISUAL="sed -i s/4s/5s/" EDITOR=false nsisoctl edit alice </dev/null
	assert_status 0
	run env -u SUDO_EDITOR -u VISUAL EDITOR="sed -i 's/5s/6s/'" nsisoctl edit alice </dev/null
	assert_status 0
	assert_equal "$(grep grace /etc/nsiso/users.d/alice.conf)" "grace = 6s"
	assert_no_scratch
}

@test "an editor that is killed, or fails, leaves the old policy" {
	edit a vi alice
	await_vi a
	keys a G o garbage Escape :w Enter
	await a 'written'
	kill -KILL "$(editor_pid)"
	await a 'the editor was ended by signal 9'
	await a status=1
	assert_old
	edit b false alice
	await b 'the editor failed with status 1'
	edit c /no/such/editor alice
	await c 'the editor cannot be started'
	assert_old
}

@test "nsisoctl edit that is killed holds no lock and has changed nothing" {
	edit a vi alice
	await_vi a
	keys a G o '[pid]' Escape :w Enter
	await a 'written'
	kill -KILL "$(pgrep --ns $$ --nslist mnt -f '^nsisoctl edit alice$')"
	await a status=137
	cmp "$NSISO_TEST/alice.old" /etc/nsiso/users.d/alice.conf
	run nsisoctl set alice grace=9s
	assert_status 0
	rm -rf /run/nsisoctl.*
}

@test "a hang-up of the terminal leaves the old policy" {
	edit a vi alice
	await_vi a
	keys a G o '[pid]' Escape :w Enter
	await a 'written'
	tmux -L nsiso kill-session -t a
	wait_until 10 refute pgrep --ns $$ --nslist mnt -f '^nsisoctl edit alice$'
	wait_until 5 assert_old
}

@test "a disk that is full while saving: the old policy is intact, and the edit is not lost" {
	mount -t tmpfs -o size=64k,mode=0755 tmpfs /etc/nsiso
	mkdir -m 0755 /etc/nsiso/users.d
	cp -p "$NSISO_TEST/alice.old" /etc/nsiso/users.d/alice.conf
	touch /etc/nsiso/.lock
	head -c 1M /dev/zero >/etc/nsiso/fill 2>/dev/null || :
	edit a vi alice
	await_vi a
	keys a G o '# a comment' Escape :wq Enter
	await a 'Install it\?'
	keys a y Enter
	await a 'cannot write beside users.d/alice.conf: No space left on device'
	await a 'What now\?'
	cmp "$NSISO_TEST/alice.old" /etc/nsiso/users.d/alice.conf
	assert_equal "$(ls -A /etc/nsiso/users.d)" alice.conf
	# With room again the same text can be put in place.
	rm /etc/nsiso/fill
	keys a e Enter
	await_vi a
	keys a :wq Enter
	await a 'Install it\?'
	keys a y Enter
	await a status=0
	assert_match "$(cat /etc/nsiso/users.d/alice.conf)" '# a comment$'
}

@test "a change that refuses others their logins is no less a fault" {
	write_policy users.d/bob.conf <<<$'[uts]\nhostname = bob'
	cat >"$NSISO_TEST/editor" <<-'EOT'
		#!/bin/sh
		printf '[uts]\nenable = no\n' >>"$1"
	EOT
	chmod 0755 "$NSISO_TEST/editor"
	EDITOR=$NSISO_TEST/editor run nsisoctl edit default </dev/null
	assert_status 1
	assert_match "$output" 'users.d/bob.conf:2: .uts. hostname = bob needs enable = yes'
	refute_match "$(cat /etc/nsiso/default.conf)" uts
	# Without a terminal nobody is asked.
	rm /etc/nsiso/users.d/bob.conf
	EDITOR=$NSISO_TEST/editor run nsisoctl edit default </dev/null
	assert_status 0
	assert_match "$output" 'alice, bob.*:'
	assert_match "$output" '\[uts\] enable: yes \(built-in\) -> no \(default.conf:'
	assert_match "$(ssh_as alice readlink /proc/self/ns/uts)" "$(readlink /proc/self/ns/uts | tr -dc 0-9)"
}

@test "what was changed past nsisoctl meanwhile is not overwritten" {
	edit a vi alice
	await_vi a
	keys a G o '# mine' Escape :wq Enter
	await a 'Install it\?'
	echo '# theirs' >>/etc/nsiso/users.d/alice.conf
	keys a y Enter
	await a 'users.d/alice.conf was changed meanwhile'
	keys a x Enter
	await a status=1
	assert_match "$(cat /etc/nsiso/users.d/alice.conf)" '# theirs$'
}

@test "set and unset keep comments and order, and take nothing faulty" {
	printf '# top\n[cgroup]\n# why\nmemory.max = 1G\n#pids.max = 7\n\n[session] \ngrace = 3s\n' |
		write_raw_policy users.d/alice.conf
	run nsisoctl set alice memory.max=2G 'pids.max?=99' net.mode=none
	assert_status 0
	assert_match "$output" '\[cgroup\] memory.max: 1G \(users.d/alice.conf:4\) -> 2G \(users.d/alice.conf:4\)'
	assert_match "$(cat /etc/nsiso/users.d/alice.conf)" $'^# top\n\\[cgroup\\]\n# why\nmemory.max = 2G\n#pids.max = 7\npids.max\\? = 99\n\n\\[session\\] \ngrace = 3s\n'
	assert_match "$(cat /etc/nsiso/users.d/alice.conf)" $'\n\n\\[net\\]\nmode = none'
	run nsisoctl set alice home=private
	assert_status 0
	run nsisoctl unset alice pids.max net.mode home
	assert_status 0
	refute_match "$(cat /etc/nsiso/users.d/alice.conf)" 'pids.max\? =|mode ='
	cp /etc/nsiso/users.d/alice.conf "$NSISO_TEST/alice.old"
	run nsisoctl set alice memory.max=lots
	assert_status 1
	assert_match "$output" 'users.d/alice.conf:4:14: memory.max: .lots. is not a size'
	run nsisoctl set alice mode=none
	assert_match "$output" "'mode' is in several sections: session.mode, net.mode"
	run nsisoctl set alice memry.max=1G
	assert_match "$output" "there is no key 'memry.max': did you mean 'memory.max'\\?"
	run nsisoctl unset alice cpu.max
	assert_match "$output" 'cpu.max is not set there'
	run nsisoctl set -n alice memory.max=3G
	assert_status 0
	assert_match "$output" '-> 3G'
	cmp "$NSISO_TEST/alice.old" /etc/nsiso/users.d/alice.conf
	# Of many changes the last backups stay.
	for n in {1..13}; do nsisoctl set alice "grace=${n}s"; done
	assert_equal "$(find /etc/nsiso/users.d -name 'alice.conf.~*~' | wc -l)" 10
	[[ -e /etc/nsiso/users.d/alice.conf.~15~ && ! -e /etc/nsiso/users.d/alice.conf.~5~ ]]
}

@test "check gives up root's rights: under sudo it is who called, else an account that may only read" {
	local id

	id=$(id -u nsiso)
	install -m 0600 /dev/stdin /root/draft.conf <<<'[pid]'
	SUDO_UID=$(id -u alice) run nsisoctl check -f /root/draft.conf
	assert_status 1
	assert_match "$output" 'Permission denied'
	run strace -o "$NSISO_TEST/strace" -e trace=setresuid,capset,openat nsisoctl check -f /root/draft.conf
	assert_status 0
	# From the change on the draft is read, with CAP_DAC_READ_SEARCH alone.
	assert_match "$(sed -n "/setresuid($id, $id, $id) *= 0/,\$p" "$NSISO_TEST/strace")" \
		'effective=1<<CAP_DAC_READ_SEARCH, permitted=1<<CAP_DAC_READ_SEARCH, inheritable=0.*"draft.conf"'
	rm /root/draft.conf
}
