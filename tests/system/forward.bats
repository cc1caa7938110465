#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# What ssh carries beside the shell: more channels, ports, sockets, the agent.  The other ends of the
# client's side are sockets in the file system, so that no port of the machine is taken.
load lib

setup_file() {
	world alice
	# An answer on a port of the host's 127.0.0.1 and one on a socket.
	start_answer host TCP-LISTEN:0,bind=127.0.0.1,fork,reuseaddr
	wait_until 5 host_port
	start_answer client "UNIX-LISTEN:$NSISO_TEST/answer.sock,fork"
	wait_until 5 test -S "$NSISO_TEST/answer.sock"
}

teardown_file() { end_world; }
setup() { begin; }

teardown() {
	local file
	for file in "$NSISO_TEST"/forward.*.pid; do
		[[ -e $file ]] || continue
		kill "$(cat "$file")" 2>/dev/null || :
		wait_until 5 is_gone "$(cat "$file")"
	done
	rm -f "$NSISO_TEST"/forward.* /home/alice/*.sock
	finish
}

# socat that says from-NAME to who connects.
start_answer() { # NAME ADDRESS
	start_daemon "answer-$1" socat -d -d "$2" "SYSTEM:echo from-$1"
}

host_port() {
	sed -n 's/.*listening on AF=2 127.0.0.1:\([0-9]*\)$/\1/p' "$NSISO_TEST/daemon.answer-host.out" | head -1 | grep .
}

# forward NAME SSH-OPTION...: ssh -N in the background until the test's end.
forward() {
	local name=$1

	shift
	ssh -F "$NSISO_TEST/sshd.main.client" -o ExitOnForwardFailure=yes -N -v "$@" alice@nsiso \
		</dev/null >"$NSISO_TEST/forward.$name.out" 2>&1 3>&- &
	echo $! >"$NSISO_TEST/forward.$name.pid"
	wait_until 10 ssh_serves "$NSISO_TEST/forward.$name.out" "$@"
}

end_forward() { # NAME
	kill "$(cat "$NSISO_TEST/forward.$1.pid")"
	wait_until 5 is_gone "$(cat "$NSISO_TEST/forward.$1.pid")"
	rm "$NSISO_TEST/forward.$1".*
}

ask() { # SOCKET
	within 5 socat -u "UNIX-CONNECT:$1" - 2>/dev/null
}

net_none() {
	write_policy users.d/alice.conf <<-'EOT'
		[net]
		mode = none
	EOT
}

# A service inside: an answer on a port of the session's own 127.0.0.1, as long as the hold.
serve_inside() { # PORT
	hold service alice
	ssh_as alice "nohup socat TCP-LISTEN:$1,bind=127.0.0.1,fork,reuseaddr SYSTEM:'echo from-inside' >/dev/null 2>&1 </dev/null &
		for i in \$(seq 100); do (: </dev/tcp/127.0.0.1/$1) 2>/dev/null && exit; sleep 0.05; done; exit 1"
}

@test "channels of one connection share the session and its instance" {
	local control=$NSISO_TEST/forward.control n seen=()
	forward master -M -S "$control"
	for n in 1 2 3; do
		seen+=("$(ssh_as alice -S "$control" 'readlink /proc/self/ns/pid')")
	done
	assert_equal "${seen[1]}" "${seen[0]}"
	assert_equal "${seen[2]}" "${seen[0]}"
	[[ $NSISO_PLAIN == 1 ]] || assert_equal "$(log_lines | grep -c 'session opened: user=alice')" 1
	[[ $NSISO_PLAIN == 1 ]] || assert_differ "${seen[0]}" "$(readlink /proc/self/ns/pid)"
	run ssh_as alice -S "$control" 'exit 9'
	assert_status 9
}

@test "ten channels at once carry their own data" {
	local control=$NSISO_TEST/forward.control n jobs=()
	forward master -M -S "$control"
	for n in 0 1 2 3 4 5 6 7 8 9; do
		ssh_as alice -S "$control" "head -c 300000 /dev/zero | tr '\\0' $n; sleep 0.2" >"$NSISO_TEST/forward.out$n" &
		jobs+=($!)
	done
	for n in 0 1 2 3 4 5 6 7 8 9; do
		wait "${jobs[n]}"
		assert_equal "$(tr -d "$n" <"$NSISO_TEST/forward.out$n" | wc -c) $(wc -c <"$NSISO_TEST/forward.out$n")" "0 300000"
	done
}

@test "a connection without any command (-N) is isolated and leaves nothing when it ends" {
	needs_product
	forward idle
	wait_until 5 has_instance alice
	end_forward idle
	wait_until 5 refute has_instance alice
}

@test "-L reaches the host's 127.0.0.1 when the policy leaves it the host's network" {
	forward there -L "$NSISO_TEST/forward.sock:127.0.0.1:$(host_port)"
	assert_equal "$(ask "$NSISO_TEST/forward.sock")" from-host
}

@test "-L under net=none reaches a service of the same user's other session" {
	needs_product
	net_none
	serve_inside 7777
	forward there -L "$NSISO_TEST/forward.sock:127.0.0.1:7777"
	assert_equal "$(ask "$NSISO_TEST/forward.sock")" from-inside
}

@test "-L under net=none does not reach the host" {
	needs_product
	net_none
	forward there -L "$NSISO_TEST/forward.sock:127.0.0.1:$(host_port)"
	assert_equal "$(ask "$NSISO_TEST/forward.sock")" ""
}

@test "-W, as ProxyJump uses it, goes where -L goes" {
	local port
	port=$(host_port)
	assert_equal "$(ssh_as alice -W "127.0.0.1:$port" </dev/null)" from-host
	[[ $NSISO_PLAIN == 0 ]] || return 0
	net_none
	wait_until 5 refute has_instance alice
	assert_equal "$(ssh_as alice -W "127.0.0.1:$port" </dev/null 2>/dev/null)" ""
	assert_equal "$(ssh_as alice 'echo in')" in
}

@test "-R listens on the host when the policy leaves it the host's network" {
	local port
	forward back -R "0:$NSISO_TEST/answer.sock"
	wait_until 5 grep -q 'Allocated port' "$NSISO_TEST/forward.back.out"
	port=$(sed -n 's/.*Allocated port \([0-9]*\) .*/\1/p' "$NSISO_TEST/forward.back.out" | head -1)
	assert_equal "$(ssh_as alice "cat </dev/tcp/127.0.0.1/$port")" from-client
	assert_equal "$(cat <"/dev/tcp/127.0.0.1/$port")" from-client
}

@test "-R under net=none listens inside and not on the host" {
	needs_product
	net_none
	local port
	forward back -R "0:$NSISO_TEST/answer.sock"
	wait_until 5 grep -q 'Allocated port' "$NSISO_TEST/forward.back.out"
	port=$(sed -n 's/.*Allocated port \([0-9]*\) .*/\1/p' "$NSISO_TEST/forward.back.out" | head -1)
	assert_equal "$(ssh_as alice "cat </dev/tcp/127.0.0.1/$port")" from-client
	run grep -c ":$(printf %04X "$port") .* 0A " /proc/net/tcp
	assert_output 0
}

@test "-L and -R of sockets are in the login's file system" {
	hold service alice
	ssh_as alice "nohup socat UNIX-LISTEN:/tmp/in.sock,fork SYSTEM:'echo from-inside' >/dev/null 2>&1 </dev/null &
		until [ -S /tmp/in.sock ]; do sleep 0.05; done"
	forward there -L "$NSISO_TEST/forward.sock:/tmp/in.sock" -R "/tmp/back.sock:$NSISO_TEST/answer.sock"
	assert_equal "$(ask "$NSISO_TEST/forward.sock")" from-inside
	assert_equal "$(ssh_as alice 'socat -u UNIX-CONNECT:/tmp/back.sock -')" from-client
	if [[ $NSISO_PLAIN == 1 ]]; then
		ssh_as alice 'kill $(pgrep -u alice -x socat); rm -f /tmp/*.sock'
	else
		[[ ! -e /tmp/back.sock && ! -e /tmp/in.sock ]] || fail "on the host: $(ls /tmp)"
	fi
}

@test "the forwarded agent is usable inside, under net=none too" {
	local agent
	[[ $NSISO_PLAIN == 1 ]] || net_none
	ssh-agent -D -a "$NSISO_TEST/forward.agent" >/dev/null 2>&1 3>&- &
	agent=$!
	echo "$agent" >"$NSISO_TEST/forward.agent.pid"
	wait_until 5 test -S "$NSISO_TEST/forward.agent"
	SSH_AUTH_SOCK=$NSISO_TEST/forward.agent ssh-add -q "$NSISO_TEST/key"
	run env SSH_AUTH_SOCK="$NSISO_TEST/forward.agent" \
		ssh -F "$NSISO_TEST/sshd.main.client" -A alice@nsiso 'ssh-add -l; ls -ld "$SSH_AUTH_SOCK"' 3>&-
	assert_status 0
	assert_match "$output" 'ED25519'
	assert_match "$output" 'alice alice'
}
