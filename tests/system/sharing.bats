#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# Many sessions of one user: who shares an instance with whom, and that this holds under races and in bulk.
load lib

setup_file() {
	world alice bob
}

teardown_file() { end_world; }
setup() { begin && needs_product; }

teardown() {
	[[ ! -e $NSISO_TEST/many.passwd ]] || cat "$NSISO_TEST/many.passwd" >/etc/passwd
	rm -rf /home/alice/go* /home/alice/seen* /home/bob/seen* "$NSISO_TEST"/many*
	finish
}

ns='readlink /proc/self/ns/pid'

scope_session() {
	write_policy users.d/alice.conf <<-'EOT'
		[session]
		scope = session
	EOT
}

instances() { # USER
	find "/run/nsiso/$1" -mindepth 2 -maxdepth 2 -name record 2>/dev/null | wc -l
}

@test "the second login joins the first one's instance" {
	hold a alice
	local first name
	first=$(readlink "/proc/$(record_of alice init)/ns/pid")
	assert_equal "$(ssh_as alice "$ns")" "$first"
	for name in mnt ipc uts time cgroup; do
		assert_equal "$(ssh_as alice "readlink /proc/self/ns/$name")" \
			"$(readlink "/proc/$(record_of alice init)/ns/$name")"
	done
	assert_equal "$(instances alice)" 1
}

@test "the second login sees the first one's files and processes" {
	hold a alice
	ssh_as alice 'echo shared >/tmp/file'
	assert_equal "$(ssh_as alice 'cat /tmp/file')" shared
	assert_match "$(ssh_as alice 'ps -eo comm=')" 'cat'
	ssh_as alice 'kill $(pgrep -x cat)'
	wait_until 5 is_gone "$(cat "$NSISO_TEST/hold.a.pid")"
}

@test "two users never share an instance" {
	hold a alice
	hold b bob
	assert_differ "$(record_of alice init)" "$(record_of bob init)"
	assert_differ "$(ssh_as alice "$ns")" "$(ssh_as bob "$ns")"
}

@test "the instance outlives the first session while a second one lasts" {
	hold a alice
	hold b alice
	local init
	init=$(record_of alice init)
	ssh_as alice 'echo still here >/tmp/file'
	release a
	assert_equal "$(ssh_as alice 'cat /tmp/file')" "still here"
	assert_equal "$(record_of alice init)" "$init"
	release b
	wait_until 5 is_gone "$init"
}

@test "a tmux server that one login starts is there for the next" {
	local first
	hold a alice
	first=$(ssh_as alice "tmux new-session -d -s one; tmux display-message -p '#{pid}'")
	assert_equal "$(ssh_as alice "tmux display-message -p -t one '#{pid}'")" "$first"
}

@test "with scope=session every login has an instance of its own" {
	scope_session
	hold a alice
	hold b alice
	assert_equal "$(instances alice)" 2
	ssh_as alice 'echo mine >/tmp/file; test -e /tmp/file'
	run ssh_as alice 'cat /tmp/file'
	assert_status 1
	release a
	wait_until 5 eval '[[ $(instances alice) == 1 ]]'
}

@test "channels of one connection share the instance with scope=session too" {
	scope_session
	local control=$NSISO_TEST/many.control
	hold a alice -M -S "$control"
	assert_equal "$(ssh_as alice -S "$control" "$ns")" "$(ssh_as alice -S "$control" "$ns")"
	assert_differ "$(ssh_as alice -S "$control" "$ns")" "$(ssh_as alice "$ns")"
}

@test "who has got another uid meanwhile is kept out of the old uid's instance" {
	hold a alice
	cp /etc/passwd "$NSISO_TEST/many.passwd"
	sed -i "s/^alice:x:$(id -u alice):/alice:x:$((uid_base + 50)):/" /etc/passwd
	run ssh_as alice "$ns"
	cat "$NSISO_TEST/many.passwd" >/etc/passwd
	assert_status 254
	assert_log 'session refused: user=alice .*uid'
	assert_equal "$(ssh_as alice 'id -un')" alice
}

# Twelve first logins at the same moment, each of which stays until all have been counted.
race() {
	local n jobs=() tries
	rm -rf /home/alice/seen /home/alice/go
	mkdir -m 0777 /home/alice/seen
	for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
		ssh_as alice "$ns >~/seen/new.$n; mv ~/seen/new.$n ~/seen/$n; until [ -e ~/go ]; do sleep 0.05; done" </dev/null &
		jobs+=($!)
	done
	for ((tries = 0; tries < 400; tries++)); do
		(($(find /home/alice/seen -name '[0-9]*' | wc -l) < 12)) || break
		sleep 0.05
	done
	instances=$(instances alice)
	touch /home/alice/go
	for n in "${!jobs[@]}"; do
		wait "${jobs[n]}" || fail "login $n: status $?"
	done
	namespaces=$(cat /home/alice/seen/* | sort | uniq -c)
}

@test "twelve first logins at once end in one instance" {
	for _ in 1 2 3; do
		race
		assert_match "$namespaces" '^ *12 pid:[^ ]*$'
		assert_equal "$instances" 1
		wait_until 10 refute has_instance alice
	done
}

@test "a login while the old instance is closing succeeds and is isolated" {
	write_policy users.d/alice.conf <<-'EOT'
		[session]
		grace = 3s
	EOT
	local first second
	for _ in 1 2; do
		# What ignores SIGTERM and SIGHUP keeps the instance closing for the whole grace.
		first=$(ssh_as alice "trap '' TERM HUP; $ns; (while :; do sleep 0.1; done) >/dev/null 2>&1 </dev/null &")
		second=$(ssh_as alice "$ns")
		assert_match "$second" '^pid:'
		assert_differ "$second" "$(readlink /proc/self/ns/pid)"
		[[ $first ]]
	done
	assert_no_leftovers 10
}

@test "two hundred logins in a row each give the right answer" {
	local n
	for ((n = 0; n < 200; n++)); do
		assert_equal "$(ssh_as alice "echo $n" </dev/null)" "$n"
	done
	assert_equal "$(log_lines | grep -c 'session opened: user=alice')" 200
	wait_until 5 eval '(($(log_lines | grep -c "pam_nsiso.*session closed:") == 200))'
}

# some_logins WORKER COUNT: each lives for a random while and answers with what it was asked.
some_logins() {
	local n user answer code

	for ((n = 0; n < $2; n++)); do
		user=alice
		((RANDOM % 3)) || user=bob
		code=0
		answer=$(ssh_as "$user" "sleep 0.$((RANDOM % 30 + 10)); echo $1.$n; $ns; exit 3" </dev/null 2>&1) || code=$?
		echo "$code ${answer//$'\n'/ } $1.$n" >>"$NSISO_TEST/many.$1"
	done
}

@test "a hundred logins, twelve at a time and of random length, each give the right answer" {
	local worker jobs=() host
	host=$(readlink /proc/self/ns/pid)
	for worker in 1 2 3 4 5 6 7 8 9 10 11 12; do
		some_logins "$worker" $((worker <= 4 ? 9 : 8)) &
		jobs+=($!)
	done
	wait "${jobs[@]}"
	assert_equal "$(cat "$NSISO_TEST"/many.* | wc -l)" 100
	run awk -v host="$host" '$1 != 3 || $2 != $4 || $3 !~ /^pid:/ || $3 == host' "$NSISO_TEST"/many.*
	assert_output ""
}
