#!/usr/bin/env bats
# shellcheck disable=SC2154 # variables of lib.bash
# What isolation costs; see run.sh.  A measurement prints its table and fails only when a session does.

load ../system/lib
set -o pipefail

out=$NSISO_BUILD/bench
pam=$NSISO_TEST/pam.d
state=/run/nsiso

setup_file() {
	needs_product
	world alice bob
	cp "$out/pam_bare.so" "$NSISO_TEST/"
	mkdir -p "$pam"
	cd "$NSISO_TEST" || return 1
	write_policies
	write_services
}

teardown_file() {
	end_world
}

setup() {
	log_mark
}

# Why, when a session failed.
teardown() {
	[[ ${BATS_TEST_COMPLETED:-} ]] || log_lines | grep -m 3 refused >&2 || :
}

table() {
	sed 's/^/# /' >&3
}

# The plain one: four namespaces, three private folders.  The default one is what is installed.
write_policies() {
	write_policy "../../run/nsiso-test/plain/default.conf" <<-'EOT'
		[session]
		grace = 1s
		[mount]
		tmp = private
		var_tmp = private
		dev_shm = private
		home = all
		hide =
		[time]
		enable = no
		[cgroup]
		enable = no
	EOT
	write_policy "../../run/nsiso-test/net/default.conf" < <(
		sed -e '/^parent/d' -e 's/^mode = host/mode = none/' "$NSISO_SOURCE/conf/default.conf"
	)
	write_policy "../../run/nsiso-test/default/default.conf" < <(
		sed -e '/^parent/d' "$NSISO_SOURCE/conf/default.conf"
	)
	write_policy "../../run/nsiso-test/each/default.conf" < <(
		sed -e '/^parent/d' -e 's/^scope.*/scope = session/' "$NSISO_SOURCE/conf/default.conf"
	)
}

service() { # NAME MODULE [ARGUMENT]...
	printf '%s\n' "account required pam_permit.so" "auth required pam_permit.so" \
		"password required pam_deny.so" "session required ${*:2}" >"$pam/$1"
}

# pam_bare with the same namespaces and as many mounts of each kind, on other places where that is simpler.
write_services() {
	local bare=$NSISO_TEST/pam_bare.so policy
	local plain="nosuid tmpfs=/tmp tmpfs=/var/tmp tmpfs=/dev/shm mqueue bind=/run/nsiso-test:/srv"
	local full="$plain tmpfs=/media bind=/home/alice:/mnt bind=/mnt:/run/user"
	local all=mount,pid,ipc,uts,time,cgroup cgroup

	cgroup=$(cgroup_of pids)
	service floor "$bare" ns=mount,pid,ipc,uts
	service bare-plain "$bare" ns=mount,pid,ipc,uts "$plain"
	service bare-default "$bare" "ns=$all" "$full"
	service bare-cgroup "$bare" "cgroup=$cgroup" "ns=$all" "$full"
	service bare-net "$bare" "ns=$all,net" "$full"
	for policy in plain default net each; do
		service "$policy" pam_nsiso.so "confdir=$NSISO_TEST/$policy"
	done
	service nsiso pam_nsiso.so
	service other pam_deny.so
}

# The cgroup that counts the time of all processes: that of v2, where there is one.
measure() {
	local dir cpu=/dev/null

	for dir in $NSISO_CGROUPS; do
		! grep -qs usage_usec "$dir/cpu.stat" || cpu=$dir/cpu.stat
	done
	"$out/open" -q -c "$cpu" -n "$BENCH_N" -s "$state" "$@" | table
}

# hold_open COUNT SERVICE USER: until drop_open.
hold_open() {
	mkfifo "$NSISO_TEST/crowd.fifo"
	"$out/open" -m "$1" -k -s "$state" "$pam" "crowd=$2,$3" <"$NSISO_TEST/crowd.fifo" \
		>"$NSISO_TEST/crowd.out" 2>&1 3>&- &
	echo $! >"$NSISO_TEST/crowd.pid"
	exec 7>"$NSISO_TEST/crowd.fifo"
	wait_until 60 grep -q ready "$NSISO_TEST/crowd.out" || { cat "$NSISO_TEST/crowd.out" >&2; return 1; }
}

drop_open() {
	exec 7>&-
	wait "$(cat "$NSISO_TEST/crowd.pid")" && rm "$NSISO_TEST"/crowd.*
}

# Accounts crowd0, crowd1... behind all others, for as long as the measurement lasts.
add_crowd() { # COUNT
	local i

	cp /etc/passwd "$NSISO_TEST/passwd"
	for ((i = 0; i < $1; i++)); do
		echo "crowd$i:x:$((uid_base + 30000 + i)):$((uid_base + 30000 + i))::/home/alice:/bin/sh"
	done >>/etc/passwd
}

remove_crowd() {
	cp "$NSISO_TEST/passwd" /etc/passwd
}

@test "build and join, four namespaces, without cgroups" {
	measure "$pam" floor=floor,alice bare=bare-plain,alice
	measure "$pam" bare=bare-plain,alice build=plain,alice join=plain,bob,join
}

@test "build and join, the default policy" {
	measure "$pam" bare=bare-default,alice "bare with a cgroup"=bare-cgroup,alice \
		build=default,alice join=default,bob,join
}

@test "build and join with a network of its own" {
	measure "$pam" bare=bare-net,alice build=net,alice join=net,bob,join
}

@test "after a second of idleness" {
	measure -n $((BENCH_N / 4 + 1)) -p 1000 "$pam" "bare with a cgroup"=bare-cgroup,alice \
		build=default,alice join=default,bob,join "build without cgroups"=plain,alice
}

# pss PID...: sum in kB.
pss() {
	local pid

	for pid; do
		cat "/proc/$pid/smaps_rollup"
	done | awk '/^Pss:/ { sum += $2 } END { print sum }'
}

print_pss() { # COUNT
	local inits supervisors

	mapfile -t supervisors < <(sed -n 's/^supervisor=\([0-9]*\).*/\1/p' "$state"/*/*/record)
	mapfile -t inits < <(sed -n 's/^init=\([0-9]*\).*/\1/p' "$state"/*/*/record)
	((${#inits[@]} == $1)) || fail "${#inits[@]} instances, not $1" || return 1
	awk -v n="$1" -v s="$(pss "${supervisors[@]}")" -v i="$(pss "${inits[@]}")" 'BEGIN {
		printf "%-34s supervisor %6.1f, init %6.1f, both %6.1f kB each\n",
			n " instances", s / n, i / n, (s + i) / n }' | table
}

@test "memory of supervisor and init (PSS)" {
	local count

	for count in 1 100; do
		hold_open "$count" each alice
		sleep 0.5
		print_pss "$count"
		drop_open
	done
}

# ssh_once SERVER USER: µs of one login.
ssh_once() {
	local begin=${EPOCHREALTIME/./}

	ssh -F "$NSISO_TEST/sshd.$1.client" "$2@nsiso" true </dev/null 3>&- || return 1
	echo $((${EPOCHREALTIME/./} - begin))
}

# The PAM service is sshd's own name: this one has none of our lines.
start_plain_sshd() {
	ln -sf sshd /usr/sbin/sshd-plain
	cp /etc/pam.d/sshd.orig /etc/pam.d/sshd-plain
	sed 's/^Port .*/Port '$(($(cat "$NSISO_TEST/sshd.main.port") + 1))'/' "$NSISO_TEST/sshd.main.conf" \
		>"$NSISO_TEST/sshd.plain.conf"
	: >"$NSISO_TEST/sshd.plain.log"
	start_daemon sshd.plain /usr/sbin/sshd-plain -D -f "$NSISO_TEST/sshd.plain.conf" \
		-E "$NSISO_TEST/sshd.plain.log"
	wait_until 5 grep -q 'Server listening' "$NSISO_TEST/sshd.plain.log"
	sed 's/^\tPort .*/\tPort '$(($(cat "$NSISO_TEST/sshd.main.port") + 1))'/; s/^Port .*/Port '$((
		$(cat "$NSISO_TEST/sshd.main.port") + 1))'/' "$NSISO_TEST/sshd.main.client" \
		>"$NSISO_TEST/sshd.plain.client"
}

@test "a whole ssh login" {
	local i user file=$NSISO_TEST/ssh

	start_plain_sshd
	chsh -s /bin/bash bob
	make_user carol
	write_policy default.conf < <(sed -e '/^parent/d' -e 's,^shell.*,shell = /bin/bash,' \
		"$NSISO_SOURCE/conf/default.conf")
	hold carol carol
	rm -f "$file".*
	for ((i = 0; i < BENCH_N + 2; i++)); do
		ssh_once plain bob >>"$file.bob"
		ssh_once main alice >>"$file.alice"
		ssh_once main carol >>"$file.carol"
	done
	release carol
	for user in bob alice carol; do
		tail -n +3 "$file.$user" | sort -n | awk -v user="$user" '{ us[NR] = $1 } END {
			print user, us[1], us[int((NR + 1) / 2)], us[int(NR * 0.95)] }'
	done | awk '
		BEGIN { name["bob"] = "plain"; name["alice"] = "build"; name["carol"] = "join" }
		NR == 1 { base = $3; printf "%-34s %7s %7s %7s %6s\n", "us", "min", "median", "p95", "ratio" }
		{ printf "%-34s %7d %7d %7d %6.3f\n", name[$1], $2, $3, $4, $3 / base }' | table
}

@test "growth with the policies of other users" {
	local count i

	for count in 0 2000 10000; do
		rm -rf /etc/nsiso/users.d && mkdir /etc/nsiso/users.d
		write_policy default.conf < <(sed '/^parent/d' "$NSISO_SOURCE/conf/default.conf")
		for ((i = 0; i < count; i++)); do
			printf '[pid]\nenable = yes\n' >"/etc/nsiso/users.d/other$i.conf"
		done
		measure "$pam" "bare"=bare-default,alice "build, $count policies"=nsiso,alice
	done
	reset_policies
}

# A passwd database of that many more users; half of them are students.
add_accounts() { # COUNT
	local i

	cp /etc/passwd "$NSISO_TEST/passwd.kept" && cp /etc/group "$NSISO_TEST/group.kept" || return 1
	for ((i = 0; i < $1; i++)); do
		echo "other$i:x:$((100000 + i)):100::/home/other$i:/usr/bin/nsshell"
	done >>/etc/passwd
	printf 'students:x:99999:%s\n' "$(seq -s, -f 'other%g' 0 2 $(($1 - 1)))" >>/etc/group
}

remove_accounts() {
	cat "$NSISO_TEST/passwd.kept" >/etc/passwd
	cat "$NSISO_TEST/group.kept" >/etc/group
}

@test "nsisoctl check of 10,000 users with a policy each" {
	local i begin

	add_accounts 10000
	rm -rf /etc/nsiso/users.d && mkdir /etc/nsiso/users.d
	write_policy default.conf < <(sed '/^parent/d' "$NSISO_SOURCE/conf/default.conf")
	write_policy conf.d/20-students.conf <<<$'[match]\ngroup = students\n[cgroup]\npids.max? = 256'
	for ((i = 0; i < 10000; i++)); do
		printf '[cgroup]\nmemory.max? = %dM\n' $((100 + i)) >"/etc/nsiso/users.d/other$i.conf"
	done
	for i in 1 2 3; do
		begin=${EPOCHREALTIME/./}
		nsisoctl check
		echo "$(((${EPOCHREALTIME/./} - begin) / 1000)) ms"
	done | table
	remove_accounts
	reset_policies
}

@test "growth with other instances" {
	add_crowd 200
	measure "$pam" bare=bare-default,alice "build beside none"=default,alice
	hold_open 200 default crowd%
	measure "$pam" bare=bare-default,alice "build beside 200"=default,alice "join beside 200"=default,bob,join
	drop_open
	hold_open 200 each alice
	measure "$pam" bare=bare-default,alice "build beside 200 of the same user"=each,alice
	drop_open
	remove_crowd
}

@test "growth with the host's mounts" {
	local i

	mkdir /run/many
	measure "$pam" bare=bare-default,alice build=default,alice join=default,bob,join
	for ((i = 0; i < 500; i++)); do
		mkdir "/run/many/$i"
		mount -t tmpfs -o size=4k nsiso-test "/run/many/$i"
	done
	measure "$pam" "bare, 500 more mounts"=bare-default,alice "build, 500 more"=default,alice \
		"join, 500 more"=default,bob,join
	umount /run/many/*
	rm -r /run/many
}

@test "1000 instances at once" {
	local left

	add_crowd 1000
	snapshot
	"$out/open" -m 1000 -s "$state" "$pam" bare=bare-default,alice build=default,crowd% | table
	"$out/open" -m 500 -s "$state" "$pam" "500 of one user"=each,alice | table
	left=$("$here/state.py" compare "$NSISO_TEST/snapshot" 5) || fail "left behind:" "$left"
	remove_crowd
}
