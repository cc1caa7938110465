#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# nsisoctl top: what users use at the moment, in a terminal and for programs.
load lib

setup_file() { world alice bob; }
teardown_file() { end_world; }
setup() { begin && needs_product; }

teardown() {
	tmux -L top kill-server 2>/dev/null
	finish
}

shows() { # REGEX
	tmux -L top capture-pane -p -t top | grep -Eq -- "$1"
}

await() { # REGEX
	wait_until 20 shows "$1" 2>/dev/null || fail "no $1:" "$(tmux -L top capture-pane -p -t top)"
}

start_terminal() {
	tmux -L top -f /dev/null new-session -d -s top -x 100 -y 20 3>&-
}

# Between two prints of the terminal's settings.
start_top() {
	tmux -L top send-keys -t top 'clear; stty -a >/tmp/before; nsisoctl top -d 500ms; stty -a >/tmp/after; echo do""ne' Enter
	await '^USER +INSTANCES'
}

assert_restored() {
	await '^done$'
	cmp /tmp/before /tmp/after
	refute shows '^USER +INSTANCES'
}

@test "without an instance the table is empty" {
	run nsisoctl top --batch -n 1 -d 100ms
	assert_status 0
	assert_match "$output" '^USER +INSTANCES +PIDS +%CPU +MEMORY +READ/S +WRITTEN/S *$'
}

@test "who uses a processor stands first, with what it comes to" {
	hold a alice
	hold b bob
	hold c alice
	ssh_as bob 'while :; do :; done >/dev/null 2>&1 </dev/null & echo $!' >/dev/null
	run nsisoctl top --batch -n 2 -d 1s
	assert_status 0
	assert_equal "$(grep -c '^USER' <<<"$output")" 2
	assert_equal "$(grep -c '^$' <<<"$output")" 1
	assert_match "$(tail -n 2 <<<"$output" | head -n 1)" '^bob +1 +[0-9]+ +[0-9]*[1-9][0-9]*\.[0-9]|^bob +1 +[0-9]+ +0\.[1-9]'
	assert_match "$(tail -n 1 <<<"$output")" '^alice +1 +[0-9]+ +[0-9]+\.[0-9] '
	run nsisoctl top --batch -n 1 -d 100ms --sort user
	assert_match "$(tail -n 2 <<<"$output" | cut -d ' ' -f 1 | tr '\n' ' ')" '^alice bob $'
}

@test "keys change the order, q leaves the terminal as it was" {
	hold a alice
	hold b bob
	start_terminal
	start_top
	await '^By cpu;'
	await '^bob +1 '
	tmux -L top send-keys -t top u
	await '^By user;'
	tmux -L top send-keys -t top m
	await '^By memory;'
	tmux -L top send-keys -t top x q
	assert_restored
}

@test "the terminal is as it was after any signal, and while top is stopped" {
	start_terminal
	start_top
	for signal in TERM HUP USR1 ALRM QUIT; do
		pkill -"$signal" -x -P "$(tmux -L top display -p -t top '#{pane_pid}')" nsisoctl
		assert_restored
		start_top
	done
	tmux -L top send-keys -t top C-z
	await 'Stopped'
	refute shows '^USER +INSTANCES'
	tmux -L top send-keys -t top 'stty -a >/tmp/after; fg' Enter
	await '^USER +INSTANCES'
	cmp /tmp/before /tmp/after
	tmux -L top send-keys -t top C-c
	assert_restored
}

@test "-n ends by itself; a wrong call is one" {
	start_terminal
	tmux -L top send-keys -t top 'nsisoctl top -n 2 -d 200ms; echo do""ne $?' Enter
	await '^done 0$'
	run nsisoctl top </dev/null
	assert_status 1
	assert_output "nsisoctl: standard input and output are not a terminal"
	run nsisoctl top --batch -d 1ms
	assert_status 2
	run nsisoctl top --batch -n 0
	assert_status 2
	run nsisoctl top --sort size
	assert_status 2
	assert_output "nsisoctl: 'size' is not cpu, memory, pids, io or user"
}
