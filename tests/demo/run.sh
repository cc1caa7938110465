#!/bin/bash
#
# Shows a whole isolated login, with a real sshd, and checks each fact that it shows (as root, `make demo`).
#
# Everything happens in the copy of the machine that tests/system/copy.bash makes: an own mount namespace and
# own cgroups, so that neither the machine's configuration nor its users are touched.  Exit status 0: all
# that was shown held.  NO_COLOR is respected.
set -u
shopt -s nullglob

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
NSISO_SOURCE=$(cd "$here/../.." && pwd -P)
NSISO_BUILD=$(realpath -m "${NSISO_BUILD:-$NSISO_SOURCE/build}")
export NSISO_SOURCE NSISO_BUILD
export PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin LC_ALL=C.UTF-8
unset LANG LANGUAGE SSH_AUTH_SOCK SSH_CONNECTION SSH_CLIENT SSH_TTY DISPLAY BASH_ENV ENV

# shellcheck source=../system/copy.bash
. "$NSISO_SOURCE/tests/system/copy.bash"

T=/run/nsiso-test
red='' green='' bold='' plain=''
if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
	red=$'\e[31m' green=$'\e[32m' bold=$'\e[1m' plain=$'\e[m'
fi

die() {
	echo "demo: $*" >&2
	exit 1
}

# ---------------------------------------------------------------------------------------------------
# What is shown
# ---------------------------------------------------------------------------------------------------

shown=0 held=0 left_out=0 step=0

section() {
	printf '\n%s\n' "$bold$*$plain"
}

step() { # a numbered section
	step=$((step + 1))
	section "$step. $*"
}

# fact SENTENCE COMMAND...: it holds when the command succeeds.
fact() {
	local sentence=$1

	shift
	shown=$((shown + 1))
	if "$@"; then
		held=$((held + 1))
		echo "  ${green}ok$plain      $sentence"
	else
		echo "  ${red}FAILED$plain  $sentence"
		echo "          checked: $(printf '%q ' "$@")"
	fi
}

left_out() {
	left_out=$((left_out + 1))
	echo "  -       left out: $*"
}

is() { [[ $1 == "$2" ]]; }
has() { [[ $1 =~ $2 ]]; }
lacks() { [[ ! $1 =~ $2 ]]; }
at_most() { (($1 <= $2)); }
no() { ! "$@"; }

# wait_until SECONDS COMMAND...
wait_until() {
	local end=$((${EPOCHREALTIME/./} + $1 * 1000000))

	shift
	until "$@"; do
		((${EPOCHREALTIME/./} < end)) || return 1
		sleep 0.05
	done
}

text() { # indented, as it is
	sed 's/^/    /'
}

# ---------------------------------------------------------------------------------------------------
# The world: users, log, sshd
# ---------------------------------------------------------------------------------------------------

daemons=()

make_users() {
	local user uid=$((20000 + $$ % 400 * 100))

	for user in alice bob; do
		# The machine may have an alice of its own; hers is not in this copy.
		[[ $NSISO_SOURCE/ != /home/$user/* ]] || die "the checkout lies in /home/$user: try it elsewhere"
		! getent passwd "$user" >/dev/null || userdel -f "$user" >/dev/null 2>&1
		[[ ! -d /home/$user ]] || fresh "/home/$user" mode=0755 || return 1
		useradd --create-home --uid $((uid++)) --user-group --shell /bin/bash "$user" 2>/dev/null &&
			chown "$user:" "/home/$user" && chmod 0755 "/home/$user" || return 1
	done
	install -o bob -m 0644 <(echo "of bob") /tmp/bob.txt
	setpriv --reuid bob --regid bob --clear-groups bash -c 'exec -a "sync --password=of-bob" sleep 600' &
	daemons+=($!)
}

start_log() {
	: >"$T/log"
	"$NSISO_SOURCE/tests/system/logcatch.py" /dev/log "$T/log" &
	daemons+=($!)
	wait_until 20 test -S /dev/log
}

start_sshd() {
	local port tries

	ssh-keygen -q -t ed25519 -N "" -f "$T/host_key" && ssh-keygen -q -t ed25519 -N "" -f "$T/key" &&
		install -m 0644 "$T/key.pub" "$T/authorized_keys" || return 1
	for ((tries = 0; tries < 10; tries++)); do
		port=$((20000 + RANDOM % 12000))
		cat >"$T/sshd.conf" <<-EOT
			ListenAddress 127.0.0.1
			Port $port
			HostKey $T/host_key
			PidFile none
			UsePAM yes
			PasswordAuthentication no
			KbdInteractiveAuthentication no
			AuthorizedKeysFile $T/authorized_keys
			PermitRootLogin yes
			PrintMotd no
			PrintLastLog no
			UseDNS no
			Subsystem sftp internal-sftp
		EOT
		: >"$T/sshd.log"
		/usr/sbin/sshd -D -f "$T/sshd.conf" -E "$T/sshd.log" &
		daemons+=($!)
		wait_until 20 grep -Eq 'Server listening|Bind to port|error|fatal' "$T/sshd.log" || return 1
		grep -q 'Server listening' "$T/sshd.log" && break
	done
	grep -q 'Server listening' "$T/sshd.log" || return 1
	cat >"$T/client.conf" <<-EOT
		Host *
			HostName 127.0.0.1
			Port $port
			BatchMode yes
			IdentityFile $T/key
			IdentitiesOnly yes
			StrictHostKeyChecking no
			UserKnownHostsFile /dev/null
			GlobalKnownHostsFile /dev/null
			LogLevel ERROR
	EOT
}

ssh_as() { # USER [SSH OPTION | COMMAND]...
	local user=$1

	shift
	timeout -k 2 30 ssh -F "$T/client.conf" "$user@demo" "$@"
}

# log_in NAME USER [SSH OPTION]...: a login that lasts until log_out NAME.
log_in() {
	local name=$1 user=$2

	shift 2
	: >"$T/login.$name"
	ssh -F "$T/client.conf" "$user@demo" "$@" 'echo ready; exec sleep 600' </dev/null >"$T/login.$name" 2>&1 &
	echo $! >"$T/login.$name.pid"
	wait_until 30 grep -q ready "$T/login.$name"
}

log_out() { # NAME
	kill "$(cat "$T/login.$1.pid")"
	# Reaped quietly; its status is the signal's.
	wait "$(cat "$T/login.$1.pid")" 2>/dev/null
	return 0
}

alice_sleeps() { # TIMES
	is "$(pgrep -c -u alice -x sleep)" "$1"
}

lives() { # USER
	pgrep -u "$1" >/dev/null
}

# ---------------------------------------------------------------------------------------------------
# Cgroups, of version 2 or 1
# ---------------------------------------------------------------------------------------------------

is_v2() { [[ -e /sys/fs/cgroup/cgroup.controllers ]]; }

# The folder of this controller that the users' cgroups lie in; empty: the machine has none for us.
cgroup_of() { # CONTROLLER
	local dir

	for dir in $NSISO_CGROUPS; do
		if is_v2; then
			! grep -qw "$1" "$dir/cgroup.subtree_control" || echo "$dir"
		elif [[ $dir == /sys/fs/cgroup/"$1"/* ]]; then
			echo "$dir"
		fi
	done
}

# What a hog or a bomb must not get past, whatever the product does: limits of the demonstration itself.
limit_ourselves() {
	local memory pids

	memory=$(cgroup_of memory) pids=$(cgroup_of pids)
	[[ ! $pids ]] || echo 1500 >"$pids/pids.max"
	# Without swap a limit of memory is all that there is.
	[[ ! $memory ]] || echo 0 >"$memory/$(is_v2 && echo memory.swap.max || echo memory.swappiness)"
} 2>/dev/null

# ---------------------------------------------------------------------------------------------------
# The demonstration
# ---------------------------------------------------------------------------------------------------

kinds=(mnt pid ipc uts cgroup time net user)
declare -A before inside

# look USER ARRAY: what a login of the user sees.
look() {
	local -n seen=$2
	local key value

	while IFS='=' read -r key value; do
		seen["$key"]=$value
	done < <(ssh_as "$1" 'bash -s' <"$here/look.sh")
	[[ ${seen[end]:-} ]]
}

row() { # NAME BEFORE INSIDE
	printf '  %-18s %-36.36s %s\n' "$@"
}

write_policy() {
	local memory='' pids=''

	[[ ! $(cgroup_of memory) ]] || memory=$'\nmemory.max = 64M'
	[[ ! $(cgroup_of pids) ]] || pids=$'\npids.max = 64'
	rm -f /etc/nsiso/default.conf
	cat >/etc/nsiso/default.conf <<-EOT
		[session]
		shell = /bin/bash
		grace = 2s

		[mount]
		tmp = tmpfs:16M
		home = own

		[uts]
		hostname = %u.demo

		[cgroup]
		# Here, and not at the top, because this is a demonstration.
		parent = $NSISO_CGROUP_PARENT$memory$pids
	EOT
	cat >/etc/nsiso/users.d/bob.conf <<-'EOT'
		[net]
		mode = none

		[user]
		map = root
		subid = none
	EOT
	has_user_namespaces || sed -i '/user/,$d' /etc/nsiso/users.d/bob.conf
}

has_user_namespaces() {
	(($(cat /proc/sys/user/max_user_namespaces 2>/dev/null || echo 0)))
}

show_set_up() {
	look alice before || die "the plain login failed: $(cat "$T/sshd.log")"
	cat "$NSISO_SOURCE/conf/pam.d/sshd" >>/etc/pam.d/sshd
	write_policy
	usermod --shell /usr/bin/nsshell alice
	usermod --shell /usr/bin/nsshell bob
	section "The set-up: two lines at the end of /etc/pam.d/sshd"
	grep -v '^#' "$NSISO_SOURCE/conf/pam.d/sshd" | text
	section "the login shell"
	echo "usermod --shell /usr/bin/nsshell alice" | text
	section "the policy of everybody, /etc/nsiso/default.conf"
	text </etc/nsiso/default.conf
	section "and what differs for bob, /etc/nsiso/users.d/bob.conf"
	text </etc/nsiso/users.d/bob.conf
	echo
	fact "nsisoctl check finds no fault in it" nsisoctl check
}

show_view() {
	local kind own=() shared=() host=()

	if ! log_in first alice || ! look alice inside; then
		die "the isolated login failed: $(cat "$T/log")"
	fi
	step "What alice's login sees: before, and isolated"
	for kind in "${kinds[@]}"; do
		row "$kind namespace" "${before[$kind]}" "${inside[$kind]}"
		[[ ${before[$kind]} == "$(readlink "/proc/self/ns/$kind")" ]] && host+=("$kind")
		if [[ ${inside[$kind]} == "${before[$kind]}" ]]; then shared+=("$kind"); else own+=("$kind"); fi
	done
	row "processes (ps)" "${before[processes]} of ${before[owners]} users" "${inside[processes]} of ${inside[owners]}"
	row "bob's command line" "${before[secret]:-not to be seen}" "${inside[secret]:-not to be seen}"
	row "host name" "${before[host]}" "${inside[host]}"
	row "uptime" "${before[uptime]} s" "${inside[uptime]} s"
	row "/tmp" "${before[tmp]:-empty}" "${inside[tmp]:-empty}"
	row "/home" "${before[homes]}" "${inside[homes]}"
	row "cgroup path" "${before[path]}" "${inside[path]}"
	row "capabilities *" "${before[capabilities]}" "${inside[capabilities]}"
	row "no_new_privs" "${before[nnp]}" "${inside[nnp]}"
	echo "  * that a program could gain"
	fact "before: all 8 namespaces are the host's" is "${#host[@]}" 8
	fact "isolated: mnt, pid, ipc, uts, cgroup and time are its own" is "${own[*]}" "mnt pid ipc uts cgroup time"
	fact "net and user are the host's, as the policy has it" is "${shared[*]}" "net user"
	fact "processes of others were seen before, and are not any more" \
		is "${before[secret]:+seen},${inside[secret]:+seen},${inside[owners]}" "seen,,alice"
	fact "its host name is alice.demo, the host's is what it was" \
		is "${inside[host]} $(hostname)" "alice.demo ${before[host]}"
	fact "its clock since boot began with the login" at_most "${inside[uptime]}" 10
	fact "its /tmp is its own" is "${before[tmp]},${inside[tmp]}" "bob.txt,"
	fact "of the homes it sees its own" is "${inside[homes]}" alice
	fact "it sees its cgroup as the root" is "${inside[path]}" /
	fact "no program that it starts can gain privileges" is "${inside[capabilities]} ${inside[nnp]}" "0000000000000000 1"
}

show_other_policy() {
	local kind own=() network id owner

	step "What bob's login is, by a policy of his own"
	declare -A inside
	if ! log_in bob bob || ! look bob inside; then
		die "bob's login failed: $(cat "$T/log")"
	fi
	for kind in "${kinds[@]}"; do
		[[ ${inside[$kind]} == "${before[$kind]}" ]] || own+=("$kind")
	done
	network=$(ssh_as bob "sed -n 's/^ *\([^ ]*\):.*/\1/p' /proc/net/dev" | tr '\n' ' ')
	id=$(ssh_as bob 'id -un; touch file; hostname of-bob; hostname' | tr '\n' ' ')
	owner=$(stat -c %U /home/bob/file)
	printf '    %s\n' "own namespaces: ${own[*]}" "network interfaces: $network" \
		"user and host name inside: $id" "owner of bob's file on the host: $owner"
	fact "with net mode = none there is the loopback interface alone" is "$network" "lo "
	if has_user_namespaces; then
		fact "all 8 namespaces are its own" is "${#own[@]}" 8
		fact "with user map = root he is root inside, and may set the host name there" is "$id" "root of-bob "
		fact "to the host he is bob, and the host's name is what it was" is "$owner $(hostname)" "bob ${before[host]}"
	else
		left_out "this machine allows no user namespaces"
	fi
	log_out bob
}

show_memory() {
	local dir status peak

	step "A program that wants 300 MiB, under memory.max = 64M"
	dir=$(cgroup_of memory)
	if [[ ! $dir ]]; then
		left_out "this machine gives us no memory controller"
		return
	fi
	# tail keeps the line in memory until it ends, and zeros have no end of line.
	# shellcheck disable=SC2016 # for the other side
	status=$(ssh_as alice 'head -c 300M /dev/zero | tail -n 1 >/dev/null; echo ${PIPESTATUS[1]}' 2>/dev/null)
	peak=$(cat "$dir/alice/memory.peak" 2>/dev/null || cat "$dir/alice/memory.max_usage_in_bytes" 2>/dev/null)
	echo "status $status (137: killed)${peak:+, at most $((peak >> 20)) MiB in use by alice}" | text
	fact "it was killed" is "$status" 137
	[[ ! $peak ]] || fact "alice never had more than 64 MiB" at_most "$peak" $((64 << 20))
	fact "the session goes on" is "$(ssh_as alice 'echo alive')" alive
}

# 511 processes in nine generations, so that it ends also if nothing stops it.
# shellcheck disable=SC2016 # for the other side
bomb='bomb() { [ $1 = 0 ] || { bomb $(($1 - 1)) & bomb $(($1 - 1)) & }; exec sleep 600; }; bomb 8'

show_pids() {
	local dir there refused

	step "A fork bomb of 511 processes, under pids.max = 64"
	dir=$(cgroup_of pids)
	if [[ ! $dir ]]; then
		left_out "this machine gives us no pids controller"
		log_out first
		return
	fi
	ssh_as alice "(sh -c '$bomb' >/dev/null 2>&1 </dev/null &)"
	# Which of the two counts depends on the kernel.
	wait_until 20 grep -Eqs '^max [1-9]' "$dir"/alice/{,*/}pids.events
	sleep 0.3
	there=$(cat "$dir/alice/pids.current")
	refused=$(cat "$dir"/alice/{,*/}pids.events | sort -k 2 -n | sed -n '$s/^max //p')
	echo "alice has $there processes and threads; $refused forks were refused" | text
	fact "it got no further than the limit" at_most "$there" 64
	fact "the kernel refused to fork more" has "$refused" '^[1-9]'
	fact "root and bob log in meanwhile" is "$(ssh_as root 'echo root') $(ssh_as bob 'echo bob')" "root bob"
	log_out first
	fact "with alice's last session all of them end" wait_until 30 no lives alice
}

show_sharing() {
	local one two

	step "Two logins of alice are in one instance"
	log_in one alice
	log_in two alice
	# Their shells say that they are ready before they become that.
	wait_until 10 alice_sleeps 2
	one=$(ssh_as alice 'readlink /proc/self/ns/pid; ps -C sleep -o args= | wc -l; echo "of alice" >/tmp/alice.txt')
	two=$(ssh_as alice 'readlink /proc/self/ns/pid; ps -e -o pid,user,args; cat /tmp/alice.txt')
	sed '1d; $d' <<<"$two" | text
	fact "a later login is in the same pid namespace" is "${one%%$'\n'*}" "${two%%$'\n'*}"
	fact "it sees the processes of both others" has "$one" $'\n2'
	fact "and the file that one of them wrote to /tmp" has "$two" 'of alice$'
	fact "which is not in the host's /tmp" no test -e /tmp/alice.txt
	log_out two
	fact "the instance goes on when one of them has ended" is "$(ssh_as alice 'readlink /proc/self/ns/pid')" "${one%%$'\n'*}"
}

show_no_shell() {
	local listing answer port ssh

	step "What runs without a login shell is inside, too"
	listing=$(sftp -q -F "$T/client.conf" -b - alice@demo 2>&1 <<<$'ls -1 /tmp\nls -1 /home')
	text <<<"$listing"
	fact "sftp, by sshd's internal server, sees alice's /tmp and home alone" \
		is "$(grep -v '^sftp>' <<<"$listing" | tr -s ' \n' ' ')" "/tmp/alice.txt /home/alice "
	ssh_as alice "python3 -c '
import os, socket
s = socket.socket(socket.AF_UNIX)
s.bind(\"/tmp/socket\")
s.listen()
if os.fork() == 0:
    [os.dup2(os.open(\"/dev/null\", os.O_RDWR), n) for n in (0, 1, 2)]
    s.accept()[0].send(os.readlink(\"/proc/self/ns/pid\").encode())'"
	port=$((32000 + RANDOM % 500))
	ssh -F "$T/client.conf" -N -o ExitOnForwardFailure=yes -L "127.0.0.1:$port:/tmp/socket" alice@demo 2>/dev/null &
	ssh=$!
	answer=$(wait_until 20 connects "$port")
	kill "$ssh"
	wait "$ssh" 2>/dev/null
	echo "ssh -N -L $port:/tmp/socket: $answer" | text
	fact "a forwarding ends at the socket in alice's /tmp" is "$answer" "$(ssh_as alice 'readlink /proc/self/ns/pid')"
	fact "the host's /tmp has no such socket" no test -e /tmp/socket
}

connects() { # PORT
	(exec 7<>"/dev/tcp/127.0.0.1/$1" && timeout 5 cat <&7) 2>/dev/null
}

show_refusal() {
	local status output

	step "A fault in a policy refuses the login, and nobody else's"
	printf '[cgroup]\nmemory.maxx = 1G\n' >/etc/nsiso/users.d/alice.conf
	output=$(ssh_as alice 'echo in' 2>&1)
	status=$?
	printf '%s\n' "\$ ssh alice@demo" "${output##*$'\n'}" "# nsisoctl check" "$(nsisoctl check 2>&1)" | text
	fact "alice is told a reference, and gets no shell" is "$status,$(grep -cx in <<<"$output")" 254,0
	fact "nsisoctl check names file and line" has "$(nsisoctl check 2>&1)" 'users.d/alice.conf:2:'
	fact "root gets in, whatever the policies say" is "$(ssh_as root 'readlink /proc/self/ns/pid')" "${before[pid]}"
	rm /etc/nsiso/users.d/alice.conf
	fact "without the fault alice gets in again" is "$(ssh_as alice 'echo in')" in
}

show_log() {
	local pattern

	step "What the log has"
	grep -E 'pam_nsiso|nsiso\[' "$T/log" | sed -E 's/^sshd[^:]*: //; s,cgroup=[^ ]*/nsiso-test,cgroup=.../nsiso-test,' >"$T/log.nsiso"
	for pattern in 'instance=new' 'instance=joined' 'policy fault' 'session refused' 'reason=root' 'session closed'; do
		grep -m 1 "$pattern" "$T/log.nsiso"
	done | text
	fact "each of these, with user, instance and reason" is \
		"$(for pattern in 'opened: user=alice id=[0-9a-f]+ instance=new policy=default.conf ns=' \
			'instance=joined' 'fault: users.d/alice.conf:2:' 'refused: user=alice .*reason=' \
			'not isolated: user=root ' 'closed: .*id='; do
			grep -Eqm 1 "$pattern" "$T/log.nsiso" && printf .
		done)" ......
}

nothing_of_users() {
	[[ ! $(find /run/nsiso -mindepth 1 2>/dev/null) ]] && ! lives alice &&
		[[ ! $(for dir in $NSISO_CGROUPS; do find "$dir" -mindepth 1 -type d ! -name tests; done) ]]
}

show_end() {
	step "After the last logout"
	log_out one
	fact "no process, no cgroup, no file in /run/nsiso is left" wait_until 30 nothing_of_users
}

demonstrate() {
	local pid

	echo "${bold}nsiso: namespaces limit what a login sees, cgroups what it uses$plain"
	echo "Linux $(uname -r), $(ssh -V 2>&1 | cut -d, -f1), cgroup v$(is_v2 && echo 2 || echo 1)"
	limit_ourselves
	if ! make_users || ! start_log || ! start_sshd; then
		die "cannot set up users and sshd: $(cat "$T/sshd.log" 2>/dev/null)"
	fi
	show_set_up
	show_view
	show_other_policy
	show_memory
	show_pids
	show_sharing
	show_no_shell
	show_refusal
	show_log
	show_end
	for pid in "${daemons[@]}"; do
		kill "$pid" 2>/dev/null
	done
	wait 2>/dev/null
}

# ---------------------------------------------------------------------------------------------------
# The frame
# ---------------------------------------------------------------------------------------------------

# In the mount namespace; the counts go to descriptor 5.
if [[ ${1:-} == --inside ]]; then
	shift
	enter_cgroups "$@" || die "cannot enter the own cgroups"
	copy_of_the_machine || die "cannot lay out the copy of the machine"
	install_product || die "make install failed"
	cd / || exit 1
	exec 6>&5 5>&-
	HOME=/root demonstrate </dev/null 6>&-
	echo "$shown $held $left_out" >&6
	exit
fi

# Where systemd rules, a scope of our own: only below that the controllers are ours to use.
if is_v2 && [[ -d /run/systemd/system && $# == 0 && $EUID == 0 ]] && systemd-run --quiet --scope true 2>/dev/null; then
	exec systemd-run --quiet --scope -p Delegate=yes -- "$here/run.sh" --scope
fi
if [[ ${1:-} == --scope ]]; then
	scope=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
	if ! mkdir "$scope/main" || ! echo $$ >"$scope/main/cgroup.procs"; then
		die "cannot use the scope $scope"
	fi
	own_cgroups() { echo "$scope"; }
fi

((EUID == 0)) || die "must run as root"
for program in ssh sshd sftp ssh-keygen unshare ps pgrep useradd runuser hostname make /usr/bin/python3; do
	type -P "$program" >/dev/null || die "$program is not installed"
done
grep -qw overlay /proc/filesystems || modprobe overlay 2>/dev/null || die "the kernel has no overlay file system"

trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
make_cgroups || die "cannot make cgroups below the own ones"
NSISO_CGROUPS=${cgroups[*]}
export NSISO_CGROUPS NSISO_CGROUP_PARENT

exec 4>&1
read -r shown held left_out < <(
	exec unshare --mount --propagation private -- timeout -k 5 120 "$here/run.sh" --inside "${leaves[@]}" 5>&1 >&4
) || { shown=0 held=0 left_out=0; }
((shown)) || die "stopped early"
look_for_leftovers
clean
fact "what was made for this demonstration is gone from the machine" is "${leftovers[*]-}" ""
echo
echo "demo: $shown facts shown, $held held$( ((!left_out)) || echo ", $left_out left out")"
((shown == held))
