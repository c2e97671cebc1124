"""A server: a root disk, perhaps a data disk, an address, and systemd as process 1, in namespaces of its own."""

import contextlib
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import time

HERE = pathlib.Path(__file__).parent
CGROUPS = pathlib.Path("/sys/fs/cgroup")
# Joins a control group of its own in every hierarchy before it makes namespaces, so that process 1 sees that as the root.
LAUNCH = r"""
for path in "$@"; do
  mkdir -p "$path"
  for file in cpuset.cpus cpuset.mems; do
    if [[ -e $path/../$file && -e $path/$file && ! -s $path/../cgroup.controllers ]]; then cat "$path/../$file" >"$path/$file"; fi
  done
  echo $$ >"$path/cgroup.procs"
done
exec unshare --mount --net --pid --uts --ipc --cgroup --fork --kill-child "$BOOT" "$FOLDER" $DISK
"""


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    if done.returncode:
        raise RuntimeError("%s: %s%s" % (" ".join(map(str, command)), done.stdout, done.stderr))
    return done.stdout.strip()


def until(what, condition, seconds=120):
    """Waits until a condition holds, and returns what it says."""
    end = time.monotonic() + seconds
    while True:
        try:
            found = condition()
        except OSError:
            found = None
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError("%s did not happen within %d seconds" % (what, seconds))
        time.sleep(0.2)


def hierarchies():
    if (CGROUPS / "cgroup.procs").exists():
        return [CGROUPS]
    return [path for path in sorted(CGROUPS.iterdir()) if path.is_dir() and not path.is_symlink()]


class Server:
    def __init__(self, folder, authority, address, data=True):
        self.address, self.number, self.process, self.disk = address, address.split(".")[-1], None, None
        self.group = "scalectl-bootstrap-%s-%s" % (pathlib.Path(folder).name, self.number)
        self.folder = pathlib.Path(folder) / self.number
        self.folder.mkdir()
        image = self.folder.with_suffix(".root")
        run("truncate", "-s", "16G", image)
        run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=1,lazy_journal_init=1", image)
        run("mount", "-o", "loop", image, self.folder)
        if data:
            volume = self.folder.with_suffix(".data")
            run("truncate", "-s", "1G", volume)
            self.disk = run("losetup", "--find", "--show", volume)
        self.install(authority)

    def install(self, authority):
        upper = self.folder / "upper"

        def put(name, text, mode=0o644):
            path = upper / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(mode)

        # Nothing of this machine's own settings, programs or data.
        for name in ("usr/local", "etc/systemd/system", "etc/docker", "etc/tmpfiles.d", "etc/ssl/certs", "var/log", "data",
                     "root", "var/lib/systemd", "var/lib/cloud", "etc/site"):
            path = upper / name
            path.mkdir(parents=True)
            run("setfattr", "-n", "trusted.overlay.opaque", "-v", "y", path)
        run("chmod", "-R", "a+rX", upper)
        for name in ("etc/fstab", "etc/machine-id"):
            put(name, "")
        put("etc/hostname", "ip-%s\n" % self.address.replace(".", "-"))
        put("etc/hosts", "127.0.0.1 localhost\n")
        (upper / "etc/resolv.conf").unlink(missing_ok=True)
        put("etc/resolv.conf", "nameserver 10.0.0.2\n")
        put("etc/ssl/certs/ca-certificates.crt", authority.text)
        put("etc/ssl/certs/%s.0" % authority.hash, authority.text)
        # A server has the database's programs in the database's container only.
        (upper / "usr/bin").mkdir(exist_ok=True)
        for name in os.listdir("/usr/bin"):
            if name.startswith(("psql", "pg_", "mysql", "mariadb")):
                os.mknod(upper / "usr/bin" / name, stat.S_IFCHR, 0)
        # Docker comes with dnf.
        for name in ("docker.service", "docker.socket"):
            os.symlink("/dev/null", upper / "etc/systemd/system" / name)
        put("etc/systemd/system/cloud-init.service", "[Unit]\nAfter=network-online.target\n[Service]\nType=oneshot\n"
            "ExecStart=/usr/local/lib/test/cloud-init\n")
        wants = upper / "etc/systemd/system/multi-user.target.wants"
        wants.mkdir()
        os.symlink("../cloud-init.service", wants / "cloud-init.service")
        generators = upper / "etc/systemd/system-generators"
        generators.mkdir()
        for name in ("systemd-sysv-generator", "postgresql-generator"):
            os.symlink("/dev/null", generators / name)
        shutil.copy(HERE / "server/fstab-generator", generators)
        for name in ("aws", "dnf"):
            target = upper / "usr/local/sbin" / name
            target.parent.mkdir(exist_ok=True)
            shutil.copy(HERE / "server" / name, target)
        (upper / "usr/local/lib/test").mkdir(parents=True)
        for name in ("cloud-init", "amazon-cloudwatch-agent-ctl", "sitecustomize.py"):
            shutil.copy(HERE / "server" / name, upper / "usr/local/lib/test")

    def start(self, attached=True):
        groups = [str(path / self.group) for path in hierarchies()]
        log = open(self.folder.with_suffix(".console"), "ab")
        environment = dict(os.environ, BOOT=str(HERE / "boot.sh"), FOLDER=str(self.folder),
                           DISK=self.disk if self.disk and attached else "")
        self.process = subprocess.Popen(["bash", "-euc", LAUNCH, "launch", *groups], stdin=subprocess.PIPE, stdout=log,
                                        stderr=log, env=environment)
        first = self.process.pid

        def child():
            with open("/proc/%d/task/%d/children" % (first, first)) as file:
                return file.read().split()

        # `unshare` has one child; before it is executed, bash has others.
        until("the server's first process", lambda: self.name_of(first) == "unshare" and child(), 30)
        self.pid = int(child()[0])
        outer = "server" + self.number
        run("ip", "link", "add", outer, "type", "veth", "peer", "name", "eth0", "netns", self.pid)
        run("ip", "link", "set", outer, "master", "vpc", "up")
        enter = ["nsenter", "-n", "-t", self.pid, "ip"]
        run(*enter, "address", "add", self.address + "/16", "dev", "eth0")
        run(*enter, "link", "set", "eth0", "up")
        run(*enter, "route", "add", "default", "via", "10.0.0.1")
        self.process.stdin.write(b"\n")
        self.process.stdin.close()
        until("systemd", lambda: self.ask("systemctl", "list-jobs").returncode == 0, 60)

    @staticmethod
    def name_of(process):
        with open("/proc/%d/comm" % process) as file:
            return file.read().strip()

    def attach(self):
        """The data disk, while the server runs."""
        name = os.path.basename(self.disk)
        number = os.stat(self.disk).st_rdev
        self.run("mknod", "/dev/" + name, "b", os.major(number), os.minor(number))
        self.run("ln", "-s", name, "/dev/sdf")

    def enter(self, *command):
        return ["nsenter", "-a", "-t", str(self.pid), *command]

    def ask(self, *command, **options):
        return subprocess.run(self.enter(*command), capture_output=True, text=True, **options)

    def run(self, *command, **options):
        return run(*self.enter(*map(str, command)), **options)

    def read(self, path):
        """A file, empty if it does not exist. Paths are the server's."""
        return self.ask("cat", path).stdout

    def property(self, unit, name):
        return self.run("systemctl", "show", "-P", name, unit)

    def containers(self):
        """Running containers, by name."""
        return self.run("docker", "ps", "--format", "{{.Names}}").split()

    def reconcile(self):
        """Brings the server in line with its parameters now, and returns how that ended."""
        # Twice, as a run that is under way may not have seen what is wanted now.
        self.ask("systemctl", "start", "site")
        return self.ask("systemctl", "start", "site").returncode

    @contextlib.contextmanager
    def quick(self):
        """Within this block the program that does so waits for a twentieth of the time only."""
        folder = "/etc/systemd/system/site.service.d"
        self.run("mkdir", "-p", folder)
        self.run("tee", folder + "/quick.conf", input="[Service]\nEnvironment=PYTHONPATH=/usr/local/lib/test\n")
        self.run("systemctl", "daemon-reload")
        try:
            yield
        finally:
            self.run("rm", folder + "/quick.conf")
            self.run("systemctl", "daemon-reload")

    def ended(self):
        self.process.wait(90)
        self.process = None
        for path in hierarchies():
            remove_group(path / self.group)

    def cut(self):
        """The power goes."""
        os.kill(self.pid, signal.SIGKILL)
        self.ended()

    def reboot(self, **options):
        # The shell that asks ends with the server.
        self.ask("systemctl", "reboot")
        self.ended()
        self.start(**options)

    def release(self):
        if self.process:
            self.cut()
        run("umount", self.folder)
        if self.disk:
            run("losetup", "--detach", self.disk)

    def story(self):
        """What there is to read after a failure."""
        parts = ["console:\n" + self.folder.with_suffix(".console").read_text(errors="replace")[-3000:]]
        if self.process and self.process.poll() is None:
            for path in ("/var/log/cloud-init-output.log", "/var/log/site.log"):
                parts.append(path + ":\n" + self.read(path)[-5000:])
            for command in (["systemctl", "--failed", "--no-legend"], ["docker", "ps", "-a"], ["systemctl", "list-timers", "--no-legend"],
                            ["journalctl", "-q", "--no-pager", "-n", "40", "-o", "cat", "UNIT=data.mount", "+", "UNIT=docker.service",
                             "+", "UNIT=docker.socket", "+", "UNIT=site.service", "+", "UNIT=site-setup.service"],
                            ["journalctl", "-q", "--no-pager", "-n", "40", "-p", "notice", "-o", "cat"]):
                done = self.ask(*command)
                parts.append(" ".join(command) + ":\n" + done.stdout + done.stderr)
            for name in self.ask("docker", "ps", "-aq").stdout.split():
                parts.append(self.ask("docker", "inspect", "--format", "{{.Name}} {{json .State}}", name).stdout)
            for name in self.ask("docker", "ps", "-a", "--format", "{{.Names}}").stdout.split():
                done = self.ask("docker", "logs", "--tail", "15", name)
                parts.append("docker logs " + name + ":\n" + done.stdout + done.stderr)
        return "\n\n".join(parts)


def remove_group(path):
    if not path.exists():
        return
    for folder, _, _ in os.walk(path, topdown=False):
        try:
            os.rmdir(folder)
        except OSError:
            pass
