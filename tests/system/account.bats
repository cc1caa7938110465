#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# What the sessions of a user have used, and why a process was killed: in the log, and for the user.
load lib

setup_file() { world alice bob; }
teardown_file() { end_world; }
setup() { begin && needs_product; }
teardown() { finish; }

alice_has() { # LINE OF [cgroup]...
	alice_has_section cgroup "$@"
}

needs_controllers() {
	local controller

	for controller; do
		[[ $(cgroup_of "$controller") ]] || skip "no $controller controller"
	done
}

# Touches 300 MiB and says how it ended.
hog='exec 2>/dev/null; head -c 300M /dev/zero | tail >/dev/null; echo "${PIPESTATUS[1]}"'

# value_of KEY EVENT: of the last such record of alice's.
value_of() {
	log_lines | sed -n "s/.*: event=$2 user=alice .* $1=\([^ ]*\).*/\1/p" | tail -n 1
}

# text_of KEY: a figure of a text of "KEY=NUMBER" lines on standard input.
text_of() {
	sed -n "s/^$1=//p"
}

status_socket='socat - UNIX:/run/nsiso/status'

@test "a hog that is killed is told of at once, with the count and the limit" {
	needs_controllers memory
	alice_has "memory.max = 64M"
	hold a alice
	run ssh_as alice "$hog"
	assert_output 137
	assert_log "out of memory: event=oom user=alice id=$(basename "$(instance_of alice)") count=1 total=1 limit=$((64 << 20))\$"
	has_instance alice
}

@test "the end of a session and of the instance sum up: peak, kills, who it was, why it ended" {
	needs_controllers memory
	alice_has "memory.max = 64M"
	hold a alice
	ssh_as alice "$hog"
	assert_log 'event=oom user=alice'
	release a
	assert_log 'instance ended: event=instance-end user=alice id=[0-9a-f]+ reason=last-session seconds=[0-9]+ '
	assert_equal "$(value_of oom_kills instance-end)" 1
	assert_equal "$(value_of oom_kills session-end)" 1
	(($(value_of memory_peak instance-end) > 60 << 20))
	(($(value_of memory_peak instance-end) <= 64 << 20))
	assert_log 'session ended: event=session-end user=alice id=[0-9a-f]+ reason=closed service=sshd tty=ssh rhost=127.0.0.1 pid=[0-9]+ seconds='
	assert_equal "$(log_lines | grep -c 'event=session-end user=alice')" 2
	assert_equal "$(log_lines | grep -c 'event=instance-end user=alice')" 1
}

@test "a session's figures are those of its own time" {
	needs_controllers memory
	alice_has "memory.max = 64M"
	hold a alice
	ssh_as alice "$hog"
	assert_log 'event=session-end'
	log_mark
	ssh_as alice true
	assert_log 'event=session-end'
	assert_equal "$(value_of oom_kills session-end)" 0
}

@test "refused forks are told of, with the limit, and counted" {
	needs_controllers pids
	alice_has "pids.max = 20"
	hold a alice
	ssh_as alice 'for i in $(seq 40); do sleep 2 & done 2>/dev/null; :' || :
	assert_log "too many processes: event=pids user=alice id=[0-9a-f]+ count=[0-9]+ total=[0-9]+ limit=20\$"
	release a
	assert_log 'event=instance-end'
	(($(value_of pids_refused instance-end) > 0))
	local peak
	peak=$(value_of pids_peak instance-end)
	[[ ! $peak ]] || assert_equal "$peak" 20
}

@test "time of a processor, bytes read and written are counted where the kernel does, and never made up" {
	needs_controllers cpu
	alice_has "cpu.max = 10%"
	ssh_as alice 'timeout 1 sh -c "while :; do :; done"; :'
	assert_log 'event=instance-end'
	(($(value_of throttled_periods instance-end) > 0))
	assert_match "$(value_of throttled instance-end)" '^[0-9]+\.[0-9]{3}$'
	if [[ -e $(cgroup_of cpu)/cpu.stat ]] && grep -q usage_usec "$(cgroup_of cpu)/cpu.stat"; then
		refute_match "$(value_of cpu instance-end)" '^0\.[0-2]'
	elif [[ ! -e $(cgroup_of cpu)/cpuacct.usage ]]; then
		assert_equal "$(value_of cpu instance-end)" ""
	fi
	# Nothing of memory was limited, so nothing is known of it.
	is_v2 || assert_equal "$(value_of memory_peak instance-end)" ""
}

is_v2() {
	[[ -e /sys/fs/cgroup/cgroup.controllers ]]
}

@test "what happens just before the end is not lost" {
	needs_controllers memory
	alice_has "memory.max = 64M"
	ssh_as alice "$hog"
	assert_log 'event=instance-end'
	assert_log 'event=oom user=alice id=[0-9a-f]+ count=1 total=1 '
	assert_equal "$(value_of oom_kills instance-end)" 1
	log_mark
	# The same, and the admin ends it meanwhile.
	hold a alice
	ssh_as alice "$hog"
	kill "$(record_of alice supervisor)"
	assert_log 'event=instance-end user=alice id=[0-9a-f]+ reason=shutdown .* oom_kills=1'
	assert_log 'event=oom user=alice id=[0-9a-f]+ count=1 total=1 '
}

@test "a burst is one record" {
	needs_controllers memory
	alice_has "memory.max = 64M"
	hold a alice
	local start=$SECONDS
	run ssh_as alice 'exec 2>/dev/null; for i in 1 2 3 4 5 6; do head -c 300M /dev/zero | tail >/dev/null; done'
	release a
	assert_log 'event=instance-end'
	assert_equal "$(value_of oom_kills instance-end)" 6
	# One in five seconds, the first and the last.
	(($(log_lines | grep -c 'event=oom user=alice') <= 3 + (SECONDS - start) / 5)) || fail "$(log_lines | grep event=oom)"
	assert_equal "$(log_lines | sed -n 's/.*event=oom .* count=\([0-9]*\) .*/\1/p' | awk '{ sum += $1 } END { print sum }')" 6
}

@test "an init that is killed is told of with the signal" {
	hold a alice
	kill -KILL "$(record_of alice init)"
	assert_log 'instance ended: event=instance-end user=alice id=[0-9a-f]+ reason=init-killed signal=9 '
}

@test "sessions that the end of the instance ends have a record each" {
	hold a alice
	hold b alice
	kill "$(record_of alice init)"
	assert_log 'event=instance-end user=alice'
	assert_equal "$(log_lines | grep -c 'event=session-end user=alice')" 2
}

@test "a folder that vanishes takes nothing but its figures with it" {
	needs_controllers memory pids
	alice_has "memory.max = 64M" "pids.max = 50"
	hold a alice
	local dir id pid to rest='.*pids_refused=0'
	dir=$(cgroup_of memory)
	to=$dir
	# With version 2 only leaves hold processes, and there is no other folder for pids.
	! is_v2 || to=$dir/tests rest=
	id=$(basename "$(instance_of alice)")
	# Out of the way, as a tidy admin's script would do it, behind the supervisor's back.
	while read -r pid; do
		echo "$pid" >"$to/cgroup.procs"
	done < <(cat "$dir/alice/$id/cgroup.procs")
	rmdir "$dir/alice/$id" "$dir/alice"
	assert_equal "$(ssh_as bob 'echo bob')" bob
	wait_until 5 idle "$(record_of alice supervisor)"
	release a
	assert_log "event=instance-end user=alice id=[0-9a-f]+ reason=last-session $rest"
}

# Whether a process waits, and uses no time.
idle() { # PID
	local before after

	before=$(awk '{ print $14 + $15 }' "/proc/$1/stat")
	sleep 0.5
	after=$(awk '{ print $14 + $15 }' "/proc/$1/stat")
	((after - before < 10))
}

@test "nsshell --status shows limits, use, peaks and the last kill with its time" {
	needs_controllers memory pids
	alice_has "memory.max = 64M" "pids.max = 50"
	hold a alice
	run ssh_as alice 'nsshell --status'
	assert_status 0
	assert_match "$output" "^alice: isolated, instance $(basename "$(instance_of alice)")"$'\n'
	assert_match "$output" 'Memory: [0-9.]+[BKM] \(max: 64.0M, peak: [0-9.]+M'
	assert_match "$output" 'Tasks: [0-9]+ \(limit: 50'
	refute_match "$output" 'kill'
	ssh_as alice "$hog"
	assert_log 'event=oom'
	run ssh_as alice 'nsshell --status'
	assert_match "$output" 'OOM kills: 1'
	assert_match "$output" "Last kill: $(date '+%a %Y-%m-%d %H:')[0-9:]+ [A-Z]+; [0-9]+s ago"
	assert_equal "$(ssh_as alice 'cat /run/nsiso/events')" "$(cat "$(instance_of alice)/in/events")"
	assert_match "$(ssh_as alice 'cat /run/nsiso/events')" '^time=[0-9]+ event=oom user=alice id=[0-9a-f]+ count=1 '
}

@test "the same figures come as text over a socket, which hears nothing and cannot be worn out" {
	needs_controllers pids
	alice_has "pids.max = 50"
	hold a alice
	run ssh_as alice "$status_socket"
	assert_equal "$(text_of pids_max <<<"$output")" 50
	(($(text_of pids <<<"$output") > 1))
	# (the parent of version 2's groups has it for all)
	is_v2 || assert_equal "$(text_of memory <<<"$output")" ""
	local fds
	fds=$(find "/proc/$(record_of alice init)/fd" | wc -l)
	run ssh_as alice "head -c 100000 /dev/zero | $status_socket | grep -c ."
	assert_match "$output" '[0-9]'
	# Many at once, and those that never read.
	ssh_as alice '/usr/bin/python3 -c "
import socket
for i in range(200):
    s = socket.socket(socket.AF_UNIX); s.setblocking(False)
    try: s.connect(\"/run/nsiso/status\")
    except BlockingIOError: pass
"'
	assert_match "$(SSH_TIMEOUT=60 ssh_as alice 'nsshell --status')" 'limit: 50'
	wait_until 5 idle "$(record_of alice init)"
	assert_equal "$(find "/proc/$(record_of alice init)/fd" | wc -l)" "$fds"
}

@test "nobody but the user and root is told" {
	needs_controllers pids
	alice_has "pids.max = 50"
	hold a alice
	run nsenter -t "$(record_of alice init)" -m setpriv --reuid=bob --regid=bob --clear-groups socat -T 2 - UNIX:/run/nsiso/status
	refute_match "$output" 'pids'
	run nsenter -t "$(record_of alice init)" -m socat -T 2 - UNIX:/run/nsiso/status
	assert_match "$output" 'pids_max=50'
}

@test "it works as a virtual root, in a user namespace of its own, and where each session is an instance" {
	needs_controllers pids
	local lines
	for lines in $'[user]\nmap = root\nsubid = none' $'[user]\nmap = identity' $'[session]\nscope = session'; do
		alice_has "pids.max = 50"
		printf '%s\n' "$lines" >>/etc/nsiso/users.d/alice.conf
		run ssh_as alice 'nsshell --status'
		assert_status 0
		assert_match "$output" 'Tasks: [0-9]+ \(limit: 50'
		wait_until 10 refute has_instance alice
	done
}

@test "with [cgroup] enable=no it says that there is nothing to say" {
	alice_has "enable = no"
	run ssh_as alice 'nsshell --status'
	assert_status 0
	assert_match "$output" '^alice: isolated'
	refute_match "$output" 'Memory|Tasks|CPU'
	assert_log 'event=instance-end user=alice id=[0-9a-f]+ reason=last-session seconds=[0-9]+$'
}

@test "outside of an instance it says so, with status 3" {
	run setpriv --reuid=alice --regid=alice --clear-groups --reset-env "$NSSHELL" --status
	assert_status 3
	assert_output "nsshell: this process is not isolated: it is in no instance"
	run "$NSSHELL" --status
	assert_status 3
}

@test "instances of one user beside each other each tell of their own" {
	needs_controllers memory
	alice_has "memory.max = 64M"
	printf '%s\n' '[session]' 'scope = session' >>/etc/nsiso/users.d/alice.conf
	hold a alice
	ssh_as alice "$hog"
	wait_until 10 log_has 'event=instance-end user=alice .*oom_kills=1'
	release a
	wait_until 10 eval '(($(log_lines | grep -c "event=instance-end user=alice") == 2))'
	if is_v2; then
		# (counted upwards, to the user's group)
		assert_equal "$(value_of oom_kills instance-end)" 1
	else
		assert_equal "$(log_lines | grep -c 'event=oom user=alice')" 1
		assert_equal "$(value_of oom_kills instance-end)" 0
	fi
}

@test "journald gets each pair as a field, and syslog then nothing" {
	mkdir -p /run/systemd/journal
	/usr/bin/python3 - "$NSISO_TEST/journal" 3>&- <<-'EOT' &
		import os, socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind("/run/systemd/journal/socket")
		with open(sys.argv[1], "wb", buffering=0) as out:
		    while True: out.write(s.recv(65536) + b"--\n")
	EOT
	echo $! >"$NSISO_TEST/daemon.journal.pid"
	wait_until 5 test -S /run/systemd/journal/socket
	ssh_as alice true
	wait_until 10 grep -q NSISO_EVENT=instance-end "$NSISO_TEST/journal"
	stop_daemon journal
	rm /run/systemd/journal/socket
	grep -qx 'MESSAGE=session ended: event=session-end user=alice .*' "$NSISO_TEST/journal"
	local field
	for field in PRIORITY=5 SYSLOG_FACILITY=10 SYSLOG_IDENTIFIER=nsiso NSISO_USER=alice NSISO_SERVICE=sshd NSISO_REASON=closed; do
		grep -qx "$field" "$NSISO_TEST/journal"
	done
	refute_log 'event='
	# It has gone: syslog again.
	ssh_as alice true
	assert_log 'event=instance-end'
}

@test "transfers and commands see nothing of all this" {
	needs_controllers memory
	alice_has "memory.max = 64M"
	hold a alice
	ssh_as alice "$hog"
	assert_log 'event=oom'
	run ssh_as alice true
	assert_output ""
}
