#!/bin/bash
# The same sources give the same files, wherever and however they are built; objects follow their flags.
. "$(dirname "$0")/lib.sh"

# (the quickest flags: what is compared is not what they make)
export CFLAGS="-O1 -g"
copy_tree "$tmp/a"
copy_tree "$tmp/another/and-longer/folder"
parts="pam_nsiso.so nsshell nsshell-init nsisoctl"

ok "a build" make -j"$jobs" -C "$tmp/a" all
ok "another, elsewhere, with another umask, time zone and language" \
	env TZ=Asia/Tokyo LC_ALL=C.UTF-8 bash -c "umask 077; make -j8 -C '$tmp/another/and-longer/folder' all"
for part in $parts; do
	ok "$part is the same in both" cmp "$tmp/a/build/$part" "$tmp/another/and-longer/folder/build/$part"
done

cd "$tmp/a" || exit 1
quiet() { [ -z "$(make -s V=1 all | tee /dev/stderr)" ] && ! make all | grep -E '^ *(CC|LD|AR|INIT)'; }
ok "a second make builds nothing" quiet
# (one object, which stands for all)
flags() { make CFLAGS=-O0 build/obj/libnsiso/errmsg.o | grep ' CC .*errmsg.o'; }
ok "other flags build the objects again" flags
header() { make CFLAGS=-O0 build/obj/libnsiso/errmsg.o && touch libnsiso/errmsg.h && make CFLAGS=-O0 build/obj/libnsiso/errmsg.o | grep ' CC .*errmsg.o'; }
ok "a changed header builds what includes it again" header
plan
