#!/bin/bash
# Golden files of nsisoctl doctor: for each host in doctor/NAME the text in doctor/NAME.want, and of one the
# JSON in NAME.json.  Debian 12, Debian 13 and RHEL 9 are set up well and give status 0; "broken" has each fault
# that a tree of files can have.  UPDATE=1 rewrites the .want files: read the difference before you commit it.
set -u

here=$(cd "$(dirname "$0")" && pwd)
top=${NSISO_TOP:-$(cd "$here/../.." && pwd)}
nsisoctl=${NSISO_BUILD:-$top/build}/nsisoctl

# A folder of root's all the way up, as policies have to be in; what is installed is only named here.
if [ "${1-}" = --inside ]; then
	host=/mnt/host
	umask 022
	mount -t tmpfs -o mode=0755 none /mnt && cp -r --no-preserve=mode,ownership "$2" "$host" || exit 99
	mkdir -p "$host/bin" "$host/usr/bin" "$host/usr/libexec/nsiso" "$host/usr/lib/x86_64-linux-gnu/security"
	for file in bin/bash bin/sh usr/bin/nsshell usr/libexec/nsiso/nsshell-init; do
		install -m 0755 /dev/null "$host/$file"
	done
	install -m 0644 /dev/null "$host/usr/lib/x86_64-linux-gnu/security/pam_nsiso.so"
	[ "${2##*/}" != broken ] || chmod 4777 "$host/usr/bin/nsshell"
	"$nsisoctl" doctor --root "$host" "${@:3}" 2>&1
	exit
fi

if [ "$(id -u)" != 0 ] || ! unshare --mount true 2>/dev/null; then
	echo "1..0 # SKIP needs root and mount namespaces"
	exit 0
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
number=0

golden() { # HOST WANT STATUS [OPTION]
	local status bad=0

	unshare --mount "$here/doctor.sh" --inside "$here/doctor/$1" "${@:4}" >"$scratch/got"
	status=$?
	[ "${UPDATE-}" != 1 ] || cp "$scratch/got" "$here/doctor/$2"
	diff -u --label "$2" --label got "$here/doctor/$2" "$scratch/got" >"$scratch/diff" || bad=1
	[ "$status" = "$3" ] || bad=1
	number=$((number + 1))
	[ $bad = 0 ] && echo "ok $number - $2" && return
	echo "not ok $number - $2"
	{ echo "status $status, expected $3"; cat "$scratch/diff"; } | sed 's/^/# /'
}

# Files of sshd_config(5) that include each other: as many ways through them as 4 to the 15th.
circle() {
	local status

	cp -r "$here/doctor/debian12" "$scratch/circle"
	mkdir -p "$scratch/circle/etc/ssh/sshd_config.d"
	for name in a b c d; do
		echo 'Include sshd_config.d/*.conf' >"$scratch/circle/etc/ssh/sshd_config.d/$name.conf"
	done
	echo 'Include sshd_config.d/*.conf' >>"$scratch/circle/etc/ssh/sshd_config"
	timeout 60 unshare --mount "$here/doctor.sh" --inside "$scratch/circle" >"$scratch/got"
	status=$?
	number=$((number + 1))
	if ((status <= 1)) && grep -q '^PAM services' "$scratch/got"; then
		echo "ok $number - files that include each other come to an end"
	else
		echo "not ok $number - files that include each other come to an end"
		echo "# status $status"
	fi
}

circle
golden debian12 debian12.want 0
golden debian13 debian13.want 0
golden rhel9 rhel9.want 0
golden broken broken.want 1
golden broken broken.json 1 --json
echo "1..$number"
