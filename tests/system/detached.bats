#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# With linger = yes, what people leave running goes on after the logout, as through a plain sshd, and the next
# login finds it.
load lib
load beside

setup_file() {
	beside_world
	# As its package has it made at boot.
	install -d -m 1777 -g utmp /run/screen
}

teardown_file() { end_world; }

setup() {
	beside_begin
	write_policy conf.d/linger.conf <<-'EOT'
		[session]
		linger = yes
	EOT
}

teardown() {
	local user
	for user in "${sides[@]}"; do
		pkill -KILL -u "$user" || :
		[[ $user == plain ]] || nsisoctl kill --grace=0 "$user" || :
	done
	rm -rf /home/{alice,nolan,plain}/{*,.[!.]*} /run/screen/* "$NSISO_TEST"/beside.*
	finish
}

prompt=('expect:\$ $' 'send:PS1=@; unset PROMPT_COMMAND\n' 'expect:\n@')

# Nobody is logged in any more.
logged_out() {
	wait_until 10 eval '! pgrep -u "$user" sshd >/dev/null'
}

do_nohup() {
	go 'nohup sh -c "until [ -e go ]; do sleep 0.1; done; echo went on >woke" >/dev/null 2>&1 &'
	logged_out
	go 'touch go; until [ -e woke ]; do sleep 0.1; done; cat woke'
}

do_tmux() {
	local first
	first=$(go "tmux new-session -d -s one 'cat >typed' \; set -g assume-paste-time 0; tmux display-message -p '#{pid}'")
	logged_out
	go 'tmux send-keys -t one "hello" Enter; until [ -s typed ]; do sleep 0.1; done; cat typed'
	[[ $(go "tmux display-message -p -t one '#{pid}'") == "$first" ]] && echo "the same"
	go_terminal 'expect:hello' 'send:again\n' 'expect:again' 'send:\x02d' 'expect:detached' -- 'TERM=vt100 tmux attach -t one' | grep -o detached
	go 'tmux kill-server; cat typed; while tmux ls >/dev/null 2>&1; do sleep 0.1; done'
}

# screen comes and goes after the command that has it do so.
do_screen() { # VARIABLE=VALUE
	go "${1+export $1;} screen -dmS one sh -c 'cat >typed'; until screen -ls | grep -q Detached; do sleep 0.1; done"
	logged_out
	go_terminal 'expect:.' 'send:hello\n' 'expect:hello' 'send:\x01d' 'expect:detached' -- "export TERM=vt100 $1; screen -r one" |
		grep -o detached
	go "${1+export $1;} until [ -s typed ]; do sleep 0.1; done; cat typed
		screen -S one -X quit; while screen -ls | grep -q one; do sleep 0.1; done"
}

do_screen_in_run() { do_screen; }
do_screen_at_home() { do_screen 'SCREENDIR=$HOME/.screen'; }

# What the client says of itself, whose steps these are, and what its session prints of SAID; its port is udp.
mosh_says() { # SAID STEP...
	export LC_ALL=C.UTF-8 TERM=vt100
	udp=$((port + 10000))
	"$here/terminal.py" -t 60 "${@:2}" -- \
		env TERM=vt100 mosh --predict=never --experimental-remote-ip=remote --bind-server=any --port="$udp" \
		--ssh="ssh -F $client" "$user@127.0.0.1" | tr -d '\0' |
		grep -aoE "$1|Nothing received|did not make a successful connection|mosh: exiting|\[mosh is exiting.\]"
}

do_mosh() {
	mosh_says hello 'expect:\$' 'send:echo he""llo; who\n' 'expect:hello' 'send:exit\n' |
		grep -v '^Nothing received' # a slow server's first answer
}

# Its user leaves by mosh's own key.
do_mosh_in_vain() {
	local udp
	mosh_says '\$ ' 'expect:Nothing received' 'send:\x1e.'
	echo "inside: $(go "ss -Hlun 'src :$udp' | wc -l; pgrep -x mosh-server >/dev/null && echo served" | xargs)"
	echo "on the host: $(ss -Hlun "src :$udp" | wc -l)"
}

do_mosh_until_it_ends() {
	mosh_says nothing
}

@test "what nohup starts goes on" {
	beside do_nohup '^went on'
}

@test "tmux is there for the next login" {
	beside do_tmux $'^hello\nthe same\ndetached\nhello\nagain'
}

@test "screen is there for the next login" {
	beside do_screen_in_run $'^detached\nhello\nstatus 0'
}

@test "screen with its sockets at home is there for the next login" {
	beside do_screen_at_home $'^detached\nhello\nstatus 0'
}

@test "mosh lives on after its ssh" {
	local sides=(plain alice) # under net=none: the next test
	beside do_mosh $'hello\n.*exiting.*status 0'
}

@test "under net=none mosh says that nothing comes from its server, whose port is inside" {
	run run_side nolan do_mosh_in_vain
	assert_output $'Nothing received\ndid not make a successful connection\n[mosh is exiting.]\ninside: 1 served\non the host: 0\nstatus 0'
}

@test "without linger mosh ends with its ssh" {
	rm /etc/nsiso/conf.d/linger.conf
	run run_side alice do_mosh_until_it_ends
	assert_match "$output" '\[mosh is exiting.\]'
	wait_until 10 refute has_instance alice
	refute pgrep -u alice
}

@test "sessions of screen outside are not to be seen" {
	local was
	was=$(ssh_as alice 'stat -c "%a %i" /run/screen; ls -A /run/screen')
	assert_match "$was" '^1777 [0-9]+$'
	touch /run/screen/of-the-host
	assert_equal "$(ssh_as alice 'stat -c "%a %i" /run/screen; ls -A /run/screen')" "$was"
}
