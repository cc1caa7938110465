#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# What a hostile user tries.  bob attacks; alice, root and the instance's PID 1 are the targets.
load lib

setup_file() {
	world alice bob
	mkdir -p /var/lib/secret
	echo secret >/var/lib/secret/file
	echo secret >/var/lib/secret.file
	chmod 0755 /var/lib/secret
}

teardown_file() { end_world; }
setup() { begin && needs_product; }

teardown() {
	rm -rf /home/bob/work /home/bob/*.py /tmp/of-* /var/tmp/of-*
	finish
}

bob_has() { # SECTION LINE...
	{
		echo "[$1]"
		shift
		printf '%s\n' "$@"
	} | write_policy users.d/bob.conf
}

# Runs a Python program of standard input as bob.
attack() {
	ssh_as bob /usr/bin/python3 -
}

# ---- other users -----------------------------------------------------------------------------------

@test "no process of another user or of root can be seen" {
	hold a alice
	local victim
	victim=$(pgrep -u alice -x cat)
	run ssh_as bob "ls -d /proc/$victim /proc/$(daemon_pid sshd.main) 2>/dev/null; ps -eo user= | sort -u"
	assert_output bob
}

@test "no process of another user, of root or of the own user outside can be signalled" {
	hold a alice
	local victim own answer
	victim=$(pgrep -u alice -x cat)
	setpriv --reuid=bob --regid=bob --clear-groups sleep 1000 3>&- &
	own=$!
	wait_until 5 pgrep -u bob -x sleep
	run ssh_as bob "kill -9 $victim $own $(daemon_pid sshd.main) 2>&1 | grep -c 'No such process'"
	answer=$output
	# That one takes the own connection with it.
	ssh_as bob 'kill -9 -1' || :
	is_alive "$victim"
	is_alive "$own"
	kill "$own"
	assert_equal "$answer" 3
}

@test "files of another user or of root in the temporary folders are out of reach" {
	local dir
	for dir in /tmp /var/tmp /dev/shm; do
		echo open >"$dir/of-root"
		chmod 0666 "$dir/of-root"
	done
	hold a alice
	ssh_as alice 'for d in /tmp /var/tmp /dev/shm; do echo open >$d/of-alice; chmod 0666 $d/of-alice; done'
	run ssh_as bob 'ls -A /tmp /var/tmp /dev/shm | grep of-'
	rm -f /dev/shm/of-root
	assert_output ""
}

@test "System V objects of others are out of reach, and those of the instance end with it" {
	local shm
	shm=$(ipcmk -M 4096 -p 0666 | grep -o '[0-9]*$')
	hold a alice
	ssh_as alice 'ipcmk -M 4096 -p 0666 && ipcmk -Q -p 0666 && ipcmk -S 1 -p 0666' >/dev/null
	run ssh_as bob 'tail -qn +2 /proc/sysvipc/shm /proc/sysvipc/msg /proc/sysvipc/sem'
	ipcrm -m "$shm"
	assert_output ""
	run bash -c 'tail -qn +2 /proc/sysvipc/* | grep -w "$(id -u alice)"'
	assert_output ""
}

@test "POSIX message queues of others are out of reach" {
	hold a alice
	: >/dev/mqueue/of-root
	chmod 0666 /dev/mqueue/of-root
	ssh_as alice /usr/bin/python3 - <<-'EOT'
		import ctypes, os
		libc = ctypes.CDLL(None, use_errno=True)
		os.umask(0)
		assert libc.mq_open(b"/of-alice", os.O_CREAT | os.O_RDWR, 0o666, None) >= 0
	EOT
	run attack <<-'EOT'
		import ctypes, os
		libc = ctypes.CDLL(None, use_errno=True)
		for name in b"/of-root", b"/of-alice":
		    print(libc.mq_open(name, os.O_RDWR), os.strerror(ctypes.get_errno()))
		print(os.listdir("/dev/mqueue"))
	EOT
	rm -f /dev/mqueue/of-root
	assert_output $'-1 No such file or directory\n-1 No such file or directory\n[]'
}

@test "abstract sockets and the host's network are out of reach under net=none" {
	bob_has net "mode = none"
	start_daemon abstract socat ABSTRACT-LISTEN:nsiso-test-host,fork SYSTEM:'echo reached'
	wait_until 5 grep -q nsiso-test-host /proc/net/unix
	run ssh_as bob "socat -u ABSTRACT-CONNECT:nsiso-test-host - 2>&1 | grep -o 'reached\|refused'
		(: </dev/tcp/127.0.0.1/$(cat "$NSISO_TEST/sshd.main.port")) 2>&1 | grep -o refused | sort -u; cat /proc/net/unix | grep -c nsiso-test"
	stop_daemon abstract
	assert_output $'refused\nrefused\n0'
}

@test "the same abstract socket is reachable under net=host: the test above can fail" {
	start_daemon abstract socat ABSTRACT-LISTEN:nsiso-test-host,fork SYSTEM:'echo reached'
	wait_until 5 grep -q nsiso-test-host /proc/net/unix
	run ssh_as bob 'socat -u ABSTRACT-CONNECT:nsiso-test-host -'
	stop_daemon abstract
	assert_output reached
}

@test "home=own shows the own home and no other" {
	bob_has mount "home = own"
	echo open >/home/alice/open
	run ssh_as bob 'exec 2>&1; ls /home; cat /home/alice/open; mkdir /home/alice; touch /home/x; echo $HOME; echo kept >~/work; cat ~/work'
	rm /home/alice/open
	assert_equal "${lines[0]}" bob
	assert_match "$output" "alice/open.*No such file"
	assert_match "$output" "Read-only|Permission denied"
	assert_match "$output" $'/home/bob\nkept$'
	assert_equal "$(cat /home/bob/work)" kept
}

@test "home=all shows every home" {
	bob_has mount "home = all"
	echo open >/home/alice/open
	run ssh_as bob 'cat /home/alice/open'
	rm /home/alice/open
	assert_output open
}

@test "home=private gives an empty home that ends with the instance" {
	bob_has mount "home = private"
	echo real >/home/bob/work
	run ssh_as bob 'ls -A ~; stat -c "%a %U" ~; echo new >~/work; cat ~/work'
	assert_output $'700 bob\nnew'
	assert_equal "$(cat /home/bob/work)" real
}

@test "the host name cannot be changed" {
	run ssh_as bob /usr/bin/python3 - <<-'EOT'
		import socket
		socket.sethostname("owned")
	EOT
	assert_match "$output" 'PermissionError'
}

@test "the state of other instances and of the own one cannot be seen or made" {
	hold a alice
	run ssh_as bob 'exec 2>/dev/null; ls /run/nsiso; touch /run/nsiso/x && echo made; mkdir /run/nsiso/y && echo made
		rm -f /run/nsiso/init && echo removed; mv /run/nsiso/init /tmp && echo moved; ls /run/nsiso/void'
	assert_output $'init\nnull\nstatus\nvoid'
}

# ---- privileges ------------------------------------------------------------------------------------

# A set-user-ID root copy of a program that shows its effective user.
suid_copy() { # TARGET
	cp /usr/bin/id "$1"
	chown root:root "$1"
	chmod 4755 "$1"
}

@test "a set-user-ID root program gains nothing, with the login shell and without it" {
	suid_copy /usr/local/bin/suid-id
	suid_copy /home/bob/work
	run ssh_as bob 'exec 2>&1; /usr/local/bin/suid-id; ~/work'
	refute_match "$output" 'euid=0'
	run runuser -u bob -- /usr/local/bin/suid-id
	refute_match "$output" 'euid=0'
	run su -s /bin/sh bob -c /usr/local/bin/suid-id
	refute_match "$output" 'euid=0'
	bob_has caps "no_new_privs = no"
	wait_until 5 refute has_instance bob
	run ssh_as bob 'exec 2>&1; /usr/local/bin/suid-id; ~/work; grep NoNewPrivs /proc/self/status'
	assert_match "$output" 'NoNewPrivs:.0'
	refute_match "$output" 'euid=0'
	rm /usr/local/bin/suid-id
}

@test "suid=yes lets set-user-ID programs work: the test above can fail" {
	suid_copy /usr/local/bin/suid-id
	bob_has mount "suid = yes"
	printf '\n[caps]\nno_new_privs = no\n' >>/etc/nsiso/users.d/bob.conf
	run ssh_as bob '/usr/local/bin/suid-id'
	rm /usr/local/bin/suid-id
	assert_match "$output" 'euid=0'
}

@test "suid=PATH lets that one program work and no other" {
	suid_copy /usr/local/bin/suid-id
	suid_copy /usr/local/bin/suid-other
	bob_has mount "suid = /usr/local/bin/suid-id"
	printf '\n[caps]\nno_new_privs = no\n' >>/etc/nsiso/users.d/bob.conf
	run ssh_as bob 'exec 2>&1; /usr/local/bin/suid-id; /usr/local/bin/suid-other'
	rm /usr/local/bin/suid-id /usr/local/bin/suid-other
	assert_match "${lines[0]}" 'euid=0'
	refute_match "${lines[1]}" 'euid=0'
}

@test "no_new_privs is set and the bounding set is empty" {
	run ssh_as bob 'grep -E "^(NoNewPrivs|CapBnd)" /proc/self/status | cut -f2'
	assert_output $'0000000000000000\n1'
}

@test "the listed capabilities alone stay in the bounding set" {
	bob_has caps "bounding = net_raw"
	run ssh_as bob 'grep ^CapBnd /proc/self/status | cut -f2'
	assert_output 0000000000002000
}

# ---- PID 1 -----------------------------------------------------------------------------------------

@test "PID 1 cannot be killed, stopped or signalled" {
	hold b bob
	local init signal
	init=$(record_of bob init)
	run ssh_as bob 'for s in KILL STOP TERM HUP INT QUIT SEGV ABRT USR1 USR2 34; do kill -$s 1 2>&1; done'
	for signal in "${lines[@]}"; do
		assert_match "$signal" 'not permitted'
	done
	is_alive "$init"
	assert_match "$(sed 's/.*) //' "/proc/$init/stat")" '^S'
	assert_equal "$(ssh_as bob 'echo alive')" alive
}

@test "nothing of PID 1 can be read, traced, limited or slowed" {
	bob_has mount "proc = private"
	hold b bob
	local limits init
	init=$(record_of bob init)
	limits=$(cat "/proc/$init/limits")
	run attack <<-'EOT'
		import ctypes, os, resource
		libc = ctypes.CDLL(None, use_errno=True)
		def call(name, *arguments):
		    if getattr(libc, name)(*arguments) >= 0: print("DONE", name, arguments)
		def attempt(name, function):
		    try: print("DONE", name, function())
		    except OSError: pass
		for name in "environ", "mem", "maps", "auxv", "io", "syscall", "stack", "clear_refs", "oom_score_adj":
		    attempt(name, lambda: open(f"/proc/1/{name}", "r+b" if name in ("mem", "clear_refs", "oom_score_adj") else "rb").read(16))
		for name in "root", "cwd", "exe":
		    attempt(name, lambda: os.readlink(f"/proc/1/{name}"))
		    attempt(name, lambda: os.stat(f"/proc/1/{name}/."))
		for name in "fd", "fdinfo", "map_files", "ns":
		    attempt(name, lambda: [os.readlink(f"/proc/1/{name}/{x}") for x in os.listdir(f"/proc/1/{name}")])
		for name in "mnt", "pid", "net", "user", "uts", "ipc", "cgroup":
		    attempt("ns " + name, lambda: os.open(f"/proc/1/ns/{name}", os.O_RDONLY))
		call("ptrace", 16, 1, 0, 0)
		call("ptrace", 0x4206, 1, 0, 0)
		for kind in range(16):
		    attempt(f"prlimit {kind}", lambda: resource.prlimit(1, kind))
		    attempt(f"prlimit {kind}", lambda: resource.prlimit(1, kind, (3, 3)))
		attempt("renice", lambda: os.setpriority(os.PRIO_PROCESS, 1, 10))
		attempt("affinity", lambda: os.sched_setaffinity(1, {0}))
		attempt("scheduler", lambda: os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0)))
		call("syscall", 251, 1, 1, (3 << 13))  # ioprio_set
		buffer = ctypes.create_string_buffer(8)
		class Iovec(ctypes.Structure): _fields_ = ("base", ctypes.c_void_p), ("len", ctypes.c_size_t)
		mine, other = Iovec(ctypes.addressof(buffer), 8), Iovec(0x400000, 8)
		call("process_vm_readv", 1, ctypes.byref(mine), 1, ctypes.byref(other), 1, 0)
		call("process_vm_writev", 1, ctypes.byref(mine), 1, ctypes.byref(other), 1, 0)
		pidfd = os.pidfd_open(1)
		attempt("pidfd_getfd", lambda: (_ for _ in ()).throw(OSError) if libc.syscall(438, pidfd, 0, 0) < 0 else 0)
		call("setns", pidfd, 0x00020000)
		call("setns", pidfd, 0x20000000)
		call("syscall", 424, pidfd, 9, None, 0)  # pidfd_send_signal
		call("syscall", 312, os.getpid(), 1, 2, 0, 0)  # kcmp
		print("end")
	EOT
	assert_output end
	assert_equal "$(cat "/proc/$init/limits")" "$limits"
	assert_equal "$(ps -o ni= -p "$init" | tr -d ' ')" 0
}

@test "hidepid leaves nothing of PID 1 to be seen" {
	run ssh_as bob 'ls -d /proc/1 /proc/1/status; ps -p 1 -o pid='
	refute_match "$output" '(^|'$'\n'') *(/proc/1|1)'
}

# Listens there until the end of the test.
door() { # PATH
	mkdir -p "$(dirname "$1")"
	start_daemon "door${1//\//-}" python3 -c '
import os, signal, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o666)
s.listen()
signal.pause()' "$1"
	wait_until 10 test -S "$1"
}

@test "what asks the host's services to do things is out of reach: run_user=no" {
	[[ ! -e /run/systemd/private && ! -e /run/dbus/system_bus_socket ]] || skip "this host has them"
	local path uid
	uid=$(id -u bob)
	local paths=(/run/dbus/system_bus_socket /run/systemd/private "/run/user/$uid/bus")
	for path in "${paths[@]}"; do
		door "$path"
	done
	chmod 0755 /run/systemd
	ask='import socket, sys
for path in sys.argv[1:]:
    s = socket.socket(socket.AF_UNIX)
    try: s.connect(path); print("open")
    except OSError as e: print("closed")'
	assert_equal "$(ssh_as bob "python3 -c '$ask' ${paths[*]}")" $'closed\nclosed\nclosed'
	wait_until 10 refute has_instance bob
	write_policy users.d/bob.conf <<<$'[mount]\nrun_user = yes'
	assert_equal "$(ssh_as bob "python3 -c '$ask' ${paths[*]}")" $'open\nopen\nopen'
	for path in "${paths[@]}"; do
		stop_daemon "door${path//\//-}"
		rm "$path"
	done
	rm -r "/run/user/$uid"
}

@test "hostile messages and floods on the init's socket change nothing" {
	hold b bob
	local init fds
	init=$(record_of bob init)
	fds=$(find "/proc/$init/fd" -mindepth 1 -printf '%l\n')
	run attack <<-'EOT'
		import os, random, socket, struct
		def connect():
		    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		    s.settimeout(0.2)
		    try: s.connect("/run/nsiso/init")
		    except OSError: s.close(); return None
		    return s
		random.seed(1)
		for n in range(300):
		    s = connect()
		    if not s: continue
		    try:
		        for size in 1, 16, 32, 65536:
		            s.send(random.randbytes(size))
		        socket.send_fds(s, [struct.pack("=IHHiIQ", 0, 1, n % 12, 0, 0, 0)], [0, 1, 2] * 20)
		    except OSError: pass
		    if n % 2: s.close()
		# Connections that stay open, more than the backlog, with nobody reading.
		held = [c for c in (connect() for _ in range(300)) if c]
		for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
		    s = socket.socket(socket.AF_UNIX, kind)
		    try: s.connect("/run/nsiso/init"); print("connected", kind)
		    except OSError: pass
		print("end")
	EOT
	assert_output end
	is_alive "$init"
	assert_equal "$(record_of bob init)" "$init"
	assert_equal "$(find "/proc/$init/fd" -mindepth 1 -printf '%l\n')" "$fds"
	assert_equal "$(ssh_as bob 'echo alive')" alive
}

@test "a login works while the user's own processes keep the init's socket busy" {
	hold b bob
	ssh_as bob 'cat >busy.py' <<-'EOT'
		import socket
		while True:
		    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		    s.setblocking(False)
		    try: s.connect("/run/nsiso/init")
		    except OSError: pass
		    s.close()
	EOT
	ssh_as bob 'for i in 1 2 3; do python3 busy.py >/dev/null 2>&1 </dev/null & done'
	local n
	for n in 1 2 3 4 5; do
		assert_equal "$(ssh_as bob "echo $n")" "$n"
	done
}

@test "the user's flood on the init's socket does not touch another user" {
	ssh_as bob 'cat >busy.py' <<-'EOT'
		import socket, time
		held = []
		while True:
		    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		    s.setblocking(False)
		    try: s.connect("/run/nsiso/init"); held.append(s)
		    except OSError: time.sleep(0.01)
	EOT
	hold b bob
	ssh_as bob 'python3 busy.py >/dev/null 2>&1 </dev/null &'
	assert_equal "$(ssh_as alice 'echo alive')" alive
}

# ---- mounts ----------------------------------------------------------------------------------------

@test "hidden paths cannot be read, listed or uncovered" {
	bob_has mount "hide = /var/lib/secret /var/lib/secret.file -/var/lib/missing"
	run ssh_as bob 'exec 2>&1; cat /var/lib/secret/file /var/lib/secret.file; ls -A /var/lib/secret; umount /var/lib/secret; mv /var/lib/secret /tmp; rm -r /var/lib/secret'
	refute_match "$output" '(^|'$'\n'')(secret|file)($|'$'\n'')'
	assert_equal "$(cat /var/lib/secret/file)" secret
}

@test "a path to hide that is missing refuses the login, unless it is marked with -" {
	bob_has mount "hide = /var/lib/missing"
	run ssh_as bob true
	assert_status 254
	assert_log 'session refused: user=bob .*/var/lib/missing'
	assert_log 'event=instance-end user=bob id=[0-9a-f]+ reason=never-joined seconds=[0-9]$'
}

@test "read_only paths cannot be written, also not by who owns them" {
	mkdir /home/bob/work
	chown bob: /home/bob/work
	bob_has mount "home = all" "read_only = /home/bob/work"
	run ssh_as bob 'exec 2>&1; touch ~/work/file; echo $?; touch ~/file; echo $?; chmod 0777 ~/work; mount -o remount,rw ~/work; touch ~/work/file; echo $?'
	rm -f /home/bob/file
	assert_match "$output" 'Read-only file system'
	assert_equal "$(grep -x '[01]' <<<"$output" | tr -d '\n')" 101
	touch /home/bob/work/of-the-host
}

@test "programs are not started from noexec paths" {
	bob_has mount "noexec = /tmp"
	run ssh_as bob 'exec 2>&1; cp /bin/true /tmp/true; /tmp/true; echo $?; cp /bin/true ~/true; ~/true; echo $?; rm ~/true'
	assert_match "$output" 'Permission denied'
	assert_equal "$(grep -xE '[0-9]+' <<<"$output" | tr '\n' ' ')" "126 0 "
}

@test "binds show a path at another place, read-only where the policy says so" {
	mkdir -p /var/srv/shared
	chmod 0777 /var/srv/shared
	mkdir -p /var/here /var/there
	echo shared >/var/srv/shared/file
	bob_has mount "bind = /var/srv/shared:/var/here /var/srv/shared:/var/there:ro -/var/srv/missing:/var/here2"
	run ssh_as bob 'exec 2>&1; cat /var/here/file /var/there/file; touch /var/here/new && echo wrote; touch /var/there/newer || echo refused'
	rm -r /var/srv/shared /var/here /var/there
	assert_match "$output" $'^shared\nshared\nwrote\n'
	assert_match "$output" $'refused$'
}

@test "a bind of the own making cannot follow a link out" {
	mkdir /home/bob/work
	chown bob: /home/bob/work
	runuser -u bob -- true
	ln -s /etc /home/bob/work/link
	bob_has mount "home = all" "bind = /var/lib/secret:/home/bob/work/link"
	run ssh_as bob 'ls /etc/passwd'
	assert_status 254
	assert_log 'session refused: user=bob'
	assert_equal "$(ls /etc/passwd)" /etc/passwd
}

@test "tmpfs sizes hold in bytes and in files" {
	bob_has mount "tmp = tmpfs:1M:50"
	run ssh_as bob 'exec 2>&1; head -c 5M /dev/zero >/tmp/big; rm /tmp/big; for i in $(seq 100); do : >/tmp/$i; done; ls /tmp | wc -l'
	assert_match "$output" 'No space left'
	((lines[-1] < 50)) || fail "${lines[-1]} files"
}

@test "the private mounts are nosuid and nodev" {
	run ssh_as bob 'grep -E " (/tmp|/var/tmp|/dev/shm|/proc) " /proc/self/mountinfo | tail -n 4'
	local line
	for line in "${lines[@]}"; do
		assert_match "$line" 'nosuid'
		assert_match "$line" 'nodev'
	done
}

@test "mounts cannot be changed, nor through a user namespace of the user's own" {
	bob_has mount "hide = /var/lib/secret"
	run attack <<-'EOT'
		import ctypes, os
		libc = ctypes.CDLL(None, use_errno=True)
		def mounts():
		    done = []
		    for name, arguments in {
		        "umount tmp": ("umount2", b"/tmp", 0), "umount lazily": ("umount2", b"/tmp", 2),
		        "umount proc": ("umount2", b"/proc", 2), "umount secret": ("umount2", b"/var/lib/secret", 2),
		        "umount home": ("umount2", b"/home", 2), "umount run": ("umount2", b"/run/nsiso", 2),
		        "remount suid": ("mount", b"none", b"/", None, 32 | 4096, None),
		        "bind": ("mount", b"/var/lib", b"/mnt", None, 4096, None),
		        "move": ("mount", b"/tmp", b"/mnt", None, 8192, None),
		        "open_tree": ("syscall", 428, -100, b"/var/lib", 1),
		    }.items():
		        if getattr(libc, arguments[0])(*arguments[1:]) >= 0: done.append(name)
		    return done
		print("plain", mounts())
		uid, gid = os.getuid(), os.getgid()
		if libc.unshare(0x10000000 | 0x00020000) == 0:
		    open("/proc/self/setgroups", "w").write("deny")
		    open("/proc/self/uid_map", "w").write(f"0 {uid} 1")
		    open("/proc/self/gid_map", "w").write(f"0 {gid} 1")
		    print("nested", mounts())
		    try: print(open("/var/lib/secret/file").read())
		    except OSError: print("hidden")
		else:
		    print("nested []\nhidden")
	EOT
	assert_output $'plain []\nnested []\nhidden'
}

@test "no namespace of the host can be entered or found" {
	run attack <<-'EOT'
		import ctypes, glob, os
		libc = ctypes.CDLL(None, use_errno=True)
		own = {os.readlink(f) for f in glob.glob("/proc/self/ns/*")}
		seen = {os.readlink(f) for f in glob.glob("/proc/[0-9]*/ns/*") if os.access(f, os.R_OK)}
		print("foreign", seen - own)
		NS_GET_USERNS, NS_GET_PARENT = 0xb701, 0xb702
		import fcntl
		for name in "pid", "user":
		    fd = os.open(f"/proc/self/ns/{name}", os.O_RDONLY)
		    try: print("parent of", name, fcntl.ioctl(fd, NS_GET_PARENT))
		    except OSError as error: print(name, error.strerror)
		for fd in os.listdir("/proc/self/fd"):
		    try: target = os.readlink(f"/proc/self/fd/{fd}")
		    except OSError: continue
		    if ":[" in target and "pipe" not in target and "socket" not in target and "anon" not in target and target not in own: print(fd, target)
	EOT
	assert_output $'foreign set()\npid Operation not permitted\nuser Operation not permitted'
}

# A shared mount of the host's with a place for another one.
shared_mount() {
	mkdir -p /var/srv/shared
	mount -t tmpfs nsiso-test /var/srv/shared
	mount --make-shared /var/srv/shared
	mkdir /var/srv/shared/later
}

later_mount() {
	mount -t tmpfs nsiso-test /var/srv/shared/later
	echo later >/var/srv/shared/later/file
}

@test "a mount that the host makes later appears inside, and goes away with the host's" {
	shared_mount
	hold b bob
	later_mount
	run ssh_as bob 'cat /var/srv/shared/later/file'
	umount /var/srv/shared/later
	assert_equal "$(ssh_as bob 'ls -A /var/srv/shared/later; echo end')" end
	umount -l /var/srv/shared
	assert_output later
}

@test "with propagation=private it does not" {
	shared_mount
	bob_has mount "propagation = private"
	hold b bob
	later_mount
	run ssh_as bob 'ls -A /var/srv/shared/later'
	umount /var/srv/shared/later
	umount -l /var/srv/shared
	assert_output ""
}

@test "the environment cannot choose what runs before the isolation stands" {
	printf 'LD_PRELOAD=/home/bob/evil.so\nSHELL=/home/bob/evil\nPATH=/home/bob\n' >/home/bob/.pam_environment
	mkdir -p /home/bob/.ssh
	cp /home/bob/.pam_environment /home/bob/.ssh/environment
	printf '#!/bin/sh\necho evil\n' >/home/bob/evil
	chmod 0755 /home/bob/evil
	start_sshd environment 'PermitUserEnvironment yes'
	snapshot
	run env SSHD=environment ssh -F "$NSISO_TEST/sshd.environment.client" bob@nsiso \
		'/usr/bin/readlink /proc/$$/exe /proc/self/ns/pid; true' 3>&-
	assert_no_leftovers
	stop_daemon sshd.environment
	rm -rf /home/bob/.pam_environment /home/bob/.ssh /home/bob/evil
	assert_match "$output" '/usr/bin/bash'
	refute_match "$output" "$(readlink /proc/self/ns/pid | tr -dc 0-9)"
}
