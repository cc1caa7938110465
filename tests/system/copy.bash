# shellcheck shell=bash disable=SC2034 # NSISO_CGROUP_PARENT is for who sources this
#
# A disposable copy of the machine: a mount namespace with overlays over the folders that an installation,
# useradd or a login writes to, fresh file systems where run-time state lives, a /dev with an own /dev/log,
# and cgroups of its own below the one that the script runs in, or below NSISO_CGROUP_TOP.  Sourced by what works
# in such a copy; wants NSISO_SOURCE and NSISO_BUILD.

# ---------------------------------------------------------------------------------------------------
# Inside the mount namespace
# ---------------------------------------------------------------------------------------------------

# overlay DIR: a copy of DIR that swallows all changes.
overlay() {
	local name=${1//\//_}

	[[ -d $1 && ! -L $1 ]] || return 0
	mkdir "/mnt/upper$name" "/mnt/work$name" &&
		chown --reference="$1" "/mnt/upper$name" && chmod --reference="$1" "/mnt/upper$name" &&
		mount -t overlay -o "lowerdir=$1,upperdir=/mnt/upper$name,workdir=/mnt/work$name" nsiso-test "$1"
}

# fresh DIR OPTIONS: an empty file system.
fresh() {
	mount -t tmpfs -o "nosuid,nodev,$2" nsiso-test "$1"
}

# A /dev of the usual nodes; the machine's own is not touched.
private_dev() {
	local dev=/mnt/dev node

	mkdir "$dev" && mount -t tmpfs -o mode=0755,nosuid nsiso-test "$dev" || return 1
	for node in null zero full random urandom tty ptmx console fuse loop-control; do
		[[ -c /dev/$node ]] && { cp -a "/dev/$node" "$dev/$node" || return 1; }
	done
	mkdir "$dev/pts" "$dev/shm" "$dev/mqueue" "$dev/net" &&
		ln -s /proc/self/fd "$dev/fd" && ln -s fd/0 "$dev/stdin" &&
		ln -s fd/1 "$dev/stdout" && ln -s fd/2 "$dev/stderr" &&
		mount -t devpts -o newinstance,gid=5,mode=620,ptmxmode=666 nsiso-test "$dev/pts" &&
		mount -t tmpfs -o nosuid,nodev,mode=1777 nsiso-test "$dev/shm" &&
		mount -t mqueue nsiso-test "$dev/mqueue" &&
		mount --move "$dev" /dev
}

# keep PATH...: bring what the fresh file systems cover back through them.
keep_open() {
	local path

	mkdir /mnt/keep
	for path; do
		case $path/ in
		/tmp/* | /var/tmp/* | /run/* | /dev/shm/* | /root/* | /home/* | /usr/* | /var/*)
			mkdir "/mnt/keep/${path//\//_}" && mount --bind "$path" "/mnt/keep/${path//\//_}" || return 1
			;;
		esac
	done
}

keep_close() {
	local path

	for path; do
		[[ -d /mnt/keep/${path//\//_} ]] || continue
		mkdir -p "$path" && mount --move "/mnt/keep/${path//\//_}" "$path" || return 1
	done
}

copy_of_the_machine() {
	local dir keep=("$NSISO_SOURCE")

	[[ $NSISO_BUILD/ == "$NSISO_SOURCE"/* || ! -d $NSISO_BUILD ]] || keep+=("$NSISO_BUILD")
	mount -t tmpfs -o mode=0700 nsiso-test /mnt && keep_open "${keep[@]}" || return 1
	for dir in /etc /usr /var /home /root; do
		overlay "$dir" || return 1
	done
	private_dev &&
		fresh /run mode=0755 && fresh /tmp mode=1777 && fresh /var/tmp mode=1777 &&
		keep_close "${keep[@]}" &&
		umount --lazy /mnt || return 1
	mkdir -m 0755 /run/sshd /run/user &&
		mkdir -m 1777 /run/lock &&
		mkdir -m 0711 /run/nsiso-test &&
		install -m 0664 -g utmp /dev/null /run/utmp
}

# For a network namespace just made.  quickack: ssh's small messages do not wait 40 ms for each other's
# acknowledgement.
own_network() {
	local to

	ip link set lo up || return 1
	for to in 127.0.0.0/8 127.0.0.1; do
		ip route change local "$to" dev lo table local proto kernel scope host src 127.0.0.1 quickack 1 || return 1
	done
}

# Into every cgroup of ours; "none" where there is no hierarchy at all.
enter_cgroups() {
	local dir

	for dir; do
		echo $$ >"$dir/cgroup.procs" || return 1
	done
}

install_product() {
	local out=/run/nsiso-test/install.log

	make -C "$NSISO_SOURCE" --no-print-directory -o all install BUILD="$NSISO_BUILD" >"$out" 2>&1 && return
	sed 's/^/# /' "$out"
	return 1
}

# ---------------------------------------------------------------------------------------------------
# Outside: cgroups and the end
# ---------------------------------------------------------------------------------------------------

# The cgroups that make_cgroups made, those of them (or below) for processes, and what [cgroup] parent= must
# be there; what look_for_leftovers and clean found.
cgroups=() leaves=() leftovers=()
# (set already inside, where `enter` runs once more)
: "${NSISO_CGROUP_PARENT:=self}"

# own_cgroups: the folder of the cgroup that this process runs in, one line a hierarchy that tests use.
own_cgroups() {
	local controllers path

	if [[ ${NSISO_CGROUP_TOP:-} ]]; then
		echo "$NSISO_CGROUP_TOP"
		return
	fi
	while IFS=: read -r _ controllers path; do
		case $controllers in
		"")
			if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
				echo "/sys/fs/cgroup${path%/}"
			elif [[ -e /sys/fs/cgroup/unified/cgroup.controllers ]]; then
				echo "/sys/fs/cgroup/unified${path%/}"
			fi
			;;
		memory | pids | freezer | cpuset | blkio) echo "/sys/fs/cgroup/$controllers${path%/}" ;;
		cpu | cpu,cpuacct | cpuacct,cpu) echo "/sys/fs/cgroup/cpu${path%/}" ;;
		esac
	done </proc/self/cgroup
}

# take_number FOLDER...: a number below 400 that no other run has; in each folder nsiso-test.NUMBER is made.
take_number() {
	local tries number dir made

	for ((tries = 0; tries < 400; tries++)); do
		number=$((($$ + tries) % 400)) made=()
		for dir; do
			mkdir "$dir/nsiso-test.$number" 2>/dev/null || break
			made+=("$dir/nsiso-test.$number")
		done
		if ((${#made[@]} == $#)); then
			echo "$number"
			return
		fi
		((${#made[@]} == 0)) || rmdir "${made[@]}"
	done
	return 1
}

# With cgroup v2 alone only leaves hold processes: the tests sit in a leaf and name the folder above as parent.
make_cgroups() {
	local tops dir controller file number

	mapfile -t tops < <(own_cgroups)
	number=$(take_number "${tops[@]}") || return 1
	for dir in "${tops[@]}"; do
		dir=$dir/nsiso-test.$number
		cgroups+=("$dir")
		# Nothing may enter a cpuset of v1 that has no processors.
		for file in cpuset.cpus cpuset.mems; do
			[[ ! -e $dir/$file || -e $dir/cgroup.controllers ]] || cat "${dir%/*}/$file" >"$dir/$file"
		done
		if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
			for controller in memory pids cpu cpuset io; do
				echo "+$controller" >"${dir%/*}/cgroup.subtree_control" 2>/dev/null
				echo "+$controller" >"$dir/cgroup.subtree_control" 2>/dev/null
			done
			mkdir "$dir/tests" || return 1
			leaves+=("$dir/tests")
			NSISO_CGROUP_PARENT=${dir#/sys/fs/cgroup}
		else
			leaves+=("$dir")
		fi
	done
}

# The processes in our cgroups, one pid a line.
members() {
	local dir

	for dir in "${cgroups[@]}"; do
		find "$dir" -name cgroup.procs -exec cat {} + 2>/dev/null
	done | sort -un
}

# End what still runs in our cgroups, by pid; a frozen process must thaw to die.
end_members() {
	local pids state tries

	for ((tries = 0; tries < 100; tries++)); do
		mapfile -t pids < <(members)
		((${#pids[@]})) || return 0
		while read -r state; do
			echo THAWED >"$state"
		done < <(find "${cgroups[@]}" -name freezer.state) 2>/dev/null
		kill -KILL "${pids[@]}" 2>/dev/null
		sleep 0.1
	done
	return 1
}

# look_for_leftovers: processes that are still there after a second, and cgroups below ours.
look_for_leftovers() {
	local pid tries dir name

	((${#cgroups[@]})) || return 0
	for ((tries = 0; tries < 20; tries++)); do
		[[ $(members) ]] || break
		sleep 0.1
	done
	for pid in $(members); do
		name=$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null)
		leftovers+=("process $pid ${name:-$(cat "/proc/$pid/comm" 2>/dev/null)}")
	done
	while read -r dir; do
		leftovers+=("cgroup $dir")
	done < <(find "${cgroups[@]}" -mindepth 1 -type d ! -name tests)
}

# The end of all that runs in our cgroups, and of them.
clean() {
	trap - EXIT
	((${#cgroups[@]})) || return 0
	if ! end_members; then
		leftovers+=("processes that do not die: $(members | tr '\n' ' ')")
	fi
	find "${cgroups[@]}" -depth -type d -exec rmdir {} + 2>/dev/null
	[[ ! $(find "${cgroups[@]}" -maxdepth 0 2>/dev/null) ]] || leftovers+=("cgroups that can't be removed")
	cgroups=()
}
