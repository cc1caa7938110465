#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# The services beside those of doors.bats, each with the real program and the PAM lines that are shipped: what
# they start is inside, limits apply, what they are for works, a refusal is a refusal.
load lib

setup_file() {
	unpack_fetched 'vsftpd_*'
	mkdir -p /run/vsftpd/empty
	world alice
	make_user carol /bin/bash
	rm -rf /etc/crontab /etc/cron.d
	printf '%s\n' 'Defaults !lecture' 'root ALL=(ALL) ALL' 'carol ALL=(ALL) NOPASSWD: ALL' 'alice ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers
}

teardown_file() { end_world; }

setup() {
	needs_product
	begin
	write_policy users.d/carol.conf <<-'EOT'
		[session]
		exempt = yes
	EOT
	write_policy users.d/alice.conf <<-'EOT'
		[cgroup]
		pids.max = 123
	EOT
	# What cron and atd send mail with.
	printf '%s\n' '#!/bin/sh' 'umask 022; { readlink /proc/self/ns/mnt; cat; } >/home/alice/mail.new' \
		'mv /home/alice/mail.new /home/alice/mail' >/usr/sbin/sendmail
	chmod 755 /usr/sbin/sendmail
}

teardown() {
	local name
	for name in cron atd vsftpd; do
		[[ ! -e $NSISO_TEST/daemon.$name.pid ]] || stop_daemon "$name"
	done
	rm -rf /var/spool/cron/crontabs/* /var/spool/cron/atjobs/a* /run/{crond,atd}.* /var/spool/drop /home/alice/{seen,mail,file,got}* \
		/etc/cron.d /tmp/of-the-host
	finish
}

# What a job says of itself.
look='readlink /proc/self/ns/pid; id -un; grep NoNewPrivs /proc/self/status'

assert_inside() { # TEXT
	assert_match "$1" $'^pid:[^\n]*\nalice\nNoNewPrivs:\t1'
	assert_differ "$(head -n 1 <<<"$1")" "$(readlink /proc/self/ns/pid)"
}

# While an instance of alice's lives.
assert_limited() {
	local group
	group=$(cgroup_of pids)/alice
	assert_equal "$(cat "$group/pids.max")" 123
	[[ $(cat "$group"/*/cgroup.procs) ]] || fail "nobody is in $group"
}

break_policy() {
	write_raw_policy users.d/alice.conf <<<"[session"
}

@test "sudo -u leads inside, with the exit status and the input of its command" {
	run sudo -u alice sh -c "$look; exit 7"
	assert_status 7
	assert_inside "$output"
	assert_equal "$(printf 'b\na\n' | sudo -u alice sort)" $'a\nb'
	assert_log 'pam_nsiso\(sudo:session\): session closed: user=alice'
}

@test "sudo by a user that is not isolated leads inside, too" {
	run setpriv --reuid=carol --regid=carol --init-groups sudo -u alice sh -c "$look"
	assert_inside "$output"
	run setpriv --reuid=carol --regid=carol --init-groups sudo readlink /proc/self/ns/pid
	assert_output "$(readlink /proc/self/ns/pid)"
}

@test "sudo -i leads inside, to a login shell" {
	run sudo -i -u alice sh -c "$look"
	assert_status 0
	assert_inside "$output"
	assert_log 'pam_nsiso\(sudo-i?:session\): session closed: user=alice'
	run "$here/terminal.py" 'expect:\$ $' 'send:PS1=@\n' 'expect:\n@' 'send:echo "<$0 $USER $PWD>"; exit 5\n' -- sudo -i -u alice 3>&-
	assert_status 5
	assert_match "$output" '<-bash alice /home/alice>'
}

@test "sudo with a terminal of its own (use_pty) leads inside" {
	sed -i '1i Defaults use_pty' /etc/sudoers
	run "$here/terminal.py" -- sudo -u alice sh -c "$look" 3>&-
	sed -i 1d /etc/sudoers
	assert_status 0
	assert_inside "${output//$'\r'/}"
}

@test "sudo shares the instance of the ssh session, and its limits" {
	hold a alice
	run sudo -u alice readlink /proc/self/ns/pid
	assert_output "$(readlink "/proc/$(record_of alice init)/ns/pid")"
	assert_limited
}

@test "sudo runs nothing when the session is refused" {
	break_policy
	run sudo -u alice touch /home/alice/seen
	[[ $status != 0 ]] || fail "$output"
	[[ ! -e /home/alice/seen ]] || fail "it ran"
	assert_log 'session refused: user=alice service=sudo'
}

# As alice on the host, who submits a job.
submit() { # COMMAND
	(cd /home/alice && FROM_HERE="one two" setpriv --reuid=alice --regid=alice --init-groups \
		env HOME=/home/alice USER=alice LOGNAME=alice at now <<<"$1" 2>&1)
	start_daemon atd atd -f
}

@test "a job of at runs inside, in its folder and environment, and its output is mailed" {
	submit "$look; echo \"\$FROM_HERE\"; pwd; umask"
	wait_until 20 test -e /home/alice/mail
	run sed '1,/^$/d' /home/alice/mail
	assert_inside "$output"
	assert_match "$output" $'\none two\n/home/alice\n0*22$'
	assert_match "$(cat /home/alice/mail)" 'Subject: Output from your job'
	assert_log 'pam_nsiso\(atd:session\): session closed: .*instance=until-exit'
	assert_log 'session ended: .*user=alice .*reason=opener-died service=atd'
}

# A mailer that gains a group, as Postfix's does.
@test "mailers that are set-group-ID work where the policy says so" {
	install -d -g mail -m 0730 /var/spool/drop
	install -g mail -m 2755 /usr/bin/tee /usr/sbin/drop
	printf '%s\n' '#!/bin/sh' 'exec /usr/sbin/drop /var/spool/drop/mail >/dev/null 2>/home/alice/mail' >/usr/sbin/sendmail
	start_cron '@reboot echo one'
	wait_until 20 grep -q 'ermission denied' /home/alice/mail
	stop_daemon cron
	rm -f /run/crond.* /home/alice/mail
	wait_until 10 refute has_instance alice
	write_policy conf.d/mail.conf <<-'EOT'
		[match]
		service = cron atd

		[mount]
		suid = /usr/sbin/drop

		[caps]
		no_new_privs = no
	EOT
	start_cron '@reboot echo two'
	wait_until 20 grep -q two /var/spool/drop/mail
	rm -r /var/spool/drop /usr/sbin/drop
}

@test "a job of at shares the instance of the ssh session, and its limits" {
	hold a alice
	submit 'readlink /proc/self/ns/pid >~/seen.new; mv ~/seen.new ~/seen'
	wait_until 20 test -e /home/alice/seen
	assert_equal "$(cat /home/alice/seen)" "$(readlink "/proc/$(record_of alice init)/ns/pid")"
	assert_limited
}

@test "a job of at does not run when the session is refused" {
	break_policy
	submit 'touch ~/seen'
	wait_until 20 log_has 'session refused: user=alice service=atd'
	[[ ! -e /home/alice/seen ]] || fail "it ran"
}

start_cron() { # CRONTAB LINE...
	mkdir -p /var/spool/cron/crontabs
	printf '%s\n' "$@" | install -m 0600 -o alice -g crontab /dev/stdin /var/spool/cron/crontabs/alice
	start_daemon cron /usr/sbin/cron -f
}

@test "the output of a cron job is mailed" {
	start_cron "FROM_HERE=one two" "@reboot $look; echo \"\$FROM_HERE\"; pwd"
	wait_until 20 test -e /home/alice/mail
	run sed '1,/^$/d' /home/alice/mail
	assert_inside "$output"
	assert_match "$output" $'\none two\n/home/alice$'
}

@test "a line of /etc/cron.d for the user runs inside" {
	mkdir -m 755 /etc/cron.d
	echo "@reboot alice ($look) >~/seen.new; mv ~/seen.new ~/seen" >/etc/cron.d/test
	start_daemon cron /usr/sbin/cron -f
	wait_until 20 test -e /home/alice/seen
	assert_inside "$(cat /home/alice/seen)"
}

@test "a cron job does not run when the session is refused" {
	break_policy
	start_cron '@reboot touch ~/seen'
	wait_until 20 log_has 'session refused: user=alice service=cron'
	[[ ! -e /home/alice/seen ]] || fail "it ran"
}

@test "[match] service= gives cron another policy than ssh" {
	write_policy conf.d/cron.conf <<-'EOT'
		[match]
		service = cron

		[session]
		scope = session

		[mount]
		tmp = shared
	EOT
	touch /tmp/of-the-host
	hold a alice
	start_cron '@reboot ls /tmp/of-the-host >~/seen.new 2>&1; mv ~/seen.new ~/seen'
	wait_until 20 test -e /home/alice/seen
	assert_equal "$(cat /home/alice/seen)" /tmp/of-the-host
	run ssh_as alice 'ls /tmp/of-the-host'
	assert_status 2
}

start_vsftpd() {
	[[ -x /usr/sbin/vsftpd ]] || skip "vsftpd was not unpacked"
	printf '%s\n' listen=YES listen_address=127.0.0.1 listen_port=2121 anonymous_enable=NO local_enable=YES \
		write_enable=YES session_support=YES secure_chroot_dir=/run/vsftpd/empty pam_service_name=vsftpd \
		background=NO pasv_address=127.0.0.1 >"$NSISO_TEST/vsftpd.conf"
	start_daemon vsftpd /usr/sbin/vsftpd "$NSISO_TEST/vsftpd.conf"
	wait_until 5 eval ': </dev/tcp/127.0.0.1/2121'
}

# ftp COMMAND...: in Python, with f for the connection.
ftp() {
	/usr/bin/python3 -c '
import ftplib, io, os, sys
with ftplib.FTP(timeout=20 * int(os.environ["NSISO_PATIENCE"])) as f:
    f.connect("127.0.0.1", 2121)
    f.login("alice", "alice'"'"'s secret")
    for line in sys.argv[1:]:
        exec(line)' "$@"
}

@test "ftp by vsftpd is inside, both ways" {
	start_vsftpd
	hold a alice
	run ftp 'f.storbinary("STOR /tmp/of-alice", io.BytesIO(b"hello\n"))' 'print(f.nlst("/tmp"))' \
		'f.retrlines("RETR /tmp/of-alice")' 'print(f.pwd())'
	assert_status 0
	assert_output "['/tmp/of-alice']"$'\nhello\n/home/alice'
	[[ ! -e /tmp/of-alice ]] || fail "it is on the host"
	assert_equal "$(ssh_as alice 'cat /tmp/of-alice')" hello
}

@test "a session of vsftpd is limited, ends cleanly and can be refused" {
	start_vsftpd
	run ftp "os.system('cat $(cgroup_of pids)/alice/pids.max')" 'print(f.pwd())'
	assert_output $'123\n/home/alice'
	assert_log 'pam_nsiso\(vsftpd:session\): session opened: user=alice'
	assert_log 'session ended: .*user=alice .*service=vsftpd'
	break_policy
	run ftp 'print(f.pwd())'
	assert_status 1
	assert_match "$output" '530 Login incorrect'
	assert_log 'session refused: user=alice service=vsftpd'
}

@test "passive ftp needs the host's network, which [match] service= gives it" {
	write_policy conf.d/10-all.conf <<-'EOT'
		[net]
		mode = none
	EOT
	start_vsftpd
	run ftp 'f.sock.settimeout(3)' 'print(f.nlst("/etc/passwd"))'
	assert_status 1
	write_policy conf.d/20-ftp.conf <<-'EOT'
		[match]
		service = vsftpd

		[session]
		scope = session

		[net]
		mode = host
	EOT
	run ftp 'print(f.nlst("/etc/passwd"))'
	assert_output "['/etc/passwd']"
}

@test "[match] service= hides from vsftpd what ssh shows" {
	mkdir -p /var/secret
	write_policy conf.d/ftp.conf <<-'EOT'
		[match]
		service = vsftpd

		[session]
		scope = session

		[mount]
		hide = /var/secret
		read_only = /
	EOT
	start_vsftpd
	run ftp 'print(f.nlst("/var/secret"))'
	assert_match "$output" $'550|^\[\]$'
	run ftp 'f.storbinary("STOR file", io.BytesIO(b"hello\n"))'
	assert_match "$output" '553'
	assert_equal "$(ssh_as alice 'ls -d /var/secret')" /var/secret
	rmdir /var/secret
}

@test "a service without a file of its own takes the line of other" {
	run pamtester -I rhost=here strange alice open_session close_session
	assert_status 0
	assert_log 'pam_nsiso\(strange:session\): session opened: user=alice'
	assert_log 'pam_nsiso\(strange:session\): session closed: user=alice'
}

@test "systemd's own executor is refused, with the reason" {
	local program
	mkdir -p "$NSISO_TEST/systemd"
	for program in systemd systemd-executor; do
		cp /usr/bin/pamtester "$NSISO_TEST/systemd/$program"
		run "$NSISO_TEST/systemd/$program" other alice open_session
		[[ $status != 0 ]] || fail "$program: $output"
		assert_log "session refused: user=alice service=other .*systemd itself opens this session"
		run "$NSISO_TEST/systemd/$program" other root open_session
		assert_status 0
		log_mark
	done
}

# With what su and sudo need for their work.
alice_may_su() {
	write_policy users.d/alice.conf <<-'EOT'
		[mount]
		suid = yes

		[caps]
		bounding = setuid setgid dac_override audit_write sys_resource
		no_new_privs = no
	EOT
}

@test "from inside, su and sudo to another user are refused" {
	alice_may_su
	run ssh_as alice 'exec 2>&1; sudo -u carol id -un; echo "$?"'
	assert_match "$output" 'nsiso: isolation failed, reference [0-9a-f]+'
	assert_match "$output" $'\n1(\n|$)'
	assert_log 'session refused: user=carol service=sudo .*from inside another isolated session'
	run "$here/terminal.py" 'expect:assword: $' "send:carol's secret\n" -- \
		ssh -F "$NSISO_TEST/sshd.main.client" -tt alice@nsiso 'su carol -c id' 3>&-
	assert_status 1
	refute_match "$output" 'uid='
	assert_log 'session refused: user=carol service=su .*from inside another isolated session'
}

@test "from inside, sudo to root stays inside" {
	alice_may_su
	hold a alice
	run ssh_as alice 'sudo readlink /proc/self/ns/pid'
	assert_output "$(readlink "/proc/$(record_of alice init)/ns/pid")"
}
