"""What servers do with their user data, claim by claim, in this order: each starts from what the one before has left."""

import hashlib
import http.client
import json
import threading
import urllib.request

from outside import INSTANCE
from server import until

HOST, TOKEN = "shop.example.com", "a token of the application"
WEB, API, MAIL = "/shop/default/services/web", "/shop/default/services/api", "/shop/default/workers/mail"


class Load:
    """Visitors, until the block ends: every request has to be answered."""

    def __init__(self, test, paths=("/", "/slow", "/visits", "/api/"), posts=(), ask=None):
        self.ask, self.stop = ask or test.get, threading.Event()
        self.visits = [(path,) for path in paths] + [(path, "POST") for path in posts]
        self.failed, self.versions = [], []

    def visit(self, path, *method):
        while not self.stop.is_set():
            try:
                self.versions.append((path, self.ask(path, *method)["version"]))
            except Exception as error:
                self.failed.append("%s: %r" % (path, error))

    def __enter__(self):
        self.threads = [threading.Thread(target=self.visit, args=visit) for visit in self.visits for _ in range(2)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def answered(self, version):
        return [path for path, seen in self.versions if seen == version]


def log_of(server):
    return server.read("/var/log/site.log")


def first_boot(test, server):
    """A server with a repository, a registry and an agent that fail at first, and a power cut, comes up."""
    outside = test.outside
    answered, registry = threading.Event(), threading.Event()
    outside.deciders = {
        "dnf -y install docker jq logrotate": lambda n: n > 2,
        # The site answers before what watches it can be installed.
        "dnf -y install amazon-cloudwatch-agent": lambda n: answered.is_set(),
        "registry public.ecr.aws": lambda n: registry.is_set(),
        "agent": lambda n: n > 1}
    server.start()
    until("a first try to install", lambda: outside.seen["dnf -y install docker jq logrotate"] > 0)
    server.cut()
    server.start()
    until("the registry's refusal", lambda: "503" in log_of(server))
    registry.set()
    # In a minute it would be tried again, and not in two: systemd would move it by as much as another minute.
    assert server.property("site.timer", "AccuracyUSec") == "1s"
    until("the next run's plan", lambda: server.property("site.timer", "NextElapseUSecMonotonic") not in ("", "0", "infinity"))
    server.reconcile()
    until("the site's answer", lambda: test.get("/"))
    answered.set()
    assert test.get("/healthz") == dict(version="1.4.2", visits=0, cache="+PONG"), test.get("/healthz")
    assert test.get("/api/environment") == dict(version="api", token=len(TOKEN), port="8080")
    until("the setup's end", lambda: server.property("site-setup", "UnitFileState") == "disabled" and
          server.property("site-setup", "ActiveState") == "inactive")
    assert outside.seen["agent"] == 2, outside.seen
    assert server.run("systemctl", "is-enabled", "site.timer") == "enabled"
    until("the application's log", lambda: "serving 1.4.2" in outside.logs["/shop/default/services/web"])


def names_reach_services(test, server):
    """HTTP leads to HTTPS, and what runs beside the site cannot be reached from outside."""
    connection = http.client.HTTPConnection(server.address, timeout=10)
    connection.request("GET", "/path", headers=dict(Host=HOST))
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Location"]) == (308, "https://%s/path" % HOST), answer.status
    # Instance metadata answers the server and no container.
    web = next(name for name in server.containers() if name.startswith("web-"))
    asks = "import urllib.request; urllib.request.urlopen(urllib.request.Request('http://169.254.169.254/latest/api/token', " \
        "method='PUT', headers={'X-aws-ec2-metadata-token-ttl-seconds': '60'}), timeout=2)"
    assert server.ask("python3", "-c", asks).returncode == 0
    assert server.ask("docker", "exec", web, "python3", "-c", asks).returncode != 0


def an_image_replaces_another(test, server):
    """Under load, with requests under way for a second: none fails, and the old container goes."""
    old = [name for name in server.containers() if name.startswith("web-")]
    assert len(old) == 1, old
    with Load(test) as load:
        until("answers of the old", lambda: {"/", "/slow", "/visits"} <= set(load.answered("1.4.2")))
        test.set_image("1.4.3")
        server.reconcile()
        until("answers of the new", lambda: {"/", "/slow", "/visits"} <= set(load.answered("1.4.3")))
        until("the old one's end", lambda: old[0] not in server.containers())
    assert not load.failed, load.failed[:5]
    assert set(version for _, version in load.versions) == {"1.4.2", "1.4.3", "api"}


def a_sick_image_leaves_the_old_one(test, server):
    """Reported, with the old one serving and other services kept up to date, and the next image repairs it."""
    test.set_image("sick")
    value = json.loads(test.outside.parameters[API])
    test.outside.parameters[API] = json.dumps(dict(value, env=dict(NEW="yes")))
    api = [name for name in server.containers() if name.startswith("api-")]
    with Load(test) as load, server.quick():
        assert server.reconcile() != 0
        assert "not healthy: web" in log_of(server)
        assert server.property("site", "Result") == "exit-code"
    assert not load.failed, load.failed[:5]
    assert set(version for _, version in load.versions) == {"1.4.3", "api"}
    assert not set(api) & set(server.containers()), server.containers()
    assert len(server.containers()) == 6, server.containers()
    test.set_image("1.4.2")
    assert until("the next image", lambda: server.reconcile() == 0 and test.get("/")["version"] == "1.4.2")


def a_deployment_goes_server_by_server(test, server):
    """Under load: a server takes a version when its turn has come, says so, keeps the old one while it may go back, and goes
    back without a new start; a version that is not healthy is told with what is wrong; a release command has the variables."""
    def old_and_new():
        return [name for name in server.containers() if name.startswith("web-")]

    def script(name, **variables):
        words = ["%s=%s" % pair for pair in variables.items()]
        return server.ask("env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", *words, "bash", "-s", "do",
                          input=test.scripts[name])

    def settled(text):
        done = script("settle", SERVICES="web=" + hashlib.sha256(text.encode()).hexdigest()[:12])
        assert done.returncode == 0, (done.stdout, done.stderr)
        return json.loads(done.stdout.splitlines()[-1])["web"]

    def roll_out(*servers):
        value = dict(setting="services/web", before=before, servers=servers, keep=True)
        test.outside.parameters["/shop/default/rollout/web"] = json.dumps(value)
    before, old = test.outside.parameters[WEB], old_and_new()
    assert len(old) == 1, old
    with Load(test) as load:
        roll_out()
        test.set_image("1.4.3")
        value = json.loads(test.outside.parameters[WEB])
        code = "import os, sys; print('released', os.environ['DATABASE_HOST'], os.environ['PORT']); sys.exit(7)"
        test.outside.parameters[WEB] = json.dumps(dict(value, release=["python3", "-c", code]))
        assert server.reconcile() == 0 and old_and_new() == old, server.containers()
        done = script("release", SETTING="services/web")
        assert done.returncode == 7 and "released database 8080" in done.stdout, (done.stdout, done.stderr)
        assert old_and_new() == old and test.get("/")["version"] == "1.4.2", server.containers()
        # In a container of its own, and in the one that serves; of the version that this server runs.
        for mode in ("run", "exec"):
            words = "'python3' '-c' 'import os; print(\"it is\", os.environ[\"PORT\"], \"$HOME\"); raise SystemExit(9)'"
            done = script("run", SETTING="services/web", MODE=mode, COMMAND=words)
            assert (done.returncode, done.stdout) == (9, "it is 8080 $HOME\n"), (mode, done.stdout, done.stderr)
        roll_out("i-another", INSTANCE)
        assert settled(test.outside.parameters[WEB]) is None
        until("answers of the new", lambda: {"/", "/slow", "/visits"} <= set(load.answered("1.4.3")))
        assert len(old_and_new()) == 2 and old[0] in old_and_new(), server.containers()
        test.outside.parameters[WEB] = before
        assert settled(before) is None
        assert old[0] in old_and_new() and test.get("/")["version"] == "1.4.2", server.containers()
        test.set_image("sick")
        with server.quick():
            wrong = settled(test.outside.parameters[WEB])
        assert wrong == "not healthy: web", wrong
        test.outside.parameters[WEB] = before
        del test.outside.parameters["/shop/default/rollout/web"]
        assert settled(before) is None
        until("the others' end", lambda: old_and_new() == old)
    assert not load.failed, load.failed[:5]
    assert set(version for _, version in load.versions) == {"1.4.2", "1.4.3", "api"}


def a_closed_site_answers_with_a_page(test, server):
    """And those who ask for health get the service's answers, so that no server is replaced."""
    def ask(agent, method="GET", path="/"):
        connection = http.client.HTTPSConnection(HOST, timeout=30, context=test.trust)
        try:
            connection.request(method, path, headers={"User-Agent": agent})
            answer = connection.getresponse()
            return answer.status, answer.headers["Retry-After"], answer.read().decode()
        finally:
            connection.close()

    def close(text):
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        done = server.ask("env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "CLOSED=" + digest, "bash",
                          "-s", "do", input=test.scripts["close"])
        assert done.returncode == 0, (done.stdout, done.stderr, log_of(server))
    before = server.containers()
    test.outside.parameters["/shop/default/closed"] = test.closed
    close(test.closed)
    for request in (("GET", "/"), ("POST", "/visits")):
        answer = ask("Mozilla/5.0", *request)
        assert answer == (503, "60", "<h1>Moving &#96;house&#96; {soon}</h1>"), answer
    for agent in ("ELB-HealthChecker/2.0", "Amazon-Route53-Health-Check-Service (ref x; report https://x)"):
        assert ask(agent)[0] == 200, (agent, ask(agent))
    del test.outside.parameters["/shop/default/closed"]
    close("")
    assert ask("Mozilla/5.0")[0] == 200, ask("Mozilla/5.0")
    assert server.containers() == before, (before, server.containers())


def a_worker_is_replaced(test, server):
    """A server that knew no workers runs one without a port; its successor starts first, and it has the time to finish."""
    def workers():
        return [name for name in server.containers() if name.startswith("mail-")]

    def lines():
        return "\n".join(test.outside.logs["/shop/default/services/mail"])
    assert not workers(), server.containers()
    (command,) = test.associated("single-server")
    done = server.ask("sh", "-c", command)
    assert done.returncode == 0, done.stderr
    assert server.reconcile() == 0, log_of(server)
    old = workers()
    assert len(old) == 1, server.containers()
    # The login to its registry is gone from the server.
    assert "ghcr.io" not in server.ask("sh", "-c", "cat /root/.docker/config.json; ls /run").stdout
    until("the worker's start", lambda: "working worker-1 without a port" in lines())
    test.set_image("worker-sick")
    assert server.reconcile() != 0
    assert "not healthy: mail" in log_of(server)
    assert workers() == old, server.containers()
    test.set_image("worker-2")
    with Load(test, ["/"]) as load:
        assert server.reconcile() == 0, log_of(server)
    assert not load.failed, load.failed[:5]
    new = workers()
    assert len(new) == 1 and new != old, server.containers()
    until("the old one's last word", lambda: "finished worker-1" in lines())
    assert lines().index("working worker-2") < lines().index("finished worker-1"), lines()
    assert "finished worker-2" not in lines()


def a_reboot_brings_all_back(test, server):
    """With the same rows, containers and certificate."""
    for _ in range(3):
        test.get("/", "POST")
    before, visits, certificate = server.containers(), test.get("/visits")["visits"], test.certificate()
    assert visits == 3, visits
    server.reboot()
    until("the site's answer", lambda: test.get("/visits")["visits"] == visits)
    assert test.certificate() == certificate
    assert sorted(server.containers()) == sorted(before), server.containers()


def a_late_disk_is_waited_for(test, server):
    """What runs without the data disk would write a new, empty database beside it."""
    visits = test.get("/visits")["visits"]
    server.reboot(attached=False)
    until("a run without it", lambda: server.property("site", "Result") == "exit-code")
    found = server.ask("find", "/data").stdout.split()
    assert found == ["/data"], found
    server.attach()
    # systemd refuses to mount it for a few seconds after so many failures.
    until("a run with it", lambda: server.reconcile() == 0)
    until("the site's answer", lambda: test.get("/visits")["visits"] == visits)


def the_database_moves(test, server):
    """By the scripts of a migration, as Systems Manager runs them, while visitors write; then its own stops."""
    managed = test.managed()
    first = test.get("/visits")["visits"]
    with Load(test, ["/visits"], ["/"]) as load:
        test.act(server, "preflight", "copy-schema", "replicate")
        until("the copy's end", lambda: test.act(server, "lag")["synced"])
        assert test.act(server, "verify")["equal"]
        test.act(server, "cut-over")
        test.outside.parameters = test.parameters("split-db")
        server.reconcile()
        test.act(server, "retire")
        written = len(load.versions)
        until("writes to the new", lambda: len(load.versions) > written + 20)
    assert not load.failed, load.failed[:5]
    writes = len([path for path, _ in load.versions if path == "/"])
    rows = managed.answers("shop", "SELECT count(*) FROM visits")
    assert int(rows) == first + writes, (rows, first, writes)
    until("its own database's end", lambda: server.reconcile() == 0 and "database-local" not in server.containers())
    server.reboot()
    until("the site's answer", lambda: test.get("/visits")["visits"] == first + writes)
    assert "database-local" not in server.containers()


def a_server_behind_a_load_balancer(test, server):
    """Answers plain requests on the service's port, with a database and a cache elsewhere; has no disk of its own."""
    outside = test.outside
    test.managed()
    outside.deciders = {}
    outside.parameters = test.parameters("load-balanced")
    outside.user_data["10.0.0.8"] = test.user_data("load-balanced", "AWS::EC2::LaunchTemplate", "web")
    server = test.server("10.0.0.8", data=False)
    server.start()

    def ask(path):
        with urllib.request.urlopen("http://10.0.0.8:8080" + path, timeout=30) as answer:
            return json.load(answer)
    until("the service's answer", lambda: ask("/healthz")["cache"] == "+PONG")
    with Load(test, ["/", "/slow"], ask=ask) as load:
        until("answers of the old", lambda: {"/", "/slow"} <= set(load.answered("1.4.2")))
        test.set_image("1.4.3")
        server.reconcile()
        until("answers of the new", lambda: {"/", "/slow"} <= set(load.answered("1.4.3")))
    assert not load.failed, load.failed[:5]
    names = sorted(name.split("-")[0] for name in server.containers())
    assert names == ["caddy", "database", "web"], names


CLAIMS = (first_boot, names_reach_services, an_image_replaces_another, a_sick_image_leaves_the_old_one,
          a_deployment_goes_server_by_server, a_closed_site_answers_with_a_page, a_worker_is_replaced, a_reboot_brings_all_back,
          a_late_disk_is_waited_for, the_database_moves, a_server_behind_a_load_balancer)
