#!/bin/bash
# What install puts where, that it leaves policies and (with DESTDIR) the host alone, and that uninstall
# takes the same away again.
. "$(dirname "$0")/lib.sh"

copy_tree "$tmp/src"
cd "$tmp/src" || exit 1
dest=$tmp/dest
multi=$(cc -print-multiarch 2>/dev/null)
secure=/usr/lib${multi:+/$multi}/security
into() { make DESTDIR="$dest" SECUREDIR="$secure" "$@"; }

has_mode() { [ "$(stat -c '%a %U' "$dest$1")" = "$2 root" ] || { ls -ld "$dest$1"; return 1; }; }
is_closed() { [ -z "$(find "$dest" ! -type l -perm /022 | tee /dev/stderr)" ]; }
host_state() { cat /etc/passwd /etc/group /etc/shells 2>/dev/null | sha256sum; }
host_is_same() { [ "$(host_state)" = "$before" ]; }

before=$(host_state)
export CFLAGS=-O1
ok "the tree builds" make -j"$jobs" all
ok "install under DESTDIR" into install
ok "the module is where PAM looks" has_mode "$secure/pam_nsiso.so" 644
ok "the login shell is a program" has_mode /usr/bin/nsshell 755
ok "the image of the init is a program without set-user-ID" has_mode /usr/libexec/nsiso/nsshell-init 755
ok "the admin tool is a program" has_mode /usr/sbin/nsisoctl 755
ok "the policy folder is there" has_mode /etc/nsiso 755
ok "conf.d is there" has_mode /etc/nsiso/conf.d 755
ok "users.d is there" has_mode /etc/nsiso/users.d 755
ok "nothing is writable for others" is_closed
ok "DESTDIR leaves accounts and /etc/shells of the host alone" host_is_same

all_pages() {
	local page

	for page in */*.[1-8]; do
		[ ! -e "$page" ] || [ -f "$dest/usr/share/man/man${page##*.}/${page##*/}" ] ||
			{ echo "missing: $page"; return 1; }
	done
}
ok "every manual page is installed" all_pages

examples() {
	diff -r conf/examples "$dest/usr/share/doc/nsiso/examples" && diff -r conf/pam.d "$dest/usr/share/doc/nsiso/pam.d" &&
		diff -r conf/presets "$dest/usr/share/nsiso/presets"
}
ok "all examples and presets are installed" examples
ok "bash finds the completion of nsisoctl" has_mode /usr/share/bash-completion/completions/nsisoctl 644
ok "zsh finds the completion of nsisoctl" has_mode /usr/share/zsh/vendor-completions/_nsisoctl 644
ok "the policy is there" has_mode /etc/nsiso/default.conf 644

account() {
	systemd-sysusers --root="$dest" nsiso.conf &&
		grep -E '^nsiso:x?[^:]*:[0-9]+:[0-9]+:[^:]*:/:(/usr)?/sbin/nologin$' "$dest/etc/passwd"
}
if command -v systemd-sysusers >/dev/null; then
	ok "the sysusers file makes an account without login and home" account
else
	skip "the sysusers file makes an account without login and home" "no systemd-sysusers"
fi
rm -f "$dest"/etc/{passwd,group,shadow,gshadow}* "$dest"/etc/.pwd.lock

kept() {
	echo "# mine" >"$dest/etc/nsiso/default.conf"
	echo "# mine" >"$dest/etc/nsiso/users.d/alice.conf"
	into install && grep -qx '# mine' "$dest/etc/nsiso/default.conf" &&
		grep -qx '# mine' "$dest/etc/nsiso/users.d/alice.conf"
}
ok "a second install keeps policies" kept

left() {
	into uninstall || return 1
	(cd "$dest" && find . ! -type d | sort) | tee "$tmp/left"
	! grep -qv '^\./etc/nsiso/' "$tmp/left" && grep -qx ./etc/nsiso/default.conf "$tmp/left" && [ ! -e "$dest/usr/libexec/nsiso" ]
}
ok "uninstall leaves policies and nothing else" left
ok "a second uninstall is no failure" into uninstall

# Without DESTDIR: in a mount namespace with a copy of /etc, everything else below $tmp.
on_host() {
	cp -a /etc "$tmp/etc" && rm -rf "$tmp/etc/nsiso" && sed -i /^nsiso:/d "$tmp"/etc/{passwd,group,shadow} &&
		sed -i '\,/nsshell$,d' "$tmp/etc/shells"
	# shellcheck disable=SC2016
	unshare --mount --propagation private env tmp="$tmp" bash -euc '
		mount --bind "$tmp/etc" /etc
		into() { make PREFIX="$tmp/usr" SECUREDIR="$tmp/security" "$@"; }
		into install
		getent passwd nsiso | grep -E ":/:(/usr)?/sbin/nologin$"
		[ "$(id -u nsiso)" -lt 1000 ]
		into install
		[ "$(grep -cxF "$tmp/usr/bin/nsshell" /etc/shells)" = 1 ]
		into uninstall
		[ "$(grep -cxF "$tmp/usr/bin/nsshell" /etc/shells)" = 0 ]
		getent passwd nsiso'
}
if [ "$(id -u)" = 0 ] && unshare --mount --propagation private true 2>/dev/null; then
	ok "without DESTDIR: the account and the entry in /etc/shells, once" on_host
	ok "the host itself is as before" host_is_same
else
	skip "without DESTDIR: the account and the entry in /etc/shells, once" "needs root and a mount namespace"
	skip "the host itself is as before" "needs root and a mount namespace"
fi
plan
