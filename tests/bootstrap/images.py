"""Images with the names that servers pull, made of the Debian packages that this machine has.

Each is one common layer, the files of the packages and of what they depend on, and a small one of its own: its program to
start with, and what the official image of that name sets up (users, folders, volumes, signals)."""

import hashlib
import io
import json
import os
import pathlib
import re
import subprocess
import tarfile

HERE = pathlib.Path(__file__).parent
PACKAGES = ("bash", "dash", "libc-bin", "tzdata", "coreutils", "util-linux", "findutils", "python3-minimal", "python3-psycopg2", "ca-certificates",
            "haproxy", "caddy", "redis-server", "libxml2", "libkrb5-3", "libldap-2.5-0", "liblz4-1", "libzstd1", "libpam0g")
SKIPPED = re.compile(r"/usr/share/(doc|man|locale|info|lintian|bash-completion|gnupg|perl)/|/usr/lib/python3/dist-packages/(?!psycopg2)|"
                     r"/__pycache__/|/usr/lib/x86_64-linux-gnu/perl|/boot/|/var/cache/")
POSTGRES = pathlib.Path("/var/cache/scalectl/postgres")
LAYER, CONFIG, MANIFEST = ("application/vnd.docker." + kind for kind in (
    "image.rootfs.diff.tar", "container.image.v1+json", "distribution.manifest.v2+json"))


def closure(packages):
    """The packages and what they depend on, as dpkg knows them installed."""
    text = subprocess.run(["dpkg-query", "-W", "-f", "${Package}\t${Provides}\t${Pre-Depends},${Depends}\n"],
                          check=True, capture_output=True, text=True).stdout
    needs, provided = {}, {}
    names = lambda field: [re.split(r"[ (:]", one.strip())[0] for one in field.split(",") if one.strip()]
    for line in text.splitlines():
        package, provides, depends = line.split("\t")
        needs[package] = [[names(one)[0] for one in group.split("|")] for group in depends.split(",") if group.strip()]
        provided.update((name, package) for name in names(provides))
    found, left = set(), [package for package in packages if package in needs]
    while left:
        package = left.pop()
        if package in found:
            continue
        found.add(package)
        for group in needs[package]:
            one = next((provided.get(name, name) for name in group if provided.get(name, name) in needs), None)
            if one and one not in ("perl", "perl-base", "dpkg", "install-info", "init-system-helpers", "adduser", "systemd"):
                left.append(one)
    return sorted(found)


class Layer:
    """A tar archive that becomes a layer."""

    def __init__(self):
        self.bytes = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.bytes, mode="w", format=tarfile.GNU_FORMAT)
        self.names = set()

    def path(self, path, name=None):
        name = (name or str(path)).lstrip("/")
        if name not in self.names:
            self.names.add(name)
            self.tar.add(path, name, recursive=False)

    def tree(self, path, name):
        for one in sorted(pathlib.Path(path).rglob("*")):
            self.path(one, name + "/" + str(one.relative_to(path)))

    def entry(self, name, type_=tarfile.DIRTYPE, mode=0o755, target="", data=b"", user=0):
        one = tarfile.TarInfo(name.lstrip("/"))
        one.type, one.mode, one.linkname, one.uid, one.gid, one.size = type_, mode, target, user, user, len(data)
        self.names.add(one.name)
        self.tar.addfile(one, io.BytesIO(data))

    def file(self, name, text, mode=0o644):
        self.entry(name, tarfile.REGTYPE, mode, data=text.encode())

    def folder(self, name, mode=0o755, user=0):
        self.entry(name, mode=mode, user=user)

    def done(self):
        self.tar.close()
        return self.bytes.getvalue()


def common():
    layer = Layer()
    for name in ("tmp", "run", "proc", "sys", "dev", "etc", "etc/ssl", "etc/ssl/certs", "root", "var", "var/lib", "var/run", "usr"):
        layer.folder(name, 0o1777 if name == "tmp" else 0o755)
    for name in ("bin", "sbin", "lib", "lib64"):
        layer.entry(name, tarfile.SYMTYPE, target="usr/" + name)
    text = subprocess.run(["dpkg-query", "-L", *closure(PACKAGES)], check=True, capture_output=True, text=True).stdout
    for path in sorted(set(line for line in text.splitlines() if line.startswith("/"))):
        # As it lies where / has links for /bin, /sbin and /lib.
        path = re.sub(r"^/(bin|sbin|lib|lib64)(?=/)", r"/usr/\1", path)
        if os.path.lexists(path) and not SKIPPED.search(path + "/") and path not in ("/bin", "/sbin", "/lib", "/lib64"):
            layer.path(path)
    layer.path("/etc/ld.so.cache")
    # An interpreter, links of update-alternatives aside.
    for path in ("/usr/bin/python3",):
        layer.path(path)
    return layer.done()


def own(name, authority):
    """The layer of one image: (its files, its configuration)."""
    layer = Layer()
    users = ["root:x:0:0::/root:/bin/bash", "nobody:x:65534:65534::/:/bin/false"]
    config = dict(Env=["PATH=/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin"], WorkingDir="/")
    layer.file("/etc/ssl/certs/ca-certificates.crt", authority)

    def script(name, target="/usr/local/bin/docker-entrypoint.sh"):
        layer.file(target, (HERE / "images" / name).read_text(), 0o755)
        return [target]

    if name == "haproxy":
        # https://github.com/docker-library/haproxy/blob/master/3.0/Dockerfile
        users.append("haproxy:x:99:99::/var/lib/haproxy:/bin/false")
        layer.folder("/var/lib/haproxy", user=99)
        config.update(User="haproxy", WorkingDir="/var/lib/haproxy", StopSignal="SIGUSR1", Entrypoint=script("haproxy.sh"),
                      Cmd=["haproxy", "-f", "/usr/local/etc/haproxy/haproxy.cfg"])
    elif name == "caddy":
        # https://github.com/caddyserver/caddy-docker/blob/master/2.10/alpine/Dockerfile
        for folder in ("/config", "/config/caddy", "/data", "/data/caddy", "/etc/caddy", "/srv"):
            layer.folder(folder)
        config["Env"] += ["XDG_CONFIG_HOME=/config", "XDG_DATA_HOME=/data"]
        config.update(WorkingDir="/srv", Cmd=["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"])
    elif name == "valkey":
        # https://github.com/valkey-io/valkey-container/blob/mainline/Dockerfile.template
        users.append("valkey:x:999:999::/data:/bin/false")
        layer.folder("/data", user=999)
        layer.entry("/usr/local/bin/valkey-server", tarfile.SYMTYPE, target="/usr/bin/redis-server")
        config.update(WorkingDir="/data", Volumes={"/data": {}}, Entrypoint=script("valkey.sh"), Cmd=["valkey-server"])
    elif name.startswith("postgres:"):
        # https://github.com/docker-library/postgres/blob/master/Dockerfile-debian.template
        users.append("postgres:x:999:999::/var/lib/postgresql:/bin/bash")
        layer.folder("/var/lib/postgresql", user=999)
        layer.folder("/var/lib/postgresql/data", 0o1777, 999)
        layer.tree(POSTGRES / name.split(":")[1], "/usr/lib/postgresql")
        config["Env"][0] += ":/usr/lib/postgresql/bin"
        config["Env"] += ["LANG=C.UTF-8", "PGDATA=/var/lib/postgresql/data", "LD_LIBRARY_PATH=/usr/lib/postgresql/lib"]
        config.update(StopSignal="SIGINT", Volumes={"/var/lib/postgresql/data": {}}, Entrypoint=script("postgres.sh"),
                      Cmd=["postgres"])
    elif name.startswith("worker"):
        config["Env"].append("VERSION=" + name)
        config.update(User="nobody", Cmd=script("worker.py", "/worker.py"))
    else:
        # The application, of a version.
        config["Env"].append("VERSION=" + name)
        config.update(User="nobody", Cmd=script("app.py", "/app.py"))
    layer.file("/etc/passwd", "\n".join(users) + "\n")
    layer.file("/etc/group", "".join("%s:x:%s:\n" % tuple(one.split(":")[i] for i in (0, 3)) for one in users))
    return layer.done(), config


class Image:
    """Layers and a configuration, as a registry and as an archive."""

    def __init__(self, layers, config):
        digest = lambda data: "sha256:" + hashlib.sha256(data).hexdigest()
        self.layers = {digest(layer): layer for layer in layers}
        text = dict(architecture="amd64", os="linux", config=config, created="2026-01-01T00:00:00Z",
                    rootfs=dict(type="layers", diff_ids=list(self.layers)), history=[dict(created_by="test") for _ in layers])
        self.config = json.dumps(text).encode()
        self.name = digest(self.config)
        entry = lambda kind, name, data: dict(mediaType=kind, digest=name, size=len(data))
        self.manifest = json.dumps(dict(schemaVersion=2, mediaType=MANIFEST, config=entry(CONFIG, self.name, self.config),
                                        layers=[entry(LAYER, *one) for one in self.layers.items()])).encode()
        self.digest = digest(self.manifest)

    def blobs(self):
        return {self.name: self.config, **self.layers}

    def archive(self, tag):
        """As `docker save` writes it."""
        layer = Layer()
        put = lambda name, data: layer.entry(name, tarfile.REGTYPE, 0o644, data=data)
        paths = {name: name.split(":")[1] + "/layer.tar" for name in self.layers}
        for name, data in self.layers.items():
            put(paths[name], data)
        put("config.json", self.config)
        put("manifest.json", json.dumps([dict(Config="config.json", RepoTags=[tag], Layers=list(paths.values()))]).encode())
        return layer.done()


class Images:
    """All of them; those of one run share the common layer."""

    def __init__(self, authority):
        self.authority, self.common = authority, common()

    def image(self, name):
        layer, config = own(name, self.authority)
        return Image([self.common, layer], config)
