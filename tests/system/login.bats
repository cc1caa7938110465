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
	run ssh_as alice 'ls -A /tmp /var/tmp /dev/shm'
	assert_status 0
	refute_match "$output" of-
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

@test "the state folder belongs to root alone, and inside there is nothing of it but the init's sockets" {
	needs_product
	local dir
	hold a alice
	dir=$(instance_of alice)
	assert_match "$dir" '^/run/nsiso/alice/[0-9a-f]+$'
	assert_equal "$(stat -c '%a %U %G' /run/nsiso/alice "$dir" | sort -u)" "700 root root"
	# Beside it lie the empty file and folder that cover what a policy hides.
	run ssh_as alice 'exec 2>&1; cd /run/nsiso && ls -AF; cat null; ls -A void'
	assert_equal "${lines[*]:0:4}" "init= null status= void/"
	assert_equal "$(grep -c 'Permission denied' <<<"$output")" 2
	assert_equal "${#lines[@]}" 6
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
	run env SSHD=forced bash -c "$(declare -f ssh_as within); ssh_as alice \"one  'two' three\""
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
