# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2154 # optional arguments; variables of bats, lib.bash and the file
#
# The same work through a plain sshd and through ours, side by side, and what differs.  Loaded after lib by
# the files that have such items: functions that find $user, $client (ssh's configuration of the side), $port
# (one of the side's own) and an empty working directory $dir, and print what they see.
#
# Three sides, each a user: plain, whose sshd has a PAM service without the module and whose shell is bash;
# alice, under the policy that is shipped; nolan, under that and net=none.  A file says in differs[ITEM.SIDE]
# how ITEM's output on that side differs from plain's, in the lines of diff; all else must be the same.

declare -gA differs=()
sides=(plain alice nolan)

# differ ITEM DIFFERENCE: on both of our sides.
differ() {
	differs[$1.alice]=$2
	differs[$1.nolan]=$2
}

# The shipped policy, apart from the shell, and with less grace to wait for.
ship_policy() {
	sed -e 's/^grace = .*/grace = 1s/' -e 's,^shell = .*,shell = /bin/bash,' -e '/^parent = /d' \
		"$NSISO_SOURCE/conf/default.conf" | write_policy default.conf
	write_policy users.d/nolan.conf <<-'EOT'
		[net]
		mode = none
	EOT
}

# world for all sides.
beside_world() {
	world alice nolan && make_user plain /bin/bash && echo "Welcome to the test." >/etc/motd || return 1
	# The name is that of its PAM service, too: see start_sshd.
	ln -s sshd /usr/sbin/sshd-plain && cp /etc/pam.d/sshd.orig /etc/pam.d/sshd-plain || return 1
	SSHD_PROGRAM=/usr/sbin/sshd-plain start_sshd plain-main
}

# begin for all sides.
beside_begin() {
	needs_product
	begin
	ship_policy
}

# start_sshd for all sides.
start_sshds() { # NAME CONFIGURATION LINE...
	start_sshd "$@" && SSHD_PROGRAM=/usr/sbin/sshd-plain start_sshd "plain-$1" "${@:2}"
}

# config_of SSHD: what the client's -F is for that sshd, on this side.
config_of() {
	if [[ $user == plain ]]; then
		echo "$NSISO_TEST/sshd.plain-$1.client"
	else
		echo "$NSISO_TEST/sshd.$1.client"
	fi
}

# The side's ssh, through the sshd called $sshd; 124 when it takes too long.
go() { # SSH OPTION | COMMAND...
	within 30 ssh -F "$(config_of "${sshd:-main}")" "$user@nsiso" "$@"
}

# go on a terminal: steps, --, options and command.
go_terminal() { # STEP... -- SSH OPTION | COMMAND...
	local steps=()

	while [[ $1 != -- ]]; do
		steps+=("$1")
		shift
	done
	shift
	"$here/terminal.py" -s 33x99 "${steps[@]}" -- ssh -F "$(config_of "${sshd:-main}")" -tt "$user@nsiso" "$@"
}

run_side() { # SIDE ITEM
	local user=$1 item=$2 client dir=$NSISO_TEST/beside.$1.d port

	# What bats set: here a failure is something to be seen, not the end.
	set +eE
	trap - ERR
	port=$((12000 + $(id -u "$user") % 100 + ${NSISO_CGROUPS##*nsiso-test.} % 70 * 100))
	client=$(config_of main)
	rm -rf "$dir"
	mkdir "$dir" && cd "$dir" && "$item"
	echo "status $?"
}

# Without what must differ: names, ids, the numbers of terminals.
seen_by() { # SIDE
	sed -E "s,\\b$1\\b,USER,g; s,\\b$(id -u "$1")\\b,UID,g; s,pts/[0-9]+,pts/N,g; s/\\r//g" "$NSISO_TEST/beside.$1"
}

# beside ITEM REGEX: its output on plain's side has REGEX, and on the other sides is the same or differs as
# the file says.
beside() {
	local side jobs=() is

	for side in "${sides[@]}"; do
		run_side "$side" "$1" >"$NSISO_TEST/beside.$side" 2>&1 </dev/null 3>&- &
		jobs+=($!)
	done
	wait "${jobs[@]}"
	refute_log ' user=plain ' || return 1 # or nothing is compared
	assert_match "$(seen_by plain)" "$2" || return 1
	for side in "${sides[@]:1}"; do
		is=$(diff <(seen_by plain) <(seen_by "$side") | grep '^[<>]') || :
		[[ $is == "${differs[$1.$side]:-}" ]] ||
			fail "$1 differs on $side's side:" "$is" "should:" "${differs[$1.$side]:-}" \
				"plain:" "$(seen_by plain)" || return 1
	done
	rm -rf "$NSISO_TEST"/beside.*
}
