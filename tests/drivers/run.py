"""Runs the program that brings a server in line, with what it asks and starts replaced by what this machine has, and
connects by real drivers to real databases with the variables that it makes, at every stage of a migration.

    run.py postgres|mysql PROGRAM SITE-DATABASE CACHE

prints one line for each stage and driver. The application's connections go through HAProxy, as on a server."""

import contextlib
import io
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ENGINE, PROGRAM, SWITCH, CACHE = sys.argv[1:]
HERE = os.path.dirname(os.path.abspath(__file__))
POSTGRES = ENGINE == "postgres"
# An own address for the server, the managed database, and the proxy as databases see it: theirs is not loopback.
OWN, MANAGED, PROXY = "127.0.0.5", "127.0.0.6", "127.0.0.3"
ENDPOINT = "shop-db.c1a2b3.us-east-1.rds.amazonaws.com"
WAYS = {
    "postgres": ["psycopg2", "psycopg2 verify-ca", "psycopg2 verify-full", "psycopg2 without TLS", "asyncpg",
                 "SQLAlchemy psycopg2", "pg", "pg verify-full", "postgres", "lib/pq", "pgx", "PostgreSQL JDBC",
                 "PostgreSQL JDBC verify-full"],
    "mysql": ["PyMySQL", "PyMySQL verify-ca", "PyMySQL verify-full", "PyMySQL without TLS", "SQLAlchemy PyMySQL",
              "mysql2", "mysql2 verify-full", "mysql2 without TLS", "go-sql-driver skip-verify", "go-sql-driver verify-full",
              "MariaDB Connector/J verify-full"],
}[ENGINE]
SECONDS = 60


def free_port():
    # The same one at all the addresses.
    while True:
        with contextlib.ExitStack() as stack:
            first = stack.enter_context(socket.socket())
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                for address in (OWN, MANAGED):
                    stack.enter_context(socket.socket()).bind((address, port))
                return port
            except OSError:
                continue


def until(done, what):
    end = time.monotonic() + SECONDS
    while not done():
        if time.monotonic() > end:
            sys.exit("no end of waiting for " + what)
        time.sleep(0.02)


def answers(place):
    with contextlib.suppress(OSError), socket.create_connection(place, 1):
        return True
    return False


# Databases refuse to run as root.
USER = pwd.getpwnam("postgres" if POSTGRES else "mysql") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
AS_USER = dict(user=USER.pw_uid, group=USER.pw_gid, extra_groups=[]) if os.getuid() == 0 else {}


def found(name):
    folders = os.environ["PATH"].split(":") + ["/usr/sbin", "/usr/local/sbin"]
    base = "/usr/lib/postgresql"
    folders += [os.path.join(base, one, "bin") for one in sorted(os.listdir(base), reverse=True)] if os.path.isdir(base) else []
    path = shutil.which(name, path=":".join(folders))
    return path or sys.exit("%s is not installed; run tests/install.sh" % name)


def query(folder, port, user, text, database):
    # Through the database's own socket, as a container's programs would.
    command = ([found("psql"), "-qAtX", "-h", folder, "-p", str(port), "-U", user, "-c", text, database] if POSTGRES else
               [found("mariadb"), "--no-defaults", "--socket", folder + "/socket", "-u", "root", "-e", text])
    subprocess.run(command, check=True, **AS_USER)


def serve(folder, address, port, command, admin, password, databases):
    """A database with these arguments of its own, and a login that administers it."""
    os.mkdir(folder)
    os.chown(folder, USER.pw_uid, USER.pw_gid)
    log = open(folder + ".log", "w")
    quiet = dict(stdout=log, stderr=log, stdin=subprocess.DEVNULL, **AS_USER)
    if POSTGRES:
        secret = folder + "/password"
        with open(secret, "w") as file:
            file.write(password)
        os.chmod(secret, 0o644)
        subprocess.run([found("initdb"), "-D", folder + "/data", "-U", admin, "--pwfile", secret,
                        "--auth-host=scram-sha-256", "--no-sync"], check=True, **quiet)
        words = [found("postgres"), "-D", folder + "/data", "-p", str(port), "-c", "listen_addresses=" + address,
                 "-c", "unix_socket_directories=" + folder, "-c", "fsync=off"]
    else:
        subprocess.run([found("mariadb-install-db"), "--no-defaults", "--datadir=" + folder + "/data",
                        "--auth-root-authentication-method=normal", "--skip-test-db"], check=True, **quiet)
        words = [found("mariadbd"), "--no-defaults", "--datadir=" + folder + "/data", "--port=%s" % port,
                 "--bind-address=" + address, "--socket=" + folder + "/socket", "--pid-file=" + folder + "/pid"]
    server = subprocess.Popen(words + command, **quiet)
    RUNNING.append(server)
    until(lambda: server.poll() is not None or answers((address, port)), folder)
    if server.poll() is not None:
        sys.exit(open(folder + ".log").read())
    for database in databases:
        query(folder, port, admin, "CREATE DATABASE " + database, "postgres")
    return server


def login(folder, port, admin, user, password):
    if POSTGRES:
        query(folder, port, admin, "CREATE ROLE %s LOGIN PASSWORD '%s'" % (user, password), "postgres")
    else:
        query(folder, port, admin, "CREATE USER %s@'%%' IDENTIFIED BY '%s'; GRANT ALL ON shop.* TO %s@'%%'" % (user, password, user), "")


RUNNING = []


def site(root, port):
    """The program's functions, on folders below `root`."""
    text = open(PROGRAM).read()
    begin, end = text.index("REGION = metadata"), text.rindex("try:\n")
    space, started = {}, {}
    os.environ.update(SITE_PATH="/shop/default", SITE_ROLE="single")
    exec(text[:begin] + "REGION = 'us-east-1'\n" + text[text.index("def parameters("):end], space)

    def start(name, image, options=(), command=(), env=None, label=""):
        started[name] = options, command

    really, told = space["run"], []

    def run(*command, **options):
        return told.append(command[1:]) if command[0] == "docker" else really(*command, **options)

    def fetch(address, timeout):
        assert address == space["RDS_BUNDLE"], address
        return io.BytesIO(open(root + "/rds-ca.pem", "rb").read())

    own = os.getuid() == 0
    # The image's group is this machine's; a key that belongs to no root must be closed to the group.
    chown, chmod = os.chown, os.chmod
    space["os"].chown = lambda path, user, group: chown(path, user, USER.pw_gid if group == 999 else group) if own else None
    space["os"].chmod = lambda path, mode: chmod(path, mode) if own else None
    space["urllib"].request.urlopen = fetch
    space["shutil"] = type("", (), dict(which=staticmethod(lambda name: name)))
    space.update(ETC=root + "/etc", DATA=root + "/data", start=start, run=run, port_of=lambda config: port,
                 metadata=lambda path: OWN, secret=lambda name: json.dumps(dict(username="app", password="secret/of@app")))
    return space, started, told


def inside(options, text):
    """What stands at a container's path, here."""
    for one, mount in zip(options, options[1:]):
        if one == "-v":
            here, there = mount.split(":")[:2]
            text = text.replace(there, here)
    return text


def main(root):
    for folder in ("etc", "data", "data/secrets", "run", "bin"):
        os.mkdir(os.path.join(root, folder))
        os.chmod(os.path.join(root, folder), 0o755)
    port = free_port()
    space, started, told = site(root, port)
    for name, extensions in (("rds-ca", ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign",
                                         "subjectKeyIdentifier=hash"]),):
        pem = space["issue"](root + "/" + name, name, extensions)
        space["write"](root + "/rds-ca-key.pem", pem)
        space["write"](root + "/rds-ca.pem", pem[pem.index("-----BEGIN CERTIFICATE"):])
    os.mkdir(root + "/managed-tls")
    os.chmod(root + "/managed-tls", 0o755)
    key = root + "/managed-tls/database.pem"
    space["write"](key, space["issue"](root + "/managed", "managed", [
        "subjectAltName=DNS:" + ENDPOINT, "basicConstraints=CA:FALSE", "extendedKeyUsage=serverAuth",
        "subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid"],
        "-CA", root + "/rds-ca-key.pem", "-CAkey", root + "/rds-ca-key.pem"), 0o640, 999)

    local = dict(engine=ENGINE, version="17", host="local", name="shop")
    managed = dict(local, host=ENDPOINT, secret="shop/database", region="us-east-1")
    first = space["database"](local, {})
    options, command = started["database-local"]
    own = serve(root + "/own", OWN, port, [inside(options, word) for word in command], "site", first["DATABASE_PASSWORD"], ["shop"])
    space["write"](root + "/hba", space["HBA"])
    tls = (["-c", "ssl=on", "-c", "ssl_cert_file=" + key, "-c", "ssl_key_file=" + key, "-c", "hba_file=%s/hba" % root]
           if POSTGRES else ["--require-secure-transport=ON", "--ssl-cert=" + key, "--ssl-key=" + key])
    serve(root + "/managed", MANAGED, port, tls, "app", "secret/of@app", ["shop"])
    # copy-schema gives each side the other's login.
    for folder, users in (("own", ("app", "site")), ("managed", ("site", "app"))):
        for user in users if not POSTGRES else users[:1]:
            login(root + "/" + folder, port, "site" if folder == "own" else "app", user,
                  "secret/of@app" if user == "app" else first["DATABASE_PASSWORD"])

    with open(root + "/etc/haproxy.cfg") as file:
        text = file.read()
    text = text.replace("/run/site", root + "/run").replace("bind :", "bind 127.0.0.1:")
    text = text.replace("init-addr", "source %s init-addr" % PROXY)
    with open(root + "/etc/haproxy.cfg", "w") as file:
        file.write(text)
    RUNNING.append(subprocess.Popen([found("haproxy"), "-db", "-f", root + "/etc/haproxy.cfg"],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    until(lambda: os.path.exists(root + "/run/proxy.sock"), "the proxy")

    def switch(*words):
        subprocess.run([sys.executable, SWITCH, *words], check=True,
                       env=dict(os.environ, SITE_ETC=root + "/etc", SITE_RUN=root + "/run"))

    def variables(config):
        before = list(told)
        made = space["database"](config, {"database": None, "database-local": None})
        # What the program has a container do.
        for command in told[len(before):]:
            if command[0] == "kill":
                own.send_signal(signal.SIGHUP)
            elif command[-1] == "ALTER INSTANCE RELOAD TLS":
                query(root + "/own", port, "root", "FLUSH SSL", "")
        return made

    def stage(name, made, ways=WAYS):
        for way in ways:
            env = {key: inside(space["to_database"](made), value) for key, value in made.items()}
            env.update(PATH=os.environ["PATH"], PYTHONPATH=CACHE + "/python")
            with open(root + "/hosts", "w") as file:
                file.write("127.0.0.1 " + made["DATABASE_HOST"])
            driver = way.split()[0]
            if driver in ("pg", "postgres", "mysql2"):
                command = ["node", HERE + "/client.js", way, CACHE]
            elif driver in ("lib/pq", "pgx", "go-sql-driver"):
                command = [CACHE + "/client-go", way]
            elif driver in ("PostgreSQL", "MariaDB"):
                command = ["java", "-Djdk.net.hosts.file=" + root + "/hosts", "-cp",
                           CACHE + ":/usr/share/java/postgresql.jar:/usr/share/java/mariadb-java-client.jar", "Client", way]
            else:
                command = [sys.executable, HERE + "/client.py", way]
            done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=SECONDS)
            answer = done.stdout.strip() if done.returncode == 0 else " ".join(done.stderr.split())
            print("%s | %s | %s" % (name, way, answer), flush=True)

    stage("single-server", first)
    switch("name", ENDPOINT)
    second = variables(local)
    stage("migration", second)
    switch("use", MANAGED, str(port))
    switch("resume")
    stage("after the switch", second)
    # A container that started before the migration and was not started anew.
    stage("after the switch, by the old name", first)
    third = variables(managed)
    stage("split-db", third)
    switch("use", OWN, str(port))
    switch("resume")
    stage("after the way back", third)


with tempfile.TemporaryDirectory(prefix="scalectl-drivers-") as root:
    os.chmod(root, 0o755)
    try:
        main(root)
    finally:
        for process in reversed(RUNNING):
            # PostgreSQL waits for its clients on SIGTERM. HAProxy keeps ignoring SIGINT where its parent does, as what a
            # shell starts in the background.
            is_postgres = os.path.basename(process.args[0]).startswith("postgres")
            process.send_signal(signal.SIGINT if is_postgres else signal.SIGTERM)
        for process in RUNNING:
            try:
                process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
