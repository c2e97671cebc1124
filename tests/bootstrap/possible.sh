#!/usr/bin/env bash
# Whether this machine lets root have what tests/bootstrap needs: namespaces, an overlay, a loop device with XFS, a bridge,
# packet filters, and then a server that starts Docker. Prints what it lacks and fails otherwise, after 20 seconds. Run in
# namespaces of its own, as run.py is.
set -euo pipefail
[[ ${1:-} == inside ]] || exec unshare --mount --net --pid --fork --kill-child --mount-proc "$0" inside
lacks() { echo "no $1 here"; exit 1; }
mount --make-rprivate /
folder=$(mktemp -d)
trap 'umount -q "$folder" 2>/dev/null || true; rm -rf "$folder"' EXIT
mount -t tmpfs none "$folder" || lacks "tmpfs"
mkdir "$folder"/{upper,work,root,disk}
mount -t overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" overlay "$folder/root" || lacks "overlay"
umount "$folder/root"
truncate -s 320M "$folder/data"
mkfs.xfs -q "$folder/data" || lacks "mkfs.xfs"
mount -o loop "$folder/data" "$folder/disk" || lacks "loop device, or XFS"
umount "$folder/disk"
ip link add probe type bridge || lacks "bridge"
iptables -t nat -L -n >/dev/null || lacks "packet filter"
[[ -d /sys/fs/cgroup ]] || lacks "control groups"
here=$(cd "$(dirname "$0")" && pwd)
mount -t tmpfs none "$folder" -o size=4g || lacks "tmpfs"
timeout 300 python3 -B "$here/run.py" --try "$folder"
umount "$folder"
