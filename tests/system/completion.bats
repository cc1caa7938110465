#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# Completion of nsisoctl, by the Tab key in real shells.
load lib

setup_file() {
	world alice bob
	write_policy conf.d/20-students.conf <<<$'[match]\nuser = bob'
}

teardown_file() { end_world; }

setup() { needs_product; }

teardown() {
	tmux -L nsiso kill-server 2>/dev/null
	[[ ${BATS_TEST_COMPLETED:-} ]] || cat "$NSISO_TEST/screen" 2>/dev/null
}

screen() {
	tmux -L nsiso capture-pane -p -t shell
}

shows() { # REGEX
	screen | tee "$NSISO_TEST/screen" | grep -Eq -- "$1"
}

await() { # REGEX
	wait_until 15 shows "$1" 2>/dev/null || fail "the terminal has no $1:" "$(screen)"
}

start_shell() { # COMMAND
	tmux -L nsiso -f /dev/null new-session -d -s shell -x 100 -y 40 "env PS1='> ' $1" 3>&-
	await '> *$'
}

is_cleared() {
	[[ $(screen | tr -d '[:space:]') == '>' ]]
}

# line TEXT REGEX: what stands on the line after Tab; then the line is cleared.  Ctrl-C would not wait in the queue
# while the completion is still at work, and end that instead of the line.
line() {
	tmux -L nsiso send-keys -t shell -l "$1"
	tmux -L nsiso send-keys -t shell Tab
	await "$2"
	tmux -L nsiso send-keys -t shell C-u
	tmux -L nsiso send-keys -t shell C-l
	wait_until 15 is_cleared 2>/dev/null || fail "the line is not cleared:" "$(screen)"
}

# Both shells can do these.
lines() {
	line 'nsisoctl che' '> nsisoctl check'
	line 'nsisoctl show --expl' '> nsisoctl show --explain'
	line 'nsisoctl show --json al' '> nsisoctl show --json alice'
	line 'nsisoctl show --service ssh' '> nsisoctl show --service sshd'
	line 'nsisoctl edit conf.d/2' '> nsisoctl edit conf.d/20-students'
	line 'nsisoctl edit def' '> nsisoctl edit default'
	line 'nsisoctl set alice memory.ma' '> nsisoctl set alice memory.max='
	line 'nsisoctl set alice net.mo' '> nsisoctl set alice net.mode='
	line 'nsisoctl set alice home=pri' '> nsisoctl set alice home=private'
	line 'nsisoctl set alice grace=1s mount.home=pri' '> nsisoctl set alice grace=1s mount.home=private'
	line 'nsisoctl unset alice memory.hi' '> nsisoctl unset alice memory.high'
	line 'nsisoctl new --from stu' '> nsisoctl new --from student'
	line 'nsisoctl keys sess' '> nsisoctl keys session'
	line 'nsisoctl check /etc/hostna' '> nsisoctl check /etc/hostname'
	line 'nsisoctl help dis' '> nsisoctl help disable'
}

@test "bash completes commands, options, users, policies, keys and values" {
	start_shell 'bash --norc --noprofile -i'
	tmux -L nsiso send-keys -t shell '. /usr/share/bash-completion/completions/nsisoctl; echo read' Enter
	await '^read'
	lines
}

@test "zsh completes commands, options, users, policies, keys and values" {
	start_shell 'zsh -f -i'
	tmux -L nsiso send-keys -t shell "fpath=(/usr/share/zsh/vendor-completions \$fpath); autoload -U compinit; compinit -u -d $NSISO_TEST/zcompdump; PS1='> '; echo read" Enter
	await '^read'
	lines
}
