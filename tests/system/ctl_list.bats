#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# nsisoctl list, ps and tree: what is there, in every state, while it comes and goes.
load lib

setup_file() { world alice bob carol; }
teardown_file() { end_world; }
setup() { begin && needs_product; }

teardown() {
	rm -f "$NSISO_TEST/churn.end"
	finish
}

# A line of the last run's output.
assert_line() { # REGEX
	grep -Eq -- "$1" <<<"$output" || fail "output: $output" "no line: $1"
}

# field USER KEY: of the user's one instance in the JSON list.
field() {
	nsisoctl list --json | python3 -c '
import json, sys
(one,) = [one for one in json.load(sys.stdin) if one["user"] == sys.argv[1]]
print(one[sys.argv[2]])' "$@"
}

@test "without an instance the list is empty and nothing is made" {
	rmdir /run/nsiso 2>/dev/null || :
	run nsisoctl list
	assert_status 0
	assert_match "$output" '^USER +ID +STATE'
	assert_equal "${#lines[@]}" 1
	assert_equal "$(nsisoctl list --json)" "[]"
	run nsisoctl tree
	assert_status 0
	assert_output ""
	refute test -e /run/nsiso
}

@test "list shows an instance with its id, age and number of processes" {
	hold a alice
	local dir pids
	dir=$(instance_of alice)
	assert_equal "$(field alice id)" "$(basename "$dir")"
	assert_equal "$(field alice state)" active
	(($(date +%s) - $(field alice since) < 60))
	pids=$(sed -n 's/^cgroup=v[12] //p' "$dir/record" | head -n 1)/cgroup.procs
	assert_equal "$(field alice pids)" "$(wc -l <"$pids")"
	run nsisoctl list
	assert_match "${lines[1]}" "^alice +$(basename "$dir") +active +1 +"
}

@test "list counts sessions and tells when the policy has changed since" {
	hold a alice
	hold b alice
	assert_equal "$(field alice sessions)" 2
	assert_equal "$(field alice stale)" False
	printf '%s\n' "[uts]" "hostname = other" | write_policy users.d/alice.conf
	assert_equal "$(field alice stale)" True
	run nsisoctl list
	assert_line '^alice .* active +2 .* stale '
	echo nonsense | write_raw_policy users.d/alice.conf
	assert_equal "$(field alice stale)" None
}

@test "list shows the memory of an instance where its policy limits it" {
	[[ $(cgroup_of memory) ]] || skip "no memory controller"
	printf '%s\n' "[cgroup]" "memory.max = 64M" | write_policy users.d/alice.conf
	hold a alice
	ssh_as alice 'head -c 4M /dev/zero >/tmp/file'
	local used
	used=$(field alice memory)
	((used > 4 << 20 && used < 64 << 20)) || fail "$used"
}

@test "status shows sessions, limits, use, namespaces and the policy's files" {
	[[ $(cgroup_of pids) ]] || skip "no pids controller"
	printf '%s\n' "[cgroup]" "pids.max = 77" | write_policy users.d/alice.conf
	hold a alice
	hold b alice
	local init
	init=$(record_of alice init)
	run nsisoctl status alice
	assert_status 0
	assert_line "^alice - instance $(basename "$(instance_of alice)"), uid $(id -u alice)$"
	assert_line '^ *State: active since '
	assert_line '^ *Sessions: 2$'
	assert_equal "$(grep -Ec 'sshd on ssh from 127.0.0.1, opener [0-9]+, since' <<<"$output")" 2
	assert_line '^ *Policy: current, from default.conf,users.d/alice.conf$'
	assert_line '^ *Tasks: [0-9]+ \(.*max: 77\)$'
	assert_line "^ *Processes: [0-9]+, init $init, supervisor $(record_of alice supervisor)$"
	assert_line " $(readlink "/proc/$init/ns/pid" | sed 's/[][]/\\&/g')( |$)"
	run nsisoctl status nobody-such
	assert_status 1
	run nsisoctl status
	assert_status 2
}

# Of the one instance in the JSON of status.
status_field() { # USER EXPRESSION
	nsisoctl status --json "$1" | python3 -c '
import json, sys
(one,) = json.load(sys.stdin)
print(eval(sys.argv[1]))' "$2"
}

@test "status says which keys of the policy have changed, and what root has limited" {
	[[ $(cgroup_of pids) ]] || skip "no pids controller"
	hold a alice
	assert_equal "$(status_field alice 'one["changed"], one["limits"], one["stale"]')" "([], [], False)"
	printf '%s\n' "[session]" "grace = 9s" "[mount]" "dev_shm = private" "[cgroup]" "pids.max = 70" |
		write_policy users.d/alice.conf
	nsisoctl limit --for 2h alice pids.max=50
	run nsisoctl status alice
	assert_line '^ *Policy: stale, from default.conf'
	assert_line '^ *Changed: session.grace, (mount.dev_shm, )?cgroup.pids.max$'
	assert_line '^ *Limits: pids.max=50 \(for another (2h|1h 59min)\)$'
	assert_match "$(status_field alice 'one["changed"]')" "'session.grace'.*'cgroup.pids.max'"
	assert_equal "$(status_field alice '[(one["key"], one["value"], 7000 < one["left"] <= 7200) for one in one["limits"]]')" \
		"[('pids.max', '50', True)]"
	assert_equal "$(status_field alice 'one["sessions"][0]["service"]')" sshd
	assert_equal "$(status_field alice 'one["use"]["pids_max"]')" 50
	assert_equal "$(status_field alice 'one["init"]')" "$(record_of alice init)"
	assert_equal "$(status_field alice 'one["last_kill"]')" None
}

@test "status says when a process was refused for a limit" {
	[[ $(cgroup_of pids) ]] || skip "no pids controller"
	printf '%s\n' "[cgroup]" "pids.max = 12" | write_policy users.d/alice.conf
	hold a alice
	ssh_as alice 'for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do sleep 1 & done' >/dev/null 2>&1 || :
	wait_until 15 eval 'nsisoctl status alice | grep -q "Last refusal"'
	run nsisoctl status alice
	assert_line '^ *Last refusal: .*, [0-9]+s ago: [0-9]+ process(es)? \(limit: 12\)$'
	assert_equal "$(status_field alice 'one["last_refusal"]["limit"]')" 12
}

@test "ps and tree show the processes with their numbers outside and inside" {
	hold a alice
	local cat init
	cat=$(pgrep -u alice -x cat) init=$(record_of alice init)
	run nsisoctl ps alice
	assert_status 0
	assert_line "^ *$cat +[0-9]+ +alice +S .*[0-9.]+[BKMG] +cat$"
	assert_line "^ *$init +1 +nsiso +S "
	run nsisoctl ps "$(basename "$(instance_of alice)")"
	assert_line " cat$"
	run nsisoctl tree alice
	assert_match "$output" "-$init \(1\) nsshell-init"
	assert_match "$output" "-$cat \([0-9]+\) cat"
}

@test "what the user calls a process does no harm to the terminal" {
	hold a alice
	ssh_as alice 'exec -a "$(printf "x\033]0;evil\007")" sleep 1000 >/dev/null 2>&1 </dev/null &'
	wait_until 5 pgrep -u alice -x sleep
	run nsisoctl ps alice
	assert_match "$output" 'x\?\]0;evil\?'
	refute_match "$output" $'\033'
}

@test "tables have colours and the width of the terminal, as the environment wants" {
	hold a alice
	run "$here/terminal.py" -s 24x60 -- env -u NO_COLOR -u COLUMNS TERM=xterm nsisoctl list
	assert_match "$output" $'\033\\[32mactive'
	run "$here/terminal.py" -s 24x60 -- env -u COLUMNS NO_COLOR=1 TERM=xterm nsisoctl list
	refute_match "$output" $'\033'
	assert_match "$output" $'alice [^\n]* active'
	refute_match "$output" $'[^\r\n]{61}'
	run "$here/terminal.py" -s 24x60 -- env COLUMNS=40 NO_COLOR=1 TERM=xterm nsisoctl list
	assert_match "$output" $'alice [^\n]* active'
	refute_match "$output" $'[^\r\n]{41}'
	COLUMNS=40 run nsisoctl list
	assert_match "$output" $'[^\r\n]{61}'
	refute_match "$output" $'\033'
}

@test "without a cgroup the processes are found by the pid namespace" {
	printf '%s\n' "[cgroup]" "enable = no" | write_raw_policy users.d/alice.conf
	hold a alice
	run nsisoctl ps alice
	assert_line ' cat$'
	assert_line " 1 +nsiso +S "
}

@test "who has no instance is told so" {
	run nsisoctl ps nobody-such
	assert_status 1
	assert_output "nsisoctl: there is no instance of user 'nobody-such' or with that id"
	run nsisoctl ps ../alice
	assert_status 1
	run nsisoctl ps
	assert_status 2
	run nsisoctl list --wrong
	assert_status 2
	run nsisoctl tree alice bob
	assert_status 2
}

# An instance whose supervisor and init are gone; its record stays until the next login.
make_dead() { # USER
	hold dead "$1"
	kill -KILL "$(record_of "$1" supervisor)" "$(record_of "$1" init)"
	wait_until 5 is_gone "$(cat "$NSISO_TEST/hold.dead.pid")"
	release dead
}

@test "an instance whose supervisor was killed is dead" {
	make_dead bob
	assert_equal "$(field bob state)" dead
	run nsisoctl list
	assert_line '^bob .* dead '
	run nsisoctl status bob
	assert_status 0
	assert_line '^ *State: dead since '
	ssh_as bob true
}

open_and_close() { # USER
	local n
	for ((n = 0; n < 70; n++)); do
		pamtester cron "$1" open_session close_session >/dev/null 2>&1 3>&-
	done
}

@test "list never fails or lies while 200 instances come and go" {
	printf '%s\n' "[session]" "scope = session" | write_policy users.d/alice.conf
	printf '%s\n' "[session]" "scope = session" | write_policy users.d/carol.conf
	make_user dave
	printf '%s\n' "[session]" "scope = session" | write_policy users.d/dave.conf
	make_dead bob
	"$here/list_check.py" "$NSISO_TEST/churn.end" bob >"$NSISO_TEST/churn.out" 2>&1 3>&- &
	local checker=$! user jobs=()
	for user in alice carol dave; do
		open_and_close "$user" &
		jobs+=($!)
	done
	wait "${jobs[@]}"
	: >"$NSISO_TEST/churn.end"
	wait "$checker" || fail "$(cat "$NSISO_TEST/churn.out")"
	assert_match "$(cat "$NSISO_TEST/churn.out")" '^[0-9]+ lists with [0-9]+ instances$'
	assert_equal "$(log_lines | grep -c 'pam_nsiso.*session refused')" 0
	(($(log_lines | grep -c 'pam_nsiso.*session opened') >= 200))
	ssh_as bob true
}

@test "list --watch follows what happens, q leaves the terminal as it was" {
	tmux -L watch -f /dev/null new-session -d -s watch -x 120 -y 20 3>&-
	tmux -L watch send-keys -t watch 'stty -a >/tmp/before; nsisoctl list --watch; stty -a >/tmp/after; echo do""ne' Enter
	wait_until 10 eval 'tmux -L watch capture-pane -p -t watch | grep -q "^USER"'
	hold a alice
	wait_until 10 eval 'tmux -L watch capture-pane -p -t watch | grep -q "^alice .* active"'
	release a
	wait_until 10 eval '! tmux -L watch capture-pane -p -t watch | grep -q "^alice"'
	tmux -L watch send-keys -t watch q
	wait_until 10 eval 'tmux -L watch capture-pane -p -t watch | grep -q "^done"'
	cmp /tmp/before /tmp/after
	tmux -L watch kill-server
	run nsisoctl list --watch </dev/null
	assert_status 1
	assert_output "nsisoctl: standard input and output are not a terminal"
}
