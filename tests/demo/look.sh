#!/bin/bash
# What a login sees, as key=value; run.sh sends it to both of them.
for kind in mnt pid ipc uts cgroup time net user; do
	echo "$kind=$(readlink "/proc/self/ns/$kind")"
done
ps -e -o user= -o args= >/tmp/look
echo "processes=$(wc -l </tmp/look)"
owners=$(cut -d' ' -f1 /tmp/look | sort -u)
if [ "$(wc -l <<<"$owners")" = 1 ]; then echo "owners=$owners"; else echo "owners=$(wc -l <<<"$owners")"; fi
echo "secret=$(grep -o 'sync --password=[-a-z]*' /tmp/look | head -n 1)"
rm /tmp/look
echo "host=$(hostname)"
echo "uptime=$(cut -d. -f1 /proc/uptime)"
echo "tmp=$(ls -A /tmp)"
echo "homes=$(ls -m /home)"
echo "path=$(sed -nE 's/^[0-9]+:(pids)?:(.*)/\2/p' /proc/self/cgroup | head -n 1)"
echo "capabilities=$(sed -n 's/^CapBnd:\t//p' /proc/self/status)"
echo "nnp=$(sed -n 's/^NoNewPrivs:\t//p' /proc/self/status)"
echo "end=1"
