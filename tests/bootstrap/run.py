#!/usr/bin/python3
"""run.py INPUT FOLDER [CLAIM...]: what servers really do with their user data. INPUT is what stages leave in an account, as
`tests/bootstrap.rs` writes it; FOLDER takes disks and logs. Needs root and namespaces of its own for mounts, the network and
processes: `unshare --mount --net --pid --fork --kill-child --mount-proc python3 run.py ...`. `run.py --try FOLDER` only tells
whether this machine can have such a server."""

import base64
import gzip
import http.client
import json
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import traceback

import images
import managed
import outside as world
from claims import CLAIMS, HOST, MAIL, TOKEN, WEB
from server import Server, run, until

REPOSITORY, WORKERS = (world.ECR, "shop"), (world.GHCR, "acme/mail")


def repository(tag):
    return WORKERS if tag.startswith("worker") else REPOSITORY


def network():
    run("mount", "--make-rprivate", "/")
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "vpc", "type", "bridge")
    for address in ("10.0.0.1", world.RESOLVER, world.FRONT, world.ACME, world.RDS, world.CACHE):
        run("ip", "address", "add", address + "/16", "dev", "vpc")
    run("ip", "address", "add", world.METADATA + "/32", "dev", "vpc")
    run("ip", "link", "set", "vpc", "up")


class Test:
    def __init__(self, folder, given):
        self.folder, self.stages, self.actions = folder, given["stages"], given["actions"]
        self.scripts, self.closed = given["scripts"], json.dumps(given["closed"])
        self.servers, self.database = [], None
        network()
        self.outside = world.Outside(folder)
        self.outside.names[HOST] = "10.0.0.7"
        self.make_images()
        self.acme()

    def make_images(self):
        made = images.Images(self.outside.authority.text)
        library = ("public.ecr.aws", "docker/library/")
        for name, tag in (("haproxy", "lts"), ("caddy", "2")):
            self.outside.images[library[0], library[1] + name, tag] = made.image(name)
        self.outside.images["registry-1.docker.io", "valkey/valkey", "8"] = made.image("valkey")
        version = json.loads(self.parameters("single-server")["/shop/default/database"])["version"]
        self.outside.images[library[0], library[1] + "postgres", version] = made.image("postgres:" + version)
        for tag in ("1.4.2", "1.4.3", "sick", "worker-1", "worker-2", "worker-sick"):
            self.outside.images[repository(tag) + (tag,)] = made.image(tag)
        self.outside.objects["/api.tar"] = made.image("api").archive("acme/api:1")

    def acme(self):
        key, path = self.outside.authority.sign("acme", ["acme-v02.api.letsencrypt.org"])
        resolver = self.folder / "resolv.conf"
        resolver.write_text("nameserver %s\n" % world.RESOLVER)
        run("mount", "--bind", resolver, pathlib.Path("/etc/resolv.conf").resolve())
        config = self.folder / "acme.caddy"
        config.write_text("""{
  admin off
  auto_https off
  skip_install_trust
}
https://acme-v02.api.letsencrypt.org {
  bind %s
  tls %s %s
  rewrite /directory /acme/local/directory
  acme_server
}
""" % (world.ACME, path, key))
        log = open(self.folder / "acme.log", "wb")
        subprocess.Popen(["caddy", "run", "--adapter", "caddyfile", "--config", config], stdout=log, stderr=log,
                         env=dict(PATH="/usr/bin:/usr/sbin", HOME=str(self.folder), XDG_DATA_HOME=str(self.folder)))
        root = self.folder / "caddy/pki/authorities/local/root.crt"
        until("the authority's start", root.exists, 30)
        self.trust = ssl.create_default_context(cafile=root)

    def parameters(self, stage):
        return {item["properties"]["Name"]: item["properties"]["Value"] for item in self.stages[stage]
                if item["kind"] == "AWS::SSM::Parameter"}

    def user_data(self, stage, kind="AWS::EC2::Instance", role="single"):
        for item in self.stages[stage]:
            if item["kind"] == kind:
                found = item["properties"]
                data = base64.b64decode(found.get("LaunchTemplateData", found)["UserData"])
                if b"SITE_ROLE='%s'" % role.encode() in gzip.decompress(data):
                    return data
        raise KeyError(kind)

    def server(self, address, **options):
        self.servers.append(Server(self.folder, self.outside.authority, address, **options))
        return self.servers[-1]

    def managed(self):
        """The database and the cache that stages with a database of its own have; they exist from the first call on."""
        if not self.database:
            known = [json.loads(self.parameters(stage)["/shop/default/database"]) for stage in ("split-db", "load-balanced")]
            cache = json.loads(self.parameters("load-balanced")["/shop/default/cache"])
            hosts = [one["host"] for one in known]
            self.outside.names.update(dict.fromkeys(hosts, world.RDS))
            self.outside.names[cache["host"]] = world.CACHE
            login = dict(username="app", password="a password of RDS")
            self.outside.secrets[known[0]["secret"]] = json.dumps(login)
            self.database = managed.Database(known[0]["version"], self.outside.authority, hosts, known[0]["name"], *login.values())
            managed.cache(self.outside.authority, [cache["host"]])
        return self.database

    def act(self, server, *names):
        """Runs actions of the migration, as Systems Manager's agent does, and returns what the last one's gate reads."""
        for name in names:
            done = server.ask("env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "bash", "-s",
                              input=self.actions[name])
            assert done.returncode == 0, (name, done.stdout, done.stderr)
        return json.loads(done.stdout.splitlines()[-1])

    def set_image(self, tag):
        of = MAIL if tag.startswith("worker") else WEB
        value = json.loads(self.outside.parameters[of])
        value["image"] = "%s/%s:%s" % (*repository(tag), tag)
        self.outside.parameters[of] = json.dumps(value)

    def associated(self, stage):
        """What Systems Manager has the servers of a stage run, besides patches."""
        found = [item["properties"]["Parameters"] for item in self.stages[stage] if item["kind"] == "AWS::SSM::Association"]
        return ["\n".join(one["commands"]) for one in found if "commands" in one]

    def get(self, path, method="GET", timeout=30):
        """A request as a visitor makes it, who believes only certificates of the authority."""
        connection = http.client.HTTPSConnection(HOST, timeout=timeout, context=self.trust)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200:
                raise ConnectionError("%s %s: %d %s" % (method, path, answer.status, text[:200]))
            return json.loads(text)
        finally:
            connection.close()

    def certificate(self):
        with self.trust.wrap_socket(socket.create_connection((HOST, 443), 10), server_hostname=HOST) as connection:
            return connection.getpeercert()["serialNumber"]


def try_out(folder):
    """Whether this machine lets a server start and run a container, with nothing of ours in it but the scenery."""
    network()
    authority = world.Authority(folder)
    server = Server(folder, authority, "10.0.0.9", data=False)
    try:
        server.start()
        server.run("sh", "-c", "rm /etc/systemd/system/docker.service /etc/systemd/system/docker.socket && systemctl daemon-reload")
        server.run("systemctl", "start", "docker")
        archive = images.Images(authority.text).image("api").archive("try:1")
        loaded = subprocess.run(server.enter("docker", "load", "-q"), input=archive, capture_output=True)
        if loaded.returncode:
            raise RuntimeError("docker load: " + loaded.stderr.decode(errors="replace"))
        server.run("docker", "run", "--rm", "-p", "10.0.0.9:80:80", "try:1", "true")
    finally:
        server.release()


def main():
    if sys.argv[1] == "--try":
        with tempfile.TemporaryDirectory(dir=sys.argv[2]) as folder:
            try:
                return try_out(pathlib.Path(folder))
            except (AssertionError, OSError, RuntimeError) as error:
                sys.exit("a server with Docker does not start here: %s" % error)
    test = Test(pathlib.Path(tempfile.mkdtemp(dir=sys.argv[2])), json.loads(pathlib.Path(sys.argv[1]).read_text()))
    try:
        test.outside.parameters = test.parameters("single-server")
        test.outside.secrets["shop/token"] = TOKEN
        test.outside.secrets["shop/ghcr"] = world.GHCR_PASSWORD
        test.outside.user_data["10.0.0.7"] = test.user_data("single-server")
        server = test.server("10.0.0.7")
        for claim in CLAIMS:
            if sys.argv[3:] and claim.__name__ not in sys.argv[3:]:
                continue
            begin = time.monotonic()
            claim(test, server)
            print("ok %s %.1f s" % (claim.__name__, time.monotonic() - begin), flush=True)
    except BaseException:
        traceback.print_exc()
        for server in test.servers:
            print(server.story(), file=sys.stderr)
        for group, lines in test.outside.logs.items():
            told = [line for line in lines if '" 200 ' not in line]
            print(group + ":\n" + "\n".join(told[-60:]), file=sys.stderr)
        print("asked: ", dict(test.outside.seen), file=sys.stderr)
        sys.stderr.flush()
        raise SystemExit(1)
    finally:
        for server in test.servers:
            server.release()
        # Whoever started this may not be root, and could not.
        shutil.rmtree(test.folder)


main()
