# shellcheck shell=bash disable=SC2119,SC2120,SC2154 # optional arguments; variables of bats
#
# What the system tests share.  Loaded by every file; lives in the copy of the machine that `enter` lays out.
# State that outlives one test is in files below $NSISO_TEST, never in variables.

bats_require_minimum_version 1.5.0
[[ ${NSISO_CGROUPS:-} ]] || { echo "run this file through tests/system/enter" >&2; exit 1; }

here=$NSISO_SOURCE/tests/system
NSISO_TEST=/run/nsiso-test
# User ids of our own, so that several runs beside each other do not count each other's processes: the number of the
# cgroups, which no two have at a time, is below 400.
uid_base=$((20000 + ${NSISO_CGROUPS##*nsiso-test.} * 100))
NSISO_UIDS=$uid_base-$((uid_base + 99))
export NSISO_TEST NSISO_UIDS
# All bounds of waits times this: machines may be slow, and what comes is not waited for any longer.
: "${NSISO_PATIENCE:=3}"
export NSISO_PATIENCE
NSSHELL=/usr/bin/nsshell
[[ $NSISO_PLAIN == 0 ]] || NSSHELL=/bin/bash

# ---------------------------------------------------------------------------------------------------
# Assertions: silent when they hold, else they say what is and what should be
# ---------------------------------------------------------------------------------------------------

fail() {
	printf '%s\n' "$@" >&2
	return 1
}

assert_equal() { # IS SHOULD
	[[ $1 == "$2" ]] || fail "is:     $1" "should: $2"
}

assert_differ() { # ONE OTHER
	[[ $1 != "$2" ]] || fail "both are: $1"
}

assert_match() { # TEXT REGEX
	[[ $1 =~ $2 ]] || fail "text:          $1" "does not have: $2"
}

refute_match() { # TEXT REGEX
	[[ ! $1 =~ $2 ]] || fail "text: $1" "has:  $2"
}

# The exit status of the last `run`.
assert_status() { # STATUS
	[[ $status == "$1" ]] || fail "status: $status, should be $1" "output: $output"
}

assert_output() { # TEXT
	[[ $output == "$1" ]] || fail "output: $output" "should: $1" "status: $status"
}

# refute COMMAND...: it must fail.
refute() {
	! "$@" || fail "did not fail: $*"
}

# within SECONDS COMMAND...: ends what hangs, with status 124.
within() {
	local seconds=$1

	shift
	timeout --foreground -k 2 $((seconds * NSISO_PATIENCE)) "$@"
}

# wait_until SECONDS COMMAND...: polls; the bound only ends what will not come.
wait_until() {
	local end=$((${EPOCHREALTIME/./} + $1 * NSISO_PATIENCE * 1000000))

	shift
	until "$@" 2>/dev/null; do
		((${EPOCHREALTIME/./} < end)) || { fail "waited in vain for: $*"; return 1; }
		sleep 0.05
	done
}

needs_product() {
	[[ $NSISO_PLAIN == 0 ]] || skip "the plain machine has no pam_nsiso"
}

# ---------------------------------------------------------------------------------------------------
# Daemons that a file starts and ends by pid
# ---------------------------------------------------------------------------------------------------

start_daemon() { # NAME COMMAND...
	local name=$1

	shift
	"$@" </dev/null >>"$NSISO_TEST/daemon.$name.out" 2>&1 3>&- &
	echo $! >"$NSISO_TEST/daemon.$name.pid"
}

daemon_pid() { # NAME
	cat "$NSISO_TEST/daemon.$1.pid"
}

stop_daemon() { # NAME
	local pid

	pid=$(daemon_pid "$1") || return 0
	kill "$pid" 2>/dev/null
	wait_until 5 is_gone "$pid" || kill -KILL "$pid"
	rm -f "$NSISO_TEST/daemon.$1.pid"
}

# What is_gone calls gone: no such process, or one that only waits for its parent.
is_gone() { # PID
	local state

	state=$(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null) || return 0
	[[ -z $state || $state == [ZX] ]]
}

is_alive() { # PID
	# Without a number there is nobody to be alive.
	[[ $1 ]] && ! is_gone "$1"
}

# ---------------------------------------------------------------------------------------------------
# The system log
# ---------------------------------------------------------------------------------------------------

start_log() {
	: >"$NSISO_TEST/log"
	start_daemon log "$here/logcatch.py" /dev/log "$NSISO_TEST/log"
	wait_until 5 test -S /dev/log
}

# The log from here on: log_mark at the start of what is looked at, then log_lines.
log_mark() {
	wc -l <"$NSISO_TEST/log" >"$NSISO_TEST/log.mark"
}

log_lines() {
	tail -n "+$(($(cat "$NSISO_TEST/log.mark") + 1))" "$NSISO_TEST/log"
}

log_has() { # REGEX
	log_lines | grep -Eq -- "$1"
}

assert_log() { # REGEX
	wait_until 5 log_has "$1" 2>/dev/null || fail "the log has no: $1" "$(log_lines)"
}

refute_log() { # REGEX
	! log_has "$1" || fail "the log has: $1" "$(log_lines)"
}

# ---------------------------------------------------------------------------------------------------
# Users, PAM, policies
# ---------------------------------------------------------------------------------------------------

# make_user NAME [SHELL]: password "NAME's secret", key login.
make_user() {
	local used

	used=$(cat "$NSISO_TEST/users" 2>/dev/null || echo 0)
	echo $((used + 1)) >"$NSISO_TEST/users"
	useradd --create-home --uid $((uid_base + used)) --user-group --shell "${2:-$NSSHELL}" "$1" &&
		chmod 0755 "/home/$1" &&
		printf "%s:%s's secret\n" "$1" "$1" | chpasswd -c SHA512 -s 1000
}

# unpack_fetched PATTERN...: packages of daemons, which their installation would start, and what they need, as
# make deps has fetched them.
unpack_fetched() {
	local pattern deb

	for pattern; do
		for deb in "$NSISO_BUILD"/packages/$pattern.deb; do
			[[ -e $deb ]] || continue
			# Not all have both; what else they have would not go into the copy but onto the machine.
			dpkg-deb --fsys-tarfile "$deb" | tar -x -C / --no-overwrite-dir ./usr ./etc 2>/dev/null || :
		done
	done
}

# install_pam [ARGUMENT...]: the lines that are shipped, in the services that there are.
install_pam() {
	local service

	for service in sshd login su su-l runuser runuser-l cron atd sudo sudo-i vsftpd other; do
		[[ -e /etc/pam.d/$service ]] || continue
		[[ -e /etc/pam.d/$service.orig ]] || cp "/etc/pam.d/$service" "/etc/pam.d/$service.orig"
		cp "/etc/pam.d/$service.orig" "/etc/pam.d/$service"
		[[ $NSISO_PLAIN == 1 ]] ||
			sed "s|^session .*|&${*:+ $*}|" "$NSISO_SOURCE/conf/pam.d/$service" >>"/etc/pam.d/$service"
	done
}

# write_policy NAME <TEXT: a file below /etc/nsiso, with the parent of cgroups that tests need.
write_policy() {
	local text file=/etc/nsiso/$1

	text=$(cat)
	if [[ ! $text =~ (^|$'\n')parent ]]; then
		if [[ $text == *"[cgroup]"* ]]; then
			text=${text/"[cgroup]"/"[cgroup]"$'\n'"parent = $NSISO_CGROUP_PARENT"}
		else
			text+=$'\n\n'"[cgroup]"$'\n'"parent = $NSISO_CGROUP_PARENT"
		fi
	fi
	write_raw_policy "$1" <<<"$text" && chmod 0644 "$file"
}

# The same, byte by byte as given.
write_raw_policy() {
	mkdir -p "$(dirname "/etc/nsiso/$1")" && rm -rf "/etc/nsiso/$1.new" && cat >"/etc/nsiso/$1.new" &&
		mv -T "/etc/nsiso/$1.new" "/etc/nsiso/$1"
}

# alice_has_section SECTION LINE...: a policy of hers that says no more.
alice_has_section() {
	{
		echo "[$1]"
		printf '%s\n' "${@:2}"
	} | write_policy users.d/alice.conf
}

# No policy but the one that every test starts from.
reset_policies() {
	rm -rf /etc/nsiso
	mkdir -m 0755 /etc/nsiso /etc/nsiso/conf.d /etc/nsiso/users.d
	write_policy default.conf <<-'EOT'
		[session]
		grace = 1s
		shell = /bin/bash
	EOT
}

# ---------------------------------------------------------------------------------------------------
# sshd
# ---------------------------------------------------------------------------------------------------

# start_sshd [NAME [CONFIGURATION LINE...]]: on a free port of 127.0.0.1; NAME "main" is what ssh_as talks to.
start_sshd() {
	local name=${1:-main} port conf tries

	shift || :
	conf=$NSISO_TEST/sshd.$name
	[[ -e $NSISO_TEST/host_key ]] || ssh-keygen -q -t ed25519 -N "" -f "$NSISO_TEST/host_key" || return 1
	if [[ ! -e $NSISO_TEST/key ]]; then
		ssh-keygen -q -t ed25519 -N "" -f "$NSISO_TEST/key" &&
			install -m 0644 "$NSISO_TEST/key.pub" "$NSISO_TEST/authorized_keys" || return 1
	fi
	for ((tries = 0; tries < 10; tries++)); do
		port=$((20000 + RANDOM % 12000))
		{
			printf '%s\n' "$@"
			cat <<-EOT
				ListenAddress 127.0.0.1
				Port $port
				HostKey $NSISO_TEST/host_key
				PidFile none
				UsePAM yes
				LogLevel VERBOSE
				PasswordAuthentication no
				KbdInteractiveAuthentication no
				AuthorizedKeysFile $NSISO_TEST/authorized_keys
				PermitRootLogin yes
				PrintMotd no
				PrintLastLog no
				AcceptEnv LANG LC_*
				MaxStartups 200
				MaxSessions 50
				UseDNS no
			EOT
			[[ $* == *Subsystem* ]] || echo "Subsystem sftp /usr/lib/openssh/sftp-server"
			# Up to OpenSSH 9.7 sshd names its PAM service after itself.
			[[ ! -e /usr/lib/openssh/sshd-session ]] || echo "PAMServiceName $(basename "${SSHD_PROGRAM:-sshd}")"
		} >"$conf.conf"
		: >"$conf.log"
		start_daemon "sshd.$name" "${SSHD_PROGRAM:-/usr/sbin/sshd}" -D -f "$conf.conf" -E "$conf.log"
		wait_until 5 grep -Eq 'Server listening|Bind to port|error|fatal' "$conf.log" || return 1
		grep -q 'Server listening' "$conf.log" && break
		is_alive "$(daemon_pid "sshd.$name")" && stop_daemon "sshd.$name"
	done
	grep -q 'Server listening' "$conf.log" || { cat "$conf.log" >&2; return 1; }
	echo "$port" >"$conf.port"
	cat >"$conf.client" <<-EOT
		Host *
			HostName 127.0.0.1
			Port $port
			BatchMode yes
			IdentityFile $NSISO_TEST/key
			IdentitiesOnly yes
			StrictHostKeyChecking no
			UserKnownHostsFile /dev/null
			GlobalKnownHostsFile /dev/null
			ControlMaster no
			ControlPath none
			LogLevel ERROR
			KexAlgorithms curve25519-sha256
	EOT
}

# ssh_as USER [SSH OPTION | COMMAND]...: through the sshd called $SSHD; 124 when it takes too long.
ssh_as() {
	local user=$1

	shift
	within "${SSH_TIMEOUT:-30}" ssh -F "$NSISO_TEST/sshd.${SSHD:-main}.client" "$user@nsiso" "$@" 3>&-
}

# The name of the processes that serve a connection; since OpenSSH 9.8 they are a program of their own.
# shellcheck disable=SC2034 # the tests use it
sshd_child='sshd(-session)?'

# ssh_serves FILE SSH OPTION...: whether ssh -v, which prints to the file, serves what its options say.  sshd's answer
# to -R comes later than the session.
ssh_serves() {
	local file=$1 back

	shift
	back=$(printf '%s\n' "$@" | grep -cxe -R)
	grep -q 'Entering interactive session' "$file" && (($(grep -c 'remote forward success' "$file") >= back))
}

# hold NAME USER [SSH OPTION]...: a login that lasts until `release NAME`; its shell has become cat when this returns.
hold() {
	local name=$1 user=$2 file=$NSISO_TEST/hold.$1

	shift 2
	mkfifo "$file.fifo"
	: >"$file.out"
	ssh -F "$NSISO_TEST/sshd.${SSHD:-main}.client" "$user@nsiso" "$@" 'exec cat' \
		<"$file.fifo" >"$file.out" 2>&1 3>&- &
	echo $! >"$file.pid"
	# The writer whose end is the reader's end of file; the fifo's opening waits for both.
	bash -c 'echo ready; exec sleep infinity' >"$file.fifo" 3>&- &
	echo $! >"$file.writer"
	wait_until 10 grep -q ready "$file.out" || { cat "$file.out" >&2; return 1; }
}

release() { # NAME
	local file=$NSISO_TEST/hold.$1

	[[ -e $file.pid ]] || return 0
	kill "$(cat "$file.writer")" 2>/dev/null
	wait_until 10 is_gone "$(cat "$file.pid")" || kill -KILL "$(cat "$file.pid")"
	rm -f "$file".*
}

release_all() {
	local file

	for file in "$NSISO_TEST"/hold.*.pid; do
		[[ -e $file ]] || continue
		file=${file##*/hold.}
		release "${file%.pid}"
	done
}

# ---------------------------------------------------------------------------------------------------
# Instances
# ---------------------------------------------------------------------------------------------------

# The folder of the user's one instance.
instance_of() { # USER
	local dirs

	mapfile -t dirs < <(find "/run/nsiso/$1" -mindepth 2 -maxdepth 2 -name record -printf '%h\n' 2>/dev/null)
	((${#dirs[@]} == 1)) || fail "$1 has ${#dirs[@]} instances: ${dirs[*]}" || return 1
	echo "${dirs[0]}"
}

has_instance() { # USER
	instance_of "$1" >/dev/null 2>&1
}

# The first word of the value that the record has for the key: supervisor, init...
record_of() { # USER KEY
	local dir

	dir=$(instance_of "$1") || return 1
	sed -n "s/^$2=\([^ ]*\).*/\1/p" "$dir/record"
}

# cgroup_of CONTROLLER: the folder that test cgroups lie in, where limits of that controller are.
cgroup_of() {
	local dir

	for dir in $NSISO_CGROUPS; do
		case $dir in
		/sys/fs/cgroup/"$1"/*) echo "$dir"; return ;;
		esac
	done
	[[ -e /sys/fs/cgroup/cgroup.controllers ]] && echo "$NSISO_CGROUPS"
}

# ---------------------------------------------------------------------------------------------------
# Leftovers
# ---------------------------------------------------------------------------------------------------

snapshot() {
	"$here/state.py" snapshot >"$NSISO_TEST/snapshot"
}

# Waits some seconds for everything that came since `snapshot` to be gone again.
assert_no_leftovers() {
	local left

	left=$("$here/state.py" compare "$NSISO_TEST/snapshot" $((${1:-5} * NSISO_PATIENCE))) || fail "left behind:" "$left"
}

# ---------------------------------------------------------------------------------------------------
# What most files do at their start and end
# ---------------------------------------------------------------------------------------------------

# world [USER...]: log, sshd, PAM lines, users, the first policy.
world() {
	local user

	start_log && install_pam || return 1
	# The message of the day would stand in front of what a refused login is told.
	: >/etc/motd
	rm -rf /etc/update-motd.d
	for user; do
		make_user "$user" || return 1
	done
	[[ $NSISO_PLAIN == 1 ]] || reset_policies
	start_sshd
}

end_world() {
	local file

	for file in "$NSISO_TEST"/daemon.*.pid; do
		[[ -e $file ]] || continue
		file=${file##*/daemon.}
		stop_daemon "${file%.pid}"
	done
}

# For setup() and teardown() of each test: it starts from the first policy and leaves nothing.
begin() {
	[[ $NSISO_PLAIN == 1 ]] || reset_policies
	log_mark
	snapshot
}

# A failed test shows what the product has logged meanwhile.
finish() {
	[[ ${BATS_TEST_COMPLETED:-} ]] || log_lines | grep nsiso | tail -n 20
	release_all
	assert_no_leftovers
}
