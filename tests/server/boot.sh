# Boots systemd in namespaces of its own, on a copy of this machine's files that is forgotten
# afterwards, and lets it run the script `story` in the directory $1. Needs root.
set -eu
dir=$1
if [ "${2-}" != inside ]; then
  # systemd wants a control group of its own.
  group=$(findmnt -n -o TARGET -t cgroup2 | head -n 1)/signet-test-$$
  mkdir "$group"
  # shellcheck disable=SC2064
  trap "find '$group' -depth -type d -exec rmdir {} +" EXIT
  (
    echo $BASHPID >"$group/cgroup.procs"
    exec timeout -s KILL 300 unshare --fork --pid --kill-child --mount --cgroup --uts --ipc --net \
      bash "$0" "$dir" inside
  )
  exit
fi

mount --make-rprivate /
mount -t tmpfs tmpfs "$dir/machine"
mkdir "$dir/machine/upper" "$dir/machine/work" "$dir/machine/root"
cd "$dir/machine/root"
mount -t overlay overlay \
  -o "lowerdir=/,upperdir=$dir/machine/upper,workdir=$dir/machine/work" .
cd ../root
# Read-only, except for the network, which is its own: systemd would set up the kernel otherwise.
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount --bind proc/sys/net proc/sys/net
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
for name in run tmp dev; do mount -t tmpfs tmpfs "$name"; done
for name in null zero full random urandom tty; do
  touch "dev/$name"
  mount --bind "/dev/$name" "dev/$name"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mkdir story old
mount --bind "$dir" story
cp "$dir"/*.service etc/systemd/system/
for name in systemd-firstboot.service systemd-networkd.service systemd-networkd-wait-online.service \
  systemd-resolved.service systemd-timesyncd.service timers.target; do
  ln -sf /dev/null "etc/systemd/system/$name"
done
pivot_root . old
umount -l old
# As systemd expects it of what starts it. Otherwise credentials are not seen.
mount --make-rshared /
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  setpriv --bounding-set=-sys_time,-sys_module \
  /lib/systemd/systemd --system --unit=story.service --show-status=no
