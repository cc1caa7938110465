#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# Mail by Exim as Debian sets it up: what a session submits, and what a mail server has done for a user.
load lib

setup_file() {
	unpack_fetched 'exim4*' 'lib*'
	world alice bob
	if [[ -x /usr/sbin/exim4 ]]; then
		set_up_exim
	fi
}

teardown_file() { end_world; }

setup() {
	needs_product
	[[ -x /usr/sbin/exim4 ]] || skip "exim4 was not unpacked"
	begin
}

teardown() {
	local name

	[[ ${BATS_TEST_COMPLETED:-} ]] || show_what_happened
	for name in cron exim; do
		[[ ! -e $NSISO_TEST/daemon.$name.pid ]] || stop_daemon "$name"
	done
	rm -rf /var/spool/cron/crontabs/* /run/crond.* /var/log/exim4/* /var/mail/* /var/spool/exim4/{input,msglog}/* \
		/home/alice/{.forward,program,seen}*
	finish
}

show_what_happened() {
	cat /var/log/exim4/*log || :
	find /var/spool/exim4/input /var/mail -type f -ls || :
	log_lines | grep CRON || :
}

# What the packages' own scripts do, and nothing but local mail.
set_up_exim() {
	rm -rf /etc/crontab /etc/cron.d
	getent passwd Debian-exim >/dev/null ||
		useradd --system --user-group --no-create-home --home-dir /var/spool/exim4 --shell /usr/sbin/nologin Debian-exim
	mkdir -p /var/lib/exim4
	install -d -o Debian-exim -g adm -m 2750 /var/log/exim4
	install -d -o Debian-exim -g Debian-exim -m 0750 /var/spool/exim4
	install -d -g mail -m 2775 /var/mail
	ln -sf exim4 /usr/sbin/sendmail
	echo test.local >/etc/mailname
	: >/etc/aliases
	printf "dc_%s='%s'\n" eximconfig_configtype local other_hostnames test.local local_interfaces 127.0.0.1 \
		localdelivery mail_spool use_split_config false >/etc/exim4/update-exim4.conf.conf
	echo "CFILEMODE='644'" >>/etc/exim4/update-exim4.conf.conf
	configure_exim
}

# configure_exim [SETTING]: one more for what users' .forward may say.
configure_exim() {
	cp -n /etc/exim4/exim4.conf.template "$NSISO_TEST/exim4.conf.template"
	sed -e '' ${1:+-e "/^userforward:/,/^$/ s/driver = redirect/&\n$1/"} "$NSISO_TEST/exim4.conf.template" >/etc/exim4/exim4.conf.template
	update-exim4.conf
}

start_exim() {
	start_daemon exim /usr/sbin/exim4 -bdf -oX 127.0.0.1.2525
	wait_until 10 eval ': </dev/tcp/127.0.0.1/2525'
}

allow_exim() {
	write_policy conf.d/mail.conf <<-'EOT'
		[mount]
		suid = /usr/sbin/exim4

		[caps]
		no_new_privs = no
		bounding = setuid setgid
	EOT
}

send='printf "Subject: test\n\nfrom %s\n" "$(id -un)" | /usr/sbin/sendmail bob'

# Messages that nobody has delivered.
queued() {
	find /var/spool/exim4/input -name '*-H' 2>/dev/null | wc -l
}

# By a process of alice's, who needs no program of Exim's for it.
send_by_smtp() { # TO
	ssh_as alice "python3 -c '
import smtplib
smtplib.SMTP(\"127.0.0.1\", 2525).sendmail(\"alice@test.local\", \"$1@test.local\", \"Subject: test\\n\\nby SMTP\\n\")'"
}

@test "sendmail fails, and says so, where the policy does not say that Exim may" {
	run ssh_as alice "exec 2>&1; $send"
	assert_status 1
	assert_match "$output" 'ermission denied'
	assert_equal "$(queued)" 0
}

@test "where it does, Exim puts the message into its queue, from which the host's delivers it" {
	allow_exim
	run ssh_as alice "exec 2>&1; $send"
	assert_status 0
	assert_equal "$(queued)" 1
	wait_until 10 refute has_instance alice
	exim4 -q
	wait_until 10 grep -q '^from alice$' /var/mail/bob
	assert_equal "$(queued)" 0
	assert_equal "$(stat -c %U /var/mail/bob)" bob
}

@test "where it does, the output of a cron job is mailed" {
	allow_exim
	mkdir -p /var/spool/cron/crontabs
	echo '@reboot readlink /proc/self/ns/pid' | install -m 0600 -o alice -g crontab /dev/stdin /var/spool/cron/crontabs/alice
	start_daemon cron /usr/sbin/cron -f
	# To the own mailbox Exim comes from inside, too, when the session lasts that long.
	wait_until 20 grep -q '<= alice@test.local' /var/log/exim4/mainlog
	wait_until 10 refute has_instance alice
	exim4 -q
	wait_until 10 grep -q '^pid:' /var/mail/alice
	refute grep -Fq "$(readlink /proc/self/ns/pid)" /var/mail/alice
}

@test "SMTP to 127.0.0.1 needs nobody's leave, and the mail is delivered at once" {
	start_exim
	send_by_smtp bob
	wait_until 10 grep -q '^by SMTP$' /var/mail/bob
}

# alice's .forward starts a program that says where it is.
forward_to_program() {
	printf '%s\n' '#!/bin/sh' 'readlink /proc/self/ns/pid >/home/alice/seen.new' 'mv /home/alice/seen.new /home/alice/seen' >/home/alice/program
	chmod 755 /home/alice/program
	install -o alice -g alice -m 0644 /dev/stdin /home/alice/.forward <<<'|/home/alice/program'
}

# That a mail server starts programs is no session; see "mail servers" in the manual page of the module.
@test "what .forward starts is outside, unless the mail server is told to start nothing" {
	forward_to_program
	start_exim
	send_by_smtp alice
	wait_until 10 test -e /home/alice/seen
	assert_equal "$(cat /home/alice/seen)" "$(readlink /proc/self/ns/pid)"
	rm /home/alice/seen
	stop_daemon exim
	configure_exim 'forbid_pipe'
	start_exim
	send_by_smtp alice
	wait_until 10 grep -q 'pipe.*forbidden\|forbidden.*pipe' /var/log/exim4/mainlog
	[[ ! -e /home/alice/seen ]] || fail "it was started"
	stop_daemon exim
	configure_exim
}
