#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# What a login by ssh sees and keeps.
load lib

setup_file() {
	world alice
	make_user carol /bin/bash
	echo "Welcome to the test." >/etc/motd
}

teardown_file() { end_world; }

setup() {
	begin
	[[ $NSISO_PLAIN == 1 ]] || write_policy users.d/carol.conf <<-'EOT'
		[session]
		mode = off
	EOT
}

teardown() { finish; }

namespaces() { # USER NAME...
	local user=$1

	shift
	ssh_as "$user" "cd /proc/self/ns && readlink $*"
}

@test "a login has mount, pid, ipc, uts, time and cgroup namespaces of its own, and the host's network" {
	needs_product
	local name inside
	for name in mnt pid ipc uts time cgroup; do
		inside=$(namespaces alice "$name")
		assert_match "$inside" "^$name:\[[0-9]+\]$"
		assert_differ "$inside" "$(readlink "/proc/self/ns/$name")"
	done
	assert_equal "$(namespaces alice net)" "$(readlink /proc/self/ns/net)"
	assert_equal "$(namespaces alice user)" "$(readlink /proc/self/ns/user)"
}

@test "a user whose policy says mode=off stays in the host's namespaces" {
	assert_equal "$(namespaces carol mnt pid ipc uts net time cgroup)" \
		"$(cd /proc/self/ns && readlink mnt pid ipc uts net time cgroup)"
}

@test "net=none gives a network of its own in which only lo is there and up" {
	needs_product
	write_policy users.d/alice.conf <<-'EOT'
		[net]
		mode = none
	EOT
	assert_differ "$(namespaces alice net)" "$(readlink /proc/self/ns/net)"
	run ssh_as alice 'exec 2>&1; tail -n +3 /proc/net/dev | cut -d: -f1; cat < /dev/null > /dev/tcp/127.0.0.1/1'
	assert_match "$output" '^ *lo'$'\n'
	assert_match "$output" 'Connection refused'
	assert_equal "$(ssh_as alice "tail -n +3 /proc/net/dev | wc -l")" 1
}

@test "process ids start anew: the shell's is small, and PID 1 is nsshell-init" {
	needs_product
	local pid
	pid=$(ssh_as alice 'echo $$')
	((pid > 1 && pid < 30)) || fail "pid $pid"
	wait_until 5 refute has_instance alice
	hold a alice
	assert_equal "$(cat "/proc/$(record_of alice init)/comm")" nsshell-init
	assert_equal "$(sed -n 's/^NSpid:.*\t//p' "/proc/$(record_of alice init)/status")" 1
}

@test "/proc and ps show the login's own processes and PID 1, nothing else" {
	needs_product
	local user
	hold a alice
	while read -r user; do
		assert_match "$user" '^(alice|nsiso|root)$'
	done < <(ssh_as alice 'ps -eo user=')
	run ssh_as alice 'ps -eo pid=,comm=,args='
	assert_status 0
	refute_match "$output" 'bats|cron|logcatch|listener'
	((${#lines[@]} < 15)) || fail "$output"
	run ssh_as alice "ls -d /proc/$(daemon_pid sshd.main)"
	assert_match "$output" 'No such file'
}

@test "the host name follows the template and the host keeps its own" {
	needs_product
	local host
	host=$(uname -n)
	write_policy users.d/alice.conf <<-'EOT'
		[uts]
		hostname = %u-%h
	EOT
	assert_equal "$(ssh_as alice 'uname -n')" "alice-$host"
	assert_equal "$(uname -n)" "$host"
}

@test "the uptime starts anew in the time namespace" {
	needs_product
	write_policy users.d/alice.conf <<-'EOT'
		[time]
		enable = yes
		boottime = 0
	EOT
	local inside outside
	inside=$(ssh_as alice 'cut -d. -f1 /proc/uptime')
	outside=$(cut -d. -f1 /proc/uptime)
	((inside < outside)) || fail "inside $inside, outside $outside"
	write_policy users.d/alice.conf <<-'EOT'
		[time]
		boottime = 1000000000
	EOT
	wait_until 5 refute has_instance alice
	inside=$(ssh_as alice 'cut -d. -f1 /proc/uptime')
	((inside >= 1000000000 && inside < 1000001000)) || fail "inside $inside"
}

@test "/tmp, /var/tmp and /dev/shm are private, of mode 1777 and gone with the instance" {
	needs_product
	local dir
	for dir in /tmp /var/tmp /dev/shm; do
		echo host >"$dir/of-the-host"
		run ssh_as alice "stat -c %a $dir; ls -A $dir; echo mine > $dir/of-alice; cat $dir/of-alice"
		assert_output "1777"$'\n'"mine"
		[[ ! -e $dir/of-alice ]] || fail "$dir/of-alice is on the host"
		rm "$dir/of-the-host"
	done
	wait_until 5 refute has_instance alice
	assert_equal "$(ssh_as alice 'ls -A /tmp /var/tmp /dev/shm' | grep of-)" ""
}

@test "tmp=shared is the host's /tmp" {
	needs_product
	write_policy users.d/alice.conf <<-'EOT'
		[mount]
		tmp = shared
	EOT
	echo host >/tmp/of-the-host
	chmod 0644 /tmp/of-the-host
	assert_equal "$(ssh_as alice 'cat /tmp/of-the-host')" host
	rm /tmp/of-the-host
}

@test "the exit status is the command's" {
	local code
	for code in 0 1 7 254 255; do
		run ssh_as alice "exit $code"
		assert_status "$code"
	done
	run -127 ssh_as alice /nowhere/nothing
}

@test "a shell that dies by a signal is reported as such" {
	run ssh_as alice -v 'kill -TERM $$'
	assert_status 255
	assert_match "$output" 'exit-signal'
	run ssh_as alice 'sh -c "kill -KILL \$\$"; echo $?'
	assert_match "$output" '137'
}

@test "pipes are clean for megabytes of binary data in both directions" {
	head -c 4000000 /dev/urandom >"$BATS_TEST_TMPDIR/data"
	local sum
	sum=$(sha256sum <"$BATS_TEST_TMPDIR/data")
	assert_equal "$(ssh_as alice sha256sum <"$BATS_TEST_TMPDIR/data")" "$sum"
	assert_equal "$(ssh_as alice cat <"$BATS_TEST_TMPDIR/data" | sha256sum)" "$sum"
	assert_equal "$(ssh_as alice 'cat >&2' <"$BATS_TEST_TMPDIR/data" 2>&1 >/dev/null | sha256sum)" "$sum"
}

@test "the end of standard input reaches the command" {
	assert_equal "$(printf 'b\na\n' | ssh_as alice 'sort; echo end')" $'a\nb\nend'
	assert_equal "$(ssh_as alice 'cat; echo end' </dev/null)" end
}

@test "a command prints nothing that it does not print itself" {
	ssh_as alice true >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" </dev/null
	assert_equal "$(cat "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err" | wc -c)" 0
}

@test "ssh returns although a background process lives on, and the instance's end takes that with it" {
	run ssh_as alice 'exec >/dev/null 2>&1 </dev/null; sleep 1000 &'
	assert_status 0
	[[ $NSISO_PLAIN == 0 ]] || kill "$(pgrep -u alice -x sleep)"
}

on_terminal() { # USER STEP...
	local user=$1

	shift
	"$here/terminal.py" -s 33x99 'expect:\$ $' 'send:PS1=@; unset PROMPT_COMMAND\n' 'expect:\n@' "$@" -- \
		ssh -F "$NSISO_TEST/sshd.main.client" -tt "$user@nsiso" 3>&-
}

@test "a terminal has the window's size and follows its changes" {
	run on_terminal alice 'send:stty size\n' 'expect:33 99' 'size:40x120' \
		'send:until [ "$(stty size)" = "40 120" ]; do sleep 0.1; done; echo re"sized"\n' 'expect:resized' 'send:exit\n'
	assert_status 0
}

@test "a terminal is the controlling one and has job control" {
	# What the job answers shows that it has the terminal again, before it is interrupted.
	run on_terminal alice 'send:sh -c "echo up; exec cat"\n' 'expect:\nup' 'send:\x1a' 'expect:Stopped' 'expect:\n@' \
		'send:sleep 1001 & echo "<$(jobs -r | wc -l)$(jobs -s | wc -l)>"; kill %2\n' 'expect:<11>' \
		'send:fg %1\n' 'expect:\nsh -c .*cat' 'send:ping\n' 'expect:ping\r\nping' 'send:\x03' 'expect:\n@' \
		'send:echo int=$?; : </dev/tty && echo have "tty"\n' 'expect:int=130' 'expect:have tty' \
		'send:exit 5\n'
	assert_status 5
}

@test "the interactive shell is a login shell called -bash that reads the profile" {
	echo 'export FROM_PROFILE=yes' >/home/alice/.bash_profile
	run on_terminal alice 'send:echo "<$0 $SHELL $FROM_PROFILE $(shopt login_shell | cut -f2)>"\n' \
		'expect:<-bash /bin/bash yes on>' 'send:exit\n'
	rm /home/alice/.bash_profile
	assert_status 0
}

@test "the message of the day is shown once" {
	run on_terminal alice 'send:exit\n'
	assert_equal "$(grep -c 'Welcome to the test' <<<"$output")" 1
}

@test "the policy's shell is what runs" {
	needs_product
	write_policy users.d/alice.conf <<-'EOT'
		[session]
		shell = /bin/dash
	EOT
	assert_equal "$(ssh_as alice 'readlink /proc/$$/exe; echo $SHELL')" $'/usr/bin/dash\n/bin/dash'
	run "$here/terminal.py" 'expect:\$ $' 'send:echo "<$0>"\n' 'expect:<-dash>' 'send:exit\n' -- \
		ssh -F "$NSISO_TEST/sshd.main.client" -tt alice@nsiso 3>&-
	assert_status 0
}

@test "TERM and accepted variables pass unchanged" {
	run env TERM=vt220 LC_MESSAGES="x y" ssh -F "$NSISO_TEST/sshd.main.client" -o SendEnv=LC_MESSAGES -tt alice@nsiso \
		'echo "$TERM,$LC_MESSAGES,"' </dev/null
	assert_match "$output" '^vt220,x y,'
}

@test "environment, limits, umask, signals, nice, affinity and descriptors are those of a plain login" {
	local what user seen=()
	for what in 'env | grep -v ^SSH_' 'umask; ulimit -a; ulimit -aH' 'nice; ps -o cls=,ni= -p $$; ionice' 'taskset -p $$ | cut -d: -f2' \
		'grep -E "^Sig(Blk|Ign|Cgt)" /proc/$$/status' 'ls /proc/$$/fd' 'pwd; id' \
		'grep -E "^Cap(Inh|Prm|Eff|Amb)|^Seccomp" /proc/self/status' \
		'cat /proc/$$/oom_score_adj' 'echo $0 $- $#'; do
		for user in alice carol; do
			seen[${#seen[@]}]=$(ssh_as "$user" "$what" </dev/null |
				sed "s/$user/USER/g; s/\\b$(id -u "$user")\\b/UID/g" | tr -d ' ' | sort)
		done
		assert_equal "${seen[-2]}" "${seen[-1]}"
	done
}

# What the descriptors of the sshd process that serves the user are, without numbers.
served_by() { # USER
	local child

	hold a "$1"
	child=$(pgrep -P "$(pgrep -P "$(daemon_pid sshd.main)")" -u "$1")
	find "/proc/$child/fd" -type l -printf '%l\n' | sed 's/[0-9][0-9]*/N/g' | sort
	release a
	wait_until 5 eval '! pgrep -P "$(daemon_pid sshd.main)" >/dev/null'
}

@test "the process that serves the user holds the descriptors of a plain login and no others" {
	local isolated
	isolated=$(served_by alice)
	assert_match "$isolated" 'socket'
	assert_equal "$isolated" "$(served_by carol)"
}

@test "the state folder belongs to root alone, and inside there is nothing of it but the init's socket" {
	needs_product
	local dir
	hold a alice
	dir=$(instance_of alice)
	assert_match "$dir" '^/run/nsiso/alice/[0-9a-f]+$'
	assert_equal "$(stat -c '%a %U %G' /run/nsiso/alice "$dir" | sort -u)" "700 root root"
	# Beside it lie the empty file and folder that cover what a policy hides.
	run ssh_as alice 'exec 2>&1; cd /run/nsiso && ls -AF; cat null; ls -A void'
	assert_equal "${lines[*]:0:3}" "init= null void/"
	assert_equal "$(grep -c 'Permission denied' <<<"$output")" 2
	assert_equal "${#lines[@]}" 5
}

@test "the record names supervisor, init and cgroup" {
	needs_product
	local init supervisor
	hold a alice
	supervisor=$(record_of alice supervisor)
	init=$(record_of alice init)
	assert_equal "$(cat "/proc/$supervisor/comm" "/proc/$init/comm")" $'nsshell-init\nnsshell-init'
	assert_equal "$(sed 's/.*) //' "/proc/$init/stat" | cut -d' ' -f2)" "$supervisor"
	assert_equal "$(ps -o user= -p "$supervisor" -p "$init" | tr -d ' ' | tr '\n' ' ')" "root nsiso "
	assert_equal "$(sed -n 's/^init=[0-9]* //p' "$(instance_of alice)/record")" \
		"$(sed 's/.*) //' "/proc/$init/stat" | cut -d' ' -f20)"
	[[ $(record_of alice cgroup) ]]
}

@test "opening and closing are logged in one line each" {
	needs_product
	write_policy users.d/alice.conf <<-'EOT'
		[session]
		scope = user
	EOT
	local id
	ssh_as alice true
	assert_log 'pam_nsiso\(sshd:session\): session opened: user=alice id=[0-9a-f]+ instance=new policy=default.conf,users.d/alice.conf ns=mount,pid,ipc[a-z,]* cgroup=[^ ]+ usec=[0-9]+$'
	id=$(log_lines | sed -n 's/.*session opened: .*id=\([0-9a-f]*\).*/\1/p')
	assert_log "pam_nsiso\\(sshd:session\\): session closed: .*id=$id"
	assert_equal "$(log_lines | grep -c pam_nsiso)" 2
}

@test "a forced command runs in the isolation and finds the client's command" {
	start_sshd forced 'ForceCommand echo "[$SSH_ORIGINAL_COMMAND]"; readlink /proc/self/ns/pid'
	snapshot
	run env SSHD=forced bash -c "$(declare -f ssh_as); ssh_as alice \"one  'two' three\""
	assert_status 0
	assert_equal "${lines[0]}" "[one  'two' three]"
	[[ $NSISO_PLAIN == 1 ]] || assert_differ "${lines[1]}" "$(readlink /proc/self/ns/pid)"
	assert_no_leftovers
	stop_daemon sshd.forced
}

@test "nothing but the namespaces' owner changes hands: the login has no capabilities" {
	run ssh_as alice 'grep -E "^Cap(Inh|Prm|Eff|Amb)" /proc/self/status | sort -u -k2 | wc -l; grep CapEff /proc/self/status'
	assert_equal "${lines[0]}" 1
	assert_match "${lines[1]}" '0000000000000000'
}
