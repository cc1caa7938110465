#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2030,SC2034,SC2031,SC2154 # scripts for the other side; variables of bats and lib.bash
#
# A session is like one of a plain sshd: what the user's programs are given, and what becomes of what they do.
load lib
load beside

# What is not; the manual page of the module has these in "DIFFERENCES".
differ do_process "< $(grep CapBnd: /proc/self/status | tr -d '\t')
> CapBnd:0000000000000000
< NoNewPrivs:0
> NoNewPrivs:1"
# Without [session] linger.
differ do_background '< went on: /home/USER/woke
> went on: '
# utmp, wtmp and lastlog; Debian 13 has none of them, and logind knows of nobody here.
has_books() { command -v last >/dev/null; }
# The books have process numbers of the host; who and w look for them inside.
! has_books || differ do_greetings '< who: 1
> who: 0'
differ do_books '< who: 1
< w: 127.0.0.1
> who: 0
> w: '

setup_file() {
	beside_world
	head -c 4000000 /dev/urandom >"$NSISO_TEST/data"
	ssh-keygen -q -t ed25519 -N "" -f "$NSISO_TEST/other_key"
	echo "command=\"$what_was_asked\",no-pty $(cat "$NSISO_TEST/other_key.pub")" >"$NSISO_TEST/other_keys"
	start_sshds other "AuthorizedKeysFile $NSISO_TEST/other_keys $NSISO_TEST/authorized_keys" \
		'PrintLastLog yes'
	start_sshds forced "ForceCommand ${what_was_asked//\\/}"
}

teardown_file() { end_world; }
setup() { beside_begin; }

teardown() {
	rm -rf /home/{alice,nolan,plain}/{go,woke,.bash_profile} "$NSISO_TEST"/beside.*
	finish
}

what_was_asked='echo \"[$SSH_ORIGINAL_COMMAND] $SHELL $0\"; tty; head -n 1'

do_status() {
	local code
	for code in 0 1 7 254 255; do
		go "exit $code"
		echo "$code: $?"
	done
	go /nowhere/nothing
	echo "nothing: $?"
	go /etc/passwd
	echo "no program: $?"
	go 'if'
	echo "no command: $?"
}

do_signals() {
	local signal
	for signal in TERM KILL SEGV HUP; do
		go -v "kill -$signal \$\$" 2>&1 | grep -o 'rtype exit-[a-z]*'
		echo "$signal: ${PIPESTATUS[0]}"
		go "sh -c 'kill -$signal \$\$' 2>/dev/null; echo \$?" 2>/dev/null
	done
}

do_streams() {
	local data=$NSISO_TEST/data
	go sha256sum <"$data"
	go cat <"$data" | sha256sum
	go 'cat >&2' <"$data" 2>&1 >/dev/null | sha256sum
	sha256sum <"$data"
}

do_end_of_input() {
	printf 'b\na\n' | go 'sort; echo end'
	go 'cat; echo end' </dev/null
	# What the command says after the end of its input, and what nobody reads.
	{ echo one; sleep 0.3; echo two; } | go 'cat; sleep 0.3; echo after >&2; echo after'
	go 'exec <&-; sleep 0.3; echo without' </dev/zero
	go 'yes 2>&1' | head -n 1
}

do_silence() {
	go true >out 2>err
	wc -c out err
}

# ssh comes back although something runs on, as long as that holds no output; then it is told to end.
do_background() {
	local wait='until [ -e ~/go ]; do sleep 0.1; done; touch ~/woke'
	go "exec >/dev/null 2>&1; ($wait) &"
	echo "back: $?"
	go "exec >/dev/null; ($wait) 2>&1 &"
	echo "back: $?"
	go "nohup sh -c '$wait' >/dev/null 2>&1 &"
	echo "back: $?"
	[[ $user == plain ]] || wait_until 10 refute has_instance "$user"
	touch "/home/$user/go"
	wait_until 10 refute pgrep -u "$user" >/dev/null
	echo "went on: $(ls "/home/$user/woke" 2>/dev/null)"
}

do_environment() {
	export LC_MESSAGES="x y" LANG=de_DE.UTF-8 FOO=bar TERM=vt220 TZ=Asia/Tokyo
	go -o SendEnv='LC_* LANG FOO TZ' env | grep -v '^SSH_' | sort
	go -o SendEnv='LC_* LANG FOO TZ' 'echo ${SSH_CONNECTION%% *} ${SSH_CLIENT%% *} $SSH_TTY; locale 2>&1 | grep -c POSIX; date +%Z'
	go -tt 'echo "$TERM <$SSH_TTY>"; tty'
}

# The signals of a program that the shell runs: its own it blocks while it forks, which a child may see.
do_process() {
	go 'umask; ulimit -a; ulimit -aH; nice; ps -o cls=,ni= -p $$; ionice; taskset -p $$ | cut -d: -f2
		grep -E "^(Sig(Blk|Ign|Cgt)|Seccomp|NoNewPrivs|Cap.*)" /proc/self/status; cat /proc/$$/oom_score_adj
		ls /proc/$$/fd; pwd; id; echo "$0 $- $# $SHELL"; cat /proc/$$/comm
		ps -o pgid=,sid=,tpgid= -p $$ | grep -c -- -1; cat /proc/self/loginuid; echo' | tr -d ' \t'
}

prompt=('expect:\$ $' 'send:PS1=@; unset PROMPT_COMMAND\n' 'expect:\n@')

# Window and its changes, the controlling terminal, and what the jobs answer before they are interrupted; without
# the echo of what is typed, which may come before the prompt.
do_terminal() {
	go_terminal "${prompt[@]}" 'send:stty size; stty -a | grep -o "[-]*echo " ; tty\n' 'expect:33 99' 'expect:\n@' 'size:40x120' \
		'send:until [ "$(stty size)" = "40 120" ]; do sleep 0.1; done; echo re"sized"\n' 'expect:resized' 'expect:\n@' \
		'send:sh -c "echo up; exec cat"\n' 'expect:\nup' 'send:\x1a' 'expect:Stopped' 'expect:\n@' \
		'send:sleep 1001 & echo "<$(jobs -r | wc -l)$(jobs -s | wc -l)>"; kill %2; wait %2; echo $?\n' 'expect:<11>' 'expect:\n143' \
		'send:fg %1\n' 'expect:\nsh -c .*cat' 'send:ping\n' 'expect:ping\r\nping' 'send:\x03' 'expect:\n@' \
		'send:echo int=$?; : </dev/tty && echo have "tty"\n' 'expect:int=130' 'expect:have tty' \
		'send:sh -c "echo down; exec cat"\n' 'expect:\ndown' 'send:\x1c' 'expect:Quit' 'send:exit 5\n' -- |
		grep -Eo '^(33 99|echo|/dev/pts/.*|resized|up|ping|down|int=.*|have tty|<11>|143|logout)|Stopped|Terminated|Quit'
	return "${PIPESTATUS[0]}"
}

do_login_shell() {
	echo 'export FROM_PROFILE=yes' >"/home/$user/.bash_profile"
	go_terminal "${prompt[@]}" 'send:echo "<$0 $SHELL $FROM_PROFILE $(shopt login_shell | cut -f2) $SHLVL $->"\n' \
		'expect:<-bash.*>\r?\n' 'send:logout\n' -- | grep -a '<-bash'
}

# Greetings: of the host and when the last login was, each once.
do_greetings() {
	local sshd=other
	go_terminal "${prompt[@]}" 'send:exit\n' -- >/dev/null
	go_terminal "${prompt[@]}" 'send:echo "who: $(who | grep -cw "^$USER")"\n' 'expect:\nwho: .*\n' 'send:exit\n' -- >second
	grep -c 'Welcome to the test' second
	grep -c '^Last login: .* from 127.0.0.1' second
	grep '^who:' second
}

do_books() {
	go_terminal "${prompt[@]}" 'send:echo "who: $(who am i | wc -l)"\n' 'expect:\nwho: .*\n' \
		'send:echo "w: $(w -h $USER | grep -om1 127.0.0.1)"\n' 'expect:\nw: .*\n' \
		'send:last -n 1 $USER | grep -o "still logged in"\n' 'expect:\nstill.*\n' \
		'send:lastlog -u $USER | grep -c 127.0.0.1\n' 'expect:\n[01].*\n' 'send:exit\n' -- |
		grep '^who:\|^w:\|^still\|^[01]'
	wait_until 10 eval 'last -n 1 "$user" | grep -o "([0-9:]*)"'
}

do_forced() {
	local sshd=forced
	go "one  'two' three" <<<input
	go -tt true <<<input | sort
}

do_forced_key() {
	local sshd=other
	go -i "$NSISO_TEST/other_key" -o IdentityFile=none "one  'two' three" <<<input
	go -i "$NSISO_TEST/other_key" -o IdentityFile=none -tt <<<input | sort
}

@test "the exit status is the command's" {
	beside do_status $'254: 254\n255: 255.*nothing: 127.*no program: 126'
}

@test "a shell that dies by a signal is reported as such" {
	beside do_signals $'rtype exit-signal.*TERM: 255.*\n137'
}

@test "pipes are clean for megabytes of binary data in both directions" {
	beside do_streams "$(sha256sum <"$NSISO_TEST/data").*status 0"
}

@test "the end of standard input reaches the command, and half-closed connections go on" {
	beside do_end_of_input $'^a\nb\nend\nend\none\ntwo\n.*without\ny\nstatus'
}

@test "a command prints nothing that it does not print itself" {
	beside do_silence '0 total'
}

@test "ssh returns although something runs on in the background" {
	beside do_background $'back: 0\nback: 0\nback: 0\nwent on: /home/USER/woke'
}

@test "environment and accepted variables are those of a plain login" {
	beside do_environment 'LANG=de_DE.UTF-8.*LC_MESSAGES=x y.*SHELL=/bin/bash.*vt220 </dev/pts'
}

@test "limits, umask, signals, nice, affinity, descriptors and ids are those of a plain login" {
	beside do_process $'max.*CapEff:0000000000000000.*\n/home/USER\nuid=UID'
}

@test "a terminal is the controlling one, has the window's size, follows its changes, and has job control" {
	beside do_terminal 'resized.*have tty.*status 5'
}

@test "the interactive shell is a login shell called -bash that reads the profile" {
	beside do_login_shell '<-bash /bin/bash yes on 1 himBH'
}

@test "the message of the day and the last login are shown once, and who knows the terminal" {
	beside do_greetings $'^1\n1\n'"who: $(has_books && echo 1 || echo 0)"
}

@test "w, last and lastlog know the login" {
	has_books || skip "this system keeps no such books"
	beside do_books $'^who: 1\nw: 127.*still logged in\n1\n.*status 0'
}

@test "a forced command runs and finds the client's command" {
	beside do_forced $'^\\[one  \'two\' three\\] /bin/bash bash\nnot a tty\ninput'
}

@test "a key's command runs and finds the client's command" {
	beside do_forced_key $'^\\[one  \'two\' three\\] /bin/bash bash\nnot a tty\ninput'
}
