#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# A broken policy locks nobody out who is to get in: isolation can be switched off for a time, and who is exempt
# by a file of his own is so whatever other files look like.
load lib

setup_file() { world alice bob; }

teardown_file() { end_world; }

setup() {
	begin
	needs_product
	rm -f /run/nsiso.disabled
}

teardown() {
	rm -f /run/nsiso.disabled
	finish
}

# The namespace that a login of that user is in; "host" for the host's.
where() { # USER
	local seen

	seen=$(ssh_as "$1" 'readlink /proc/self/ns/pid; echo "$SHELL"') || return
	seen=${seen/"$(readlink /proc/self/ns/pid)"/host}
	echo "${seen//$'\n'/ }"
}

is_isolated() { # USER
	refute_match "$(where "$1")" host
}

break_policies() {
	write_raw_policy conf.d/50-new.conf <<<$'[session]\ngarce = 1s'
}

@test "disable lets everybody in without isolation, for a time and on the record; enable ends it" {
	refute_match "$(where alice)" host
	run nsisoctl disable --for 10m --reason 'mend the policy'
	assert_status 0
	assert_match "$output" '^New logins are not isolated until 20[0-9-]+ [0-9:]+;'
	assert_log 'nsisoctl.*isolation disabled: by=[^ ]+ seconds=600 reason="mend the policy"'
	log_mark
	assert_equal "$(where alice)" "host /bin/bash"
	assert_log 'pam_nsiso\(sshd:session\): session not isolated: user=alice service=sshd reason=disabled by=[^ ]+ left=[0-9]+s'
	run nsisoctl enable
	assert_status 0
	assert_log 'nsisoctl.*isolation enabled: by='
	refute_match "$(where alice)" host
	run nsisoctl enable
	assert_output "Isolation was not switched off."
}

@test "disable lets users in whose policy is broken, with the built-in shell" {
	break_policies
	run ssh_as alice true
	assert_status 254
	nsisoctl disable --for 10m
	assert_equal "$(where alice)" "host /bin/sh"
	# Without PAM nsshell decides, and says so.
	log_mark
	run setpriv --reuid alice --regid alice --clear-groups nsshell -c 'echo in'
	assert_output in
	assert_log 'nsshell.*session not isolated: uid=[0-9]+ reason=disabled by='
}

@test "disable ends by itself" {
	nsisoctl disable --for 1s
	wait_until 10 is_isolated alice
}

@test "an override that others could have written is ignored, and the log says so" {
	nsisoctl disable --for 10m
	chown alice /run/nsiso.disabled
	log_mark
	refute_match "$(where alice)" host
	assert_log 'override ignored: /run/nsiso.disabled is not a file that only root can write'
}

@test "an instance that runs goes on while isolation is switched off" {
	local inside

	hold a alice
	inside=$(ssh_as alice readlink /proc/self/ns/pid)
	nsisoctl disable --for 10m
	has_instance alice
	nsisoctl enable
	assert_equal "$(ssh_as alice readlink /proc/self/ns/pid)" "$inside"
}

@test "who is exempt by a file of his own gets in when other files are broken" {
	write_raw_policy users.d/bob.conf <<<$'[session]\nexempt = yes\nshell = /bin/bash'
	break_policies
	log_mark
	assert_equal "$(where bob)" "host /bin/bash"
	assert_log 'session not isolated: user=bob service=sshd reason=exempt'
	run ssh_as alice true
	assert_status 254
	# One that is broken itself, or that others could have written, exempts nobody.
	write_raw_policy users.d/bob.conf <<<$'[session]\nexempt = yes\nshel = /bin/bash'
	run ssh_as bob true
	assert_status 254
	write_raw_policy users.d/bob.conf <<<$'[session]\nexempt = yes'
	chmod 0666 /etc/nsiso/users.d/bob.conf
	run ssh_as bob true
	assert_status 254
}

@test "disable asks for a time that ends" {
	run nsisoctl disable
	assert_status 2
	run nsisoctl disable --for 0s
	assert_status 1
	run nsisoctl disable --for 169h
	assert_status 1
	[[ ! -e /run/nsiso.disabled ]]
}
