#!/bin/bash
# boot.sh FOLDER [DISK]: becomes a server. FOLDER is its root disk, DISK the block device that is its data disk, if one is
# attached. The root is this machine's own file system, read-only, below a layer of the server's; systemd is process 1.
# Runs in namespaces of its own, and waits for a line on standard input: by then the network is there.
set -euo pipefail
folder=$1 disk=${2-} root=$1/root
read -r _

mount --make-rprivate /
mkdir -p "$folder"/{upper,work,root,docker,containerd}
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" "$root"
mount -t proc proc "$root/proc"
# Read-only, as in any container: it is this machine's. So systemd waits for no devices.
mount -t sysfs -o ro sysfs "$root/sys"

mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for name in null zero full random urandom tty; do
  touch "$root/dev/$name"
  mount --bind "/dev/$name" "$root/dev/$name"
done
mkdir "$root"/dev/{pts,shm,mqueue,disk} "$root/dev/disk/by-label"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s fd/0 "$root/dev/stdin"
ln -s fd/1 "$root/dev/stdout"
ln -s fd/2 "$root/dev/stderr"
if [[ -n $disk ]]; then
  # As the kernel and udev name a volume that is attached as /dev/sdf.
  cp -a "$disk" "$root/dev/${disk##*/}"
  ln -s "${disk##*/}" "$root/dev/sdf"
fi
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"

# What may not lie on an overlay.
mkdir -p "$root"/var/lib/{docker,containerd}
mount --bind "$folder/docker" "$root/var/lib/docker"
mount --bind "$folder/containerd" "$root/var/lib/containerd"

if grep -q '^[^ ]* /sys/fs/cgroup cgroup2 ' /proc/mounts; then
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
else
  mount -t tmpfs -o mode=755 tmpfs "$root/sys/fs/cgroup"
  for path in /sys/fs/cgroup/*; do
    name=${path##*/}
    [[ -d $path && ! -L $path ]] || continue
    mkdir "$root/sys/fs/cgroup/$name"
    case $name in
      unified) mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup/$name" ;;
      systemd) mount -t cgroup -o none,name=systemd cgroup "$root/sys/fs/cgroup/$name" ;;
      *) mount -t cgroup -o "$name" cgroup "$root/sys/fs/cgroup/$name" ;;
    esac
  done
fi

mkdir -p "$root/.outer"
cd "$root"
pivot_root . .outer
umount -l /.outer
rmdir /.outer
ip link set lo up
ip link set eth0 up
exec env -i container=unshare PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --show-status=no systemd.unit=multi-user.target
