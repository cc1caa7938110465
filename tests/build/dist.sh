#!/bin/bash
# The archive of a release: twice the same, without history, and builds on its own.
. "$(dirname "$0")/lib.sh"

if ! command -v git >/dev/null || ! git -c safe.directory='*' -C "$top" rev-parse -q --verify HEAD >/dev/null 2>&1; then
	echo "1..0 # SKIP not a git work tree"
	exit 0
fi
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
git clone -q "$top" "$tmp/clone" || exit 1
cd "$tmp/clone" || exit 1
archive=$(make -s help >/dev/null && echo dist/nsiso-"$(sed -n 's/^VERSION := //p' Makefile)".tar.gz)

ok "make dist" make dist
twice() {
	local first

	first=$(sha256sum <"$archive") && sleep 1 && rm -r dist && make dist && [ "$first" = "$(sha256sum <"$archive")" ]
}
ok "two archives of one commit are the same" twice
has_no_history() { ! tar -tzf "$archive" | grep -E '^[^/]+/(\.git|build[^/]*|dist)/'; }
ok "neither history nor anything built is in it" has_no_history
one_folder() { [ "$(tar -tzf "$archive" | cut -d/ -f1 | sort -u | wc -l)" = 1 ]; }
ok "all lies in one folder" one_folder
builds() { tar -xzf "$archive" -C "$tmp" && make -C "$tmp/$(basename "$archive" .tar.gz)" -j"$jobs" CFLAGS=-O1 all; }
ok "the archive builds without git" builds
plan
