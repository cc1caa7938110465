#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# What people use beside a shell works as through a plain sshd: forwarding of all kinds, displays, agents,
# file systems, automation.
load lib
load beside

# What does not; the manual page of the module has these in "DIFFERENCES".  Under net=none the only 127.0.0.1
# is the instance's: neither the host's services nor its sshd are there, nothing of the host comes in, and sshd's
# port for a display is there.
differs[do_forward_local.nolan]='< host: from-host
> host: '
differs[do_forward_remote.nolan]='< from the host: from-client
> from the host: '
differs[do_display_trusted.nolan]="< the host's port: 1
> the host's port: 0"
differs[do_display_untrusted.nolan]=${differs[do_display_trusted.nolan]}
differs[do_jump.nolan]='< jumped: USER
> jumped: '

setup_file() {
	beside_world
	start_daemon answer-host socat -d -d TCP-LISTEN:0,bind=127.0.0.1,fork,reuseaddr 'SYSTEM:echo from-host'
	wait_until 5 host_port
	start_daemon answer-client socat "UNIX-LISTEN:$NSISO_TEST/answer.sock,fork" 'SYSTEM:echo from-client'
	wait_until 5 test -S "$NSISO_TEST/answer.sock"
	mkdir -m 1777 /tmp/.X11-unix
	xauth -q -f "$NSISO_TEST/xauthority" add :7 . 0123456789abcdef0123456789abcdef 2>/dev/null
	# What xauth agrees with it on for programs that are not trusted, it forgets at a reset, with its last client.
	start_daemon x11 Xvfb :7 -noreset -nolisten tcp -auth "$NSISO_TEST/xauthority" -screen 0 64x64x8
	wait_until 20 test -S /tmp/.X11-unix/X7
	# Displays of both must not meet on the host's network.
	start_sshd x11 'X11Forwarding yes'
	SSHD_PROGRAM=/usr/sbin/sshd-plain start_sshd plain-x11 'X11Forwarding yes' 'X11DisplayOffset 30'
}

teardown_file() { end_world; }
setup() { beside_begin; }

teardown() {
	rm -rf /home/{alice,nolan,plain}/{*,.[!.]*} "$NSISO_TEST"/beside.*
	finish
}

host_port() {
	sed -n 's/.*listening on AF=2 127.0.0.1:\([0-9]*\)$/\1/p' "$NSISO_TEST/daemon.answer-host.out" | head -1 | grep .
}

ask() { # SOCAT ADDRESS
	within 5 socat -u "$1" - 2>/dev/null
}

# A connection of its own with these options, until stop_back; what it serves is there when this returns.
in_back() { # SSH OPTION...
	ssh -F "$(config_of "${sshd:-main}")" -v -o ExitOnForwardFailure=yes "$@" "$user@nsiso" </dev/null >back.out 2>&1 &
	back=$!
	wait_until 10 ssh_serves back.out "$@" || cat back.out
}

stop_back() {
	kill "$back"
	wait "$back" 2>/dev/null
}

# The first connection has a service on a port and on a socket in /tmp, as editors leave theirs behind; each
# later connection gets there.
serve() {
	ssh -F "$client" "$user@nsiso" "
		socat UNIX-LISTEN:/tmp/$user.sock,fork SYSTEM:'echo from-socket' &
		socat TCP-LISTEN:$port,bind=127.0.0.1,fork,reuseaddr SYSTEM:'echo from-port' &
		until [ -S /tmp/$user.sock ] && (: </dev/tcp/127.0.0.1/$port) 2>/dev/null; do sleep 0.05; done
		echo ready; wait; rm -f /tmp/$user.sock" </dev/null >served 2>/dev/null &
	server=$!
	wait_until 15 grep -q ready served
}

stop_serving() {
	go "pkill -u $user -x socat"
	wait "$server"
}

do_forward_local() {
	serve
	in_back -N -L "$dir/port.sock:127.0.0.1:$port" -L "$dir/path.sock:/tmp/$user.sock" -L "$dir/host.sock:127.0.0.1:$(host_port)" \
		-D "127.0.0.1:$((port + 10000))"
	ask UNIX-CONNECT:port.sock
	ask UNIX-CONNECT:path.sock
	echo "host: $(ask UNIX-CONNECT:host.sock)"
	ask "SOCKS4A:127.0.0.1:localhost:$port,socksport=$((port + 10000))"
	go -W "127.0.0.1:$port"
	stop_back
	stop_serving
}

do_forward_remote() {
	in_back -N -R "$port:$NSISO_TEST/answer.sock" -R "/tmp/$user.back:$NSISO_TEST/answer.sock"
	go "cat </dev/tcp/127.0.0.1/$port; socat -u UNIX-CONNECT:/tmp/$user.back -"
	echo "from the host: $(ask "TCP:127.0.0.1:$port")"
	stop_back
	rm -f "/tmp/$user.back"
}

do_jump() {
	echo "jumped: $(go -J "$user@nsiso" 'id -un' 2>/dev/null)"
}

do_control() {
	local n
	in_back -M -S control -N
	for n in 1 2 3; do
		go -S control "echo $n; readlink /proc/self/ns/pid" >"channel.$n" &
	done
	wait %2 %3 %4
	sort -u channel.* | grep -c pid:
	within 10 scp -q -o ControlPath=control -F "$client" /etc/hostname "$user@nsiso:copy" && cmp /etc/hostname "/home/$user/copy"
	go -S control 'exit 9'
	echo $?
	go -S control -O exit
	wait "$back"
}

do_agent() {
	eval "$(ssh-agent -a agent)" >/dev/null
	ssh-add -q "$NSISO_TEST/key"
	go -A 'ssh-add -l | grep -c ED25519; stat -c "%U %a" "${SSH_AUTH_SOCK%/*}" "$SSH_AUTH_SOCK"'
	kill "$SSH_AGENT_PID"
}

# sshd's port for a display, the cookie, and what the client's X server says, to one whom it trusts not alone.
do_display() { # SSH OPTION...
	local sshd=x11 display
	cp "$NSISO_TEST/xauthority" .
	export DISPLAY=:7 XAUTHORITY=$dir/xauthority
	go "$@" 'exec 2>&1; echo "${DISPLAY%:*}"; xauth list "$DISPLAY" | grep -c MIT; stat -c "%U %a" .Xauthority
		timeout 25 xdpyinfo >info; grep "dimensions\|vendor string" info; echo "trusted: $(grep -cw XTEST info)"
		echo "${DISPLAY#*:}" >display.new; mv display.new display; until [ -e go ]; do sleep 0.1; done' 2>said &
	wait_until 30 test -e "/home/$user/display"
	display=$(cat "/home/$user/display")
	echo "the host's port: $(ss -Hltne "src 127.0.0.1:$((6000 + ${display%.*}))" | grep -cw "uid:$(id -u "$user")")"
	touch "/home/$user/go"
	wait $!
	cat said
}

do_display_trusted() { do_display -Y; }
do_display_untrusted() { do_display -X -o ForwardX11Trusted=no; }

do_sshfs() {
	local n
	mkdir mnt
	sshfs -F "$client" "$user@nsiso:" mnt && echo hello >mnt/file
	cat "/home/$user/file"
	stat -c '%U %s' "/home/$user/file"
	mv mnt/file mnt/other
	ls mnt
	fusermount3 -u mnt
}

# ping, files, commands and modules, as its users have it and with what saves connections.
play() { # SETTING...
	within 100 env HOME="$dir" ANSIBLE_NOCOLOR=1 ANSIBLE_DEPRECATION_WARNINGS=0 ANSIBLE_SSH_ARGS="-F $client" \
		ANSIBLE_STDOUT_CALLBACK=minimal "$@" ansible-playbook -i nsiso, -u "$user" book.yml 2>&1 |
		grep -E -A4 'SUCCESS|CHANGED|FAILED|UNREACHABLE' | grep -vE '^--|"(dest|src|gid|checksum|md5sum|changed)"'
}

do_ansible() {
	cat >book.yml <<-'EOT'
		- hosts: all
		  gather_facts: no
		  vars: {ansible_python_interpreter: /usr/bin/python3}
		  tasks:
		  - ping:
		  - copy: {content: "one\ntwo\n", dest: copied, mode: "0640"}
		  - shell: wc -l <copied; id -un; pwd; tr a-z A-Z
		    args: {stdin: input}
		  - fetch: {src: copied, dest: fetched, flat: yes}
	EOT
	play ANSIBLE_PIPELINING=0
	play ANSIBLE_PIPELINING=1 ANSIBLE_SSH_TRANSFER_METHOD=scp \
		ANSIBLE_SSH_ARGS="-F $client -o ControlMaster=auto -o ControlPersist=60 -o ControlPath=$dir/control"
	go -S control -O exit
	cat fetched
}

@test "-L, -D and -W reach ports and sockets that an earlier connection listens on" {
	beside do_forward_local $'^from-port\nfrom-socket\nhost: from-host\nfrom-port\nfrom-port'
}

@test "-R listens where the session is" {
	beside do_forward_remote $'^from-client\nfrom-client\nfrom the host: from-client'
}

@test "-J goes through the session" {
	beside do_jump '^jumped: USER'
}

@test "the channels of one connection share its session" {
	beside do_control $'^1\n9\n'
}

@test "a forwarded agent answers" {
	beside do_agent $'^1\nUSER 700\nUSER [67]'
}

@test "a program of X11 reaches the client's display (-Y)" {
	beside do_display_trusted $'^localhost\n1\nUSER 600\n.*vendor.*\n.*64x64.*\ntrusted: 1\n[^\n]*: 1\n.*status 0'
}

@test "a program of X11 that the display does not trust reaches it (-X)" {
	beside do_display_untrusted $'^localhost\n1\nUSER 600\n.*vendor.*\n.*64x64.*\ntrusted: 0\n[^\n]*: 1\n.*status 0'
}

@test "sshfs mounts the home" {
	[[ -c /dev/fuse && -w /dev/fuse ]] || skip "there is no /dev/fuse"
	beside do_sshfs $'^hello\nUSER 6\nother\nstatus 0'
}

@test "ansible runs and copies, with and without pipelining" {
	beside do_ansible $'^(nsiso \\| SUCCESS[^W]*"pong"[^W]*rc=0 >>\n2\nUSER\n/home/USER\nINPUT\n[^W]*){2}one\ntwo\nstatus 0$'
}
