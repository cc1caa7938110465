# shellcheck shell=bash
# shellcheck disable=SC2016,SC2154 # scripts for the other side; variables of tests.bash and systemd.bash
#
# The admin's tools, and what lives on without a login, on a host with systemd; sourced by tests.bash.

kill_user_processes() {
	mkdir -p /run/systemd/logind.conf.d
	printf '[Login]\nKillUserProcesses=yes\n' >/run/systemd/logind.conf.d/kill.conf
	trap 'rm -r /run/systemd/logind.conf.d; restart_logind' EXIT
	restart_logind
}

# What lingers is in the session's scope, which logind keeps as "closing": so the slice and its limits stay.
lingers() {
	policy '[session]' 'linger = yes' '[cgroup]' 'memory.max = 128M' 'pids.max = 90'
	login a alice
	inside a 'setsid sleep 1000 >/dev/null 2>&1 </dev/null &'
	wait_until 30 in_own_scope alice
	logout a
	wait_until 30 has_state alice closing
	in_own_scope alice
	pgrep -u alice -x sleep
	is "$(properties user-1000.slice MemoryMax TasksMax)" "$((128 << 20)) 90"
	is "$(cat "$slice/memory.max" "$slice/pids.max" | xargs)" "$((128 << 20)) 90"
	login b alice
	is "$(inside b 'pgrep -x sleep >/dev/null && echo same')" same
	inside b 'pkill -x sleep'
	logout b
	forgotten
}

# There logind ends what a session has started, as it does without us; an instance in which nothing is left ends.
lingers_killed() {
	kill_user_processes
	policy '[session]' 'linger = yes'
	login a alice
	inside a 'setsid sleep 1000 >/dev/null 2>&1 </dev/null &'
	wait_until 30 in_own_scope alice
	logout a
	forgotten
	is "$(pgrep -u alice -x sleep)" ""
	is "$(systemctl --failed --no-legend)" ""
}

has_state() { # USER STATE
	[[ $(loginctl show-user "$1" -P State) == "$2" ]]
}

# What the manager inside starts is below the user's slice, by the host's names, and so under its limits.
manager_is_limited() {
	policy '[session]' 'user_manager = inside' '[cgroup]' 'memory.high =' 'memory.max = 160M' 'memory.swap.max = 0' 'pids.max = 90'
	login a alice
	is "$(inside a 'systemctl --user is-system-running --wait')" running
	inside a 'systemd-run --user --quiet --unit=probe sleep 1000'
	wait_until 30 pgrep -u alice -x sleep
	has "$(cat "/proc/$(pgrep -u alice -x sleep)/cgroup")" '^0::/user.slice/user-1000.slice/'
	is "$(cat "$slice/memory.max" "$slice/pids.max" | xargs)" "$((160 << 20)) 90"
	is "$(inside a 'systemd-run --user --quiet --wait --pipe sh -c "head -c 400M /dev/zero | tail >/dev/null" || echo killed')" killed
	grep -E '^oom_kill [1-9]' "$slice/memory.events"
	inside a 'systemd-run --user --quiet --wait --pipe sh -c "for i in \$(seq 120); do sleep 9 & done; :" >/dev/null 2>&1 || :'
	(($(cat "$slice/pids.current") <= 90))
	(($(cat "$slice/pids.peak" 2>/dev/null || echo 90) >= 60))
}

# Each time it drops who has asked it something; between two times it runs the jobs that it has got.  runuser has
# its scope from us, ssh has one from logind, which may have to ask again as well, and slowly.
logins_during_reexec() {
	policy '[cgroup]' 'memory.max = 128M' 'pids.max = 90'
	touch "$tmp/reexec"
	trap 'rm -f "$tmp/reexec"' EXIT
	(while [[ -e $tmp/reexec ]]; do systemctl daemon-reexec; sleep 2; done) &
	for _ in 1 2 3 4; do
		is "$(timeout 120 runuser -u alice -- cat "$slice/memory.max" "$slice/pids.max" | xargs)" "$((128 << 20)) 90"
	done
	is "$(timeout 240 ssh alice@localhost cat "$slice/memory.max" "$slice/pids.max" | xargs)" "$((128 << 20)) 90"
	rm "$tmp/reexec"
	wait
	wait_until 60 no_instances
	forgotten
	is "$(systemctl --failed --no-legend)" ""
	log_has . || :
	is "$(grep 'supervisor has no scope' "$tmp/journal" || :)" ""
}

counts_on() { # COUNT
	(($(cat /home/alice/count) > $1))
}

freezes_and_thaws() {
	local pid stopped status=0

	login a alice
	inside a 'exec >/dev/null 2>&1 </dev/null; n=0; while :; do n=$((n + 1)); echo $n >~/new; mv ~/new ~/count; sleep 0.2; done &'
	wait_until 30 test -s /home/alice/count
	nsisoctl freeze alice
	is "$(sed -n 's/^frozen //p' "$slice"/session-*.scope/cgroup.events)" 1
	stopped=$(cat /home/alice/count)
	for pid in $(instance_pids alice); do
		grep -Eq '^State:.[SR]' "/proc/$pid/status"
	done
	has "$(nsisoctl list)" 'alice .*frozen'
	timeout 60 ssh alice@localhost true || status=$?
	is "$status" 254
	wait_until 10 log_has 'session refused: user=alice .*frozen'
	is "$(cat /home/alice/count)" "$stopped"
	nsisoctl thaw alice
	wait_until 30 counts_on "$stopped"
	is "$(inside a 'echo in')" in
	rm -f /home/alice/count
}

# The monitor, which is in the slice too, must see the end of what it has started.
kills_frozen() {
	policy
	login a alice
	inside a 'setsid sleep 1000 >/dev/null 2>&1 </dev/null &'
	nsisoctl freeze alice
	timeout 60 nsisoctl kill alice
	is "$(pgrep -u alice -x sleep)" ""
	no_instances
	wait_until 10 log_has 'instance ended: event=instance-end user=alice .*reason=admin'
	is "$(ssh alice@localhost 'echo in')" in
	forgotten
}

has_tasks_max() { # NUMBER
	[[ $(properties user-1000.slice TasksMax) == "$1" ]]
}

limits_at_run_time() {
	policy '[cgroup]' 'memory.max = 128M' 'pids.max = 90'
	login a alice
	inside a true
	nsisoctl limit --for 20s alice pids.max=70
	is "$(properties user-1000.slice TasksMax) $(cat "$slice/pids.max")" "70 70"
	policy '[cgroup]' 'memory.max = 96M' 'pids.max = 90'
	nsisoctl apply alice
	is "$(properties user-1000.slice MemoryMax) $(cat "$slice/memory.max")" "$((96 << 20)) $((96 << 20))"
	wait_until 60 has_tasks_max 90
	is "$(cat "$slice/pids.max")" 90
	nsisoctl limit alice memory.max=64M
	is "$(properties user-1000.slice MemoryMax)" $((64 << 20))
	nsisoctl limit alice memory.max=-
	is "$(properties user-1000.slice MemoryMax)" $((96 << 20))
	logout a
	forgotten
}

# The host as `make install` and the shipped lines of PAM leave it.
doctor_judges() {
	local status=0

	nsisoctl doctor
	printf 'UsePAM no\n' >/etc/ssh/sshd_config.d/broken.conf
	trap 'rm /etc/ssh/sshd_config.d/broken.conf' EXIT
	nsisoctl doctor >"$tmp/doctor" || status=$?
	is "$status" 1
	has "$(cat "$tmp/doctor")" 'UsePAM'
}

trial_passes() {
	policy '[cgroup]' 'memory.max = 128M' 'pids.max = 90'
	nsisoctl trial alice >"$tmp/trial" || { cat "$tmp/trial"; return 1; }
	has "$(cat "$tmp/trial")" 'ok +pids.max: reads back as 90'
	forgotten
}

# The user's memory is scarce, not that of who looks after the end.
supervisor_is_spared() {
	local pid

	login a alice
	for pid in $(instance_pids alice); do
		is "$(cat "/proc/$pid/oom_score_adj")" -1000
	done
	is "$(inside a 'cat /proc/self/oom_score_adj')" 0
}

# Nobody is left to give back what was set, and the slice is stopped before gc does.
killed_supervisor_is_collected() {
	local tasks

	tasks=$(properties user-1000.slice TasksMax)
	policy '[cgroup]' 'memory.max = 128M' 'pids.max = 77'
	login a alice
	inside a true
	wait_until 30 in_own_scope alice
	# shellcheck disable=SC2046 # two numbers
	kill -KILL $(instance_pids alice)
	wait_until 60 test ! -e "$slice"
	test -e "$control/user-1000.slice.d/50-TasksMax.conf"
	is "$(properties user-1000.slice TasksMax)" 77
	nsisoctl gc
	is "$(remains)" ""
	forgotten
	is "$(properties user-1000.slice MemoryMax TasksMax)" "infinity $tasks"
	is "$(systemctl --failed --no-legend)" ""
}

# Two days on, and a day back: neither is anybody's end, and the end that is due comes.
times_are_not_the_clock_s() {
	policy '[session]' 'linger = 20s' 'max_lifetime = 1d'
	login a alice
	date -s '2 days'
	trap 'date -s "2 days ago"' EXIT
	sleep 2
	is "$(inside a 'echo in')" in
	inside a 'setsid sleep 1000 >/dev/null 2>&1 </dev/null &'
	logout a
	date -s '3 days ago'
	trap 'date -s "1 day"' EXIT
	pgrep -u alice -x sleep
	wait_until 120 no_instances
	is "$(pgrep -u alice -x sleep)" ""
}

prove "with linger = yes a process outlives the last logout with the slice's limits, and the next login joins it" lingers
prove "under KillUserProcesses=yes logind ends what would linger, and nothing is left" lingers_killed
prove "what systemd-run --user starts is below the user's slice, whose memory.max and pids.max hold for it" manager_is_limited
prove "logins work and are limited while systemd re-executes itself over and over" logins_during_reexec
prove "nsisoctl freeze stops the units of the user's slice and refuses logins, thaw lets it go on" freezes_and_thaws
prove "nsisoctl kill ends a frozen user's instance, who logs in again" kills_frozen
prove "nsisoctl limit and apply change the slice's properties, and a limit for a time goes back" limits_at_run_time
prove "nsisoctl doctor finds nothing wrong on a host that is set up well, and what sshd has wrong" doctor_judges
prove "nsisoctl trial passes, and leaves no unit" trial_passes
prove "what a killed supervisor left set of the slice nsisoctl gc takes back, and leaves no cgroup" killed_supervisor_is_collected
prove "supervisor and init are not for the OOM killer, the user's processes are" supervisor_is_spared
prove "a clock that is set ends nothing, and puts no end off" times_are_not_the_clock_s
