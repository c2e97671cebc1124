#!/usr/bin/python3
# Brings this server in line with its parameters: the old stops once the new is healthy and has the requests.
import base64, fcntl, hashlib, json, os, secrets, shutil, socket, subprocess, sys, tempfile, time, urllib.error, urllib.request
{{#if workers}}
import shlex
{{/if}}

PATH, ROLE = os.environ["SITE_PATH"], os.environ["SITE_ROLE"]
LIBRARY, RUN = "public.ecr.aws/docker/library/", "/run/site:/run/site"
ETC, DATA, PROXY_ADDRESS = "/etc/site", "/data", "198.18.0.2"
# Every region's certificates: a failover may move the database to any of them.
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html
RDS_BUNDLE = "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem"
# Where containers see the certificates.
CONTAINER_CA = "/etc/database-tls/ca.pem"


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout.strip()


def aws(*command):
    return json.loads(run("aws", "--output", "json", *command))


def metadata(path):
    base = "http://169.254.169.254/latest/"
    ask = urllib.request.Request(base + "api/token", method="PUT",
                                 headers=dict([("X-aws-ec2-metadata-token-ttl-seconds", "60")]))
    token = urllib.request.urlopen(ask, timeout=5).read().decode()
    ask = urllib.request.Request(base + "meta-data/" + path, headers=dict([("X-aws-ec2-metadata-token", token)]))
    return urllib.request.urlopen(ask, timeout=5).read().decode()


REGION = metadata("placement/region")
# Where the application's secrets are, if they are not in every region.
HOME = os.environ["SITE_HOME"]
os.environ["AWS_DEFAULT_REGION"] = REGION


def parameters():
    found = aws("ssm", "get-parameters-by-path", "--path", PATH, "--recursive")["Parameters"]
    return dict((p["Name"][len(PATH) + 1:], p["Value"]) for p in found)


# Services whose old container stays for now, so that a way back takes no time.
KEPT = set()


def settings():
    # While a version rolls out, a server goes by the setting from before until its turn has come.
    texts = parameters()
    for name in [name for name in texts if name.startswith("rollout/")]:
        rollout = json.loads(texts.pop(name))
        if metadata("instance-id") not in rollout["servers"]:
            texts[rollout["setting"]] = rollout["before"]
        elif rollout["keep"]:
            KEPT.add(rollout["setting"].split("/")[1])
    return texts


def parsed(texts):
    return dict((name, json.loads(text)) for name, text in texts.items())


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def secret(ref):
    # The copy in this region first, because it outlives the loss of any other; then the region that has the original.
    arn = ref.split(":") if ref.startswith("arn:") else []
    is_parameter = ref.startswith(("/", "ssm:")) or "ssm" in arn[2:3]
    places = list(dict.fromkeys([REGION, arn[3] if arn else HOME]))
    for place in places:
        name = ":".join(arn[:3] + [place] + arn[4:]) if arn else ref.removeprefix("ssm:")
        try:
            if is_parameter:
                found = aws("ssm", "get-parameter", "--name", name, "--with-decryption", "--region", place)
                return found["Parameter"]["Value"]
            value = aws("secretsmanager", "get-secret-value", "--secret-id", name, "--region", place)
            return value.get("SecretString") or base64.b64decode(value["SecretBinary"]).decode()
        except subprocess.CalledProcessError:
            if place == places[-1]:
                raise


def containers():
    # Running containers: name to (labels, address).
    ids = run("docker", "ps", "-q").split()
    found = dict()
    for c in json.loads(run("docker", "inspect", *ids)) if ids else []:
        site = c["NetworkSettings"]["Networks"].get("site") or dict()
        found[c["Name"].lstrip("/")] = (c["Config"]["Labels"], site.get("IPAddress"))
    return found


def start(name, image, options=(), command=(), env=None, label=""):
    # Variables pass through the environment: others can read a command line. One may be PATH.
    env = env or dict()
    passed = [word for key in env for word in ("-e", key)]
    subprocess.run(["docker", "rm", "-f", name], capture_output=True)
    run(shutil.which("docker"), "run", "-d", "--name", name, "--network", "site", "--restart", "unless-stopped",
        "--label", "site.hash=" + label, *options, *passed, image, *command, env=dict(os.environ, **env))


def read(path, otherwise=""):
    if not os.path.exists(path):
        return otherwise
    with open(path) as file:
        return file.read()


def write(path, text, mode=0o644, group=0):
    # Nobody ever reads half a file.
    with open(os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    os.chown(path + ".new", 0, group)
    os.chmod(path + ".new", mode)
    os.rename(path + ".new", path)


def password():
    path = DATA + "/secrets/database"
    if not os.path.exists(path):
        write(path, secrets.token_urlsafe(32), 0o600)
    return read(path)


PROXY = """
{{> user-data/haproxy.cfg}}
"""


def proxy(host, port, running):
    # The application's connections go through one proxy, so that a migration can switch them to another database.
    path, wanted = ETC + "/database", "%s %s" % (host, port)
    if not os.path.exists(path + ".lock"):
        with open(path, "w") as file:
            file.write(wanted)
    elif open(path).read() == wanted:
        os.remove(path + ".lock")
    with open(ETC + "/haproxy.cfg", "w") as file:
        file.write(PROXY % dict(run="/run/site", listen=":%s" % port, target=open(path).read().replace(" ", ":")))
    if "database" not in running:
        start("database", LIBRARY + "haproxy:lts",
              ["--ip", PROXY_ADDRESS, "--user", "root", "-v", ETC + ":/etc/site:ro", "-v", RUN],
              ["haproxy", "-f", "/etc/site/haproxy.cfg"])


def issue(path, name, extensions, *signed):
    # A key and its certificate as one text.
    with open(path + ".cnf", "w") as file:
        file.write("\n".join(["[req]", "prompt=no", "distinguished_name=name", "[name]", "CN=" + name[:64], "[more]"] + extensions))
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9999", "-config", path + ".cnf",
        "-extensions", "more", *signed, "-keyout", path + ".tmp", "-out", path + ".tmp")
    text = read(path + ".tmp")
    os.remove(path + ".tmp")
    return text


def authority():
    # What signs the certificate of the server's own database; it stays the same for as long as the disk.
    path = DATA + "/secrets/ca.pem"
    if not os.path.exists(path):
        write(path, issue(path, "Database of " + PATH, ["basicConstraints=critical,CA:TRUE", "subjectKeyIdentifier=hash",
                                                        "keyUsage=critical,keyCertSign,cRLSign"]), 0o600)
    return path


def certificate(host, name):
    # Names are added and never dropped: a container that still uses an earlier one may connect at any time.
    folder, ca = DATA + "/secrets/tls", authority()
    os.makedirs(folder, exist_ok=True)
    # The image's group reads the key.
    os.chown(folder, 0, 999)
    os.chmod(folder, 0o750)
    names = read(folder + "/names").split()
    missing = [one for one in ("DNS:database", "DNS:localhost", "IP:" + host, "DNS:" + name) if one not in names]
    if not missing and os.path.exists(folder + "/database.pem"):
        return False
    names = list(dict.fromkeys(names + missing))
    write(folder + "/database.pem",
          issue(DATA + "/secrets/database", "database",
                ["basicConstraints=CA:FALSE", "extendedKeyUsage=serverAuth", "keyUsage=digitalSignature,keyEncipherment",
                 "subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid", "subjectAltName=" + ",".join(names)],
                "-CA", ca, "-CAkey", ca), 0o640, 999)
    write(folder + "/names", " ".join(names))
    return True


def bundle():
    # The certificates that sign every database which this application may come to use. What was fetched is kept
    # for as long as nothing newer can be had.
    fetched, own = ETC + "/rds.pem", ""
    if not os.path.exists(fetched) or time.time() - os.path.getmtime(fetched) > 7 * 86400:
        try:
            text = urllib.request.urlopen(RDS_BUNDLE, timeout=10).read().decode()
            if not text.strip().endswith("-----END CERTIFICATE-----"):
                raise ValueError("it does not end with a certificate")
            write(fetched, text)
        except Exception as error:
            print("cannot fetch %s: %s" % (RDS_BUNDLE, error), file=sys.stderr)
    if ROLE == "single":
        own = read(authority())
        own = own[own.index("-----BEGIN CERTIFICATE"):]
    os.makedirs(ETC + "/tls", exist_ok=True)
    if read(ETC + "/tls/ca.pem", None) != own + read(fetched):
        write(ETC + "/tls/ca.pem", own + read(fetched))


def port_of(config):
    return int(config.get("port") or (5432 if config["engine"] == "postgres" else 3306))


def name_of(config):
    # The name by which containers connect to the proxy. A managed database's certificate has the database's own name,
    # so a migration has containers use that one before it switches them.
    return config["host"] if config["host"] != "local" else read(ETC + "/database.name").strip() or "database"


# TLS only, as RDS; but for the container's own programs.
HBA = """local all all trust
host all all 127.0.0.1/32 trust
host all all ::1/128 trust
hostssl all all all scram-sha-256
"""


def serve(config, running):
    # Starts a database of our own and returns its address, login and password.
    host, user, word, port = metadata("local-ipv4"), "site", password(), port_of(config)
    postgres, tls = config["engine"] == "postgres", "/run/secrets/tls"
    renewed = certificate(host, name_of(config))
    if "database-local" not in running:
        write(DATA + "/secrets/tls/hba", HBA)
        mount = ["-v", RUN, "-v", DATA + "/secrets/database:/run/secrets/database:ro", "-v", DATA + "/secrets/tls:%s:ro" % tls,
                 "-v", DATA + "/database:" + ("/var/lib/postgresql/data" if postgres else "/var/lib/mysql"),
                 "-p", "%s:%s:%s" % (host, port, port)]
        image = LIBRARY + config["engine"] + ":" + config["version"]
        secret_file = "/run/secrets/database"
        if postgres:
            env = dict(POSTGRES_USER=user, POSTGRES_DB=config["name"],
                       POSTGRES_PASSWORD_FILE=secret_file, PGDATA="/var/lib/postgresql/data/pg")
            command = [word for setting in ("wal_level=logical", "ssl=on", "ssl_cert_file=%s/database.pem" % tls,
                                            "ssl_key_file=%s/database.pem" % tls, "hba_file=%s/hba" % tls,
                                            "password_encryption=scram-sha-256") for word in ("-c", setting)]
        else:
            env = dict(MYSQL_USER=user, MYSQL_DATABASE=config["name"], MYSQL_ROOT_PASSWORD_FILE=secret_file,
                       MYSQL_PASSWORD_FILE=secret_file)
            command = ["--replicate-wild-ignore-table=mysql.rds%", "--require-secure-transport=ON",
                       "--ssl-cert=%s/database.pem" % tls, "--ssl-key=%s/database.pem" % tls,
                       # As in RDS's parameter group, whose sql_mode is the server's own default.
                       "--max-allowed-packet=1073741824"]
            if config["engine"] == "mariadb":
                # MySQL keeps a binary log unless told otherwise, MariaDB only if told to.
                command += ["--log-bin=binlog", "--binlog-format=ROW", "--log-slave-updates=ON"]
        start("database-local", image, mount, command, env)
    elif renewed:
        client = ["exec", "-e", "MYSQL_PWD", "database-local"]
        # MariaDB's image has no program mysql.
        reload = ["kill", "-s", "HUP", "database-local"] if postgres else client + (
            ["mariadb", "-uroot", "-e", "FLUSH SSL"] if config["engine"] == "mariadb" else
            ["mysql", "-uroot", "-e", "ALTER INSTANCE RELOAD TLS"])
        try:
            run(shutil.which("docker"), *reload, env=dict(os.environ, MYSQL_PWD=word))
        except subprocess.CalledProcessError:
            # The next minute tries again.
            os.remove(DATA + "/secrets/tls/names")
            raise
    return host, user, word


def keep():
    # A migration that leads back here needs a database of our own before the parameters say so.
    config = parsed(parameters())["database"]
    open(ETC + "/database.keep", "w").close()
    host, _, _ = serve(config, containers())
    for _ in range(90):
        try:
            return socket.create_connection((host, port_of(config)), 2).close()
        except OSError:
            time.sleep(2)
    sys.exit("the server's own database does not start")


def database(config, running):
    # The application's variables; starts a database of our own where there is no other.
    if not config:
        return dict()
    port = port_of(config)
    if config["host"] == "local":
        host, user, word = serve(config, running)
    else:
        login = json.loads(secret(config["secret"]))
        host, user, word = config["host"], login["username"], login["password"]
        if "database-local" in running and not os.path.exists(ETC + "/database.keep"):
            # Moved away; the disk still has it.
            run("docker", "stop", "-t", "60", "database-local")
    proxy(host, port, running)
    bundle()
    name, quoted = name_of(config), urllib.request.quote(word, safe="")
    # MySQL has no common form: mysql2 reads the first, SQLAlchemy the second.
    scheme, options = dict(postgres=("postgresql", "?sslmode=require"), oracle=("oracle", ""), sqlserver=("mssql", "?encrypt=true")).get(
        config["engine"], ("mysql", "?ssl=%%7B%%22rejectUnauthorized%%22%%3Atrue%%7D&ssl_ca=%s" % CONTAINER_CA))
    def url(host):
        return "%s://%s:%s@%s:%s/%s%s" % (scheme, user, quoted, host, port, config["name"], options)
    readers, reads = config.get("readers") or [name], dict()
    if "max_lag" in config:
        # The database itself where there are no replicas.
        reader = config.get("reader") or name
        reads = dict(DATABASE_READER_URL=url(reader), DATABASE_READER_HOST=reader, DATABASE_MAX_LAG=str(config["max_lag"]),
                     DATABASE_READ_AFTER_WRITE=config["read_after_write"])
    # Node.js verifies when a URL asks for TLS, and knows only public authorities otherwise.
    return dict(reads, DATABASE_URL=url(name), DATABASE_HOST=name, DATABASE_PORT=str(port), DATABASE_NAME=config["name"],
                DATABASE_USER=user, DATABASE_PASSWORD=word, DATABASE_READER_HOSTS=",".join(readers),
                DATABASE_SSL_CA=CONTAINER_CA, NODE_EXTRA_CA_CERTS=CONTAINER_CA)


def to_database(shared):
    # The options of a container that uses the database. Its name is in the container's own table of hosts: a name
    # server would lead past the proxy.
    if not shared.get("DATABASE_HOST"):
        return []
    mount = ["-v", "%s/tls:%s:ro" % (ETC, os.path.dirname(CONTAINER_CA))]
    return mount + ["--add-host", "%s:%s" % (shared["DATABASE_HOST"], PROXY_ADDRESS)]


def serve_cache(config, running):
    # Memory is bounded as on a node of ElastiCache, below the container's own bound.
    engine, policy = config["engine"], config.get("eviction") or "volatile-lru"
    images = dict(valkey="docker.io/valkey/valkey:8", redis=LIBRARY + "redis:7", memcached=LIBRARY + "memcached:1.6")
    options = ["--memory", "256m"]
    if engine == "memcached":
        command = ["memcached", "-m", "192"] + (["-M"] if policy == "noeviction" else [])
    else:
        command = [engine + "-server", "--maxmemory", "192mb", "--maxmemory-policy", policy]
    if config["strategy"] == "write-back":
        # Every write is on the disk before it is acknowledged.
        options += ["-v", DATA + "/cache:/data"]
        command += ["--appendonly", "yes", "--appendfsync", "always"]
    text = json.dumps([engine, options, command])
    label = digest(text)
    if "cache" not in running or running["cache"][0].get("site.hash") != label:
        start("cache", images[engine], options, command, label=label)


def cache(config, running):
    if not config:
        return dict()
    if config["host"] == "local":
        serve_cache(config, running)
        config = dict(config, host="cache", port=11211 if config["engine"] == "memcached" else 6379)
    scheme = "memcached" if config["engine"] == "memcached" else "rediss" if config.get("tls") else "redis"
    # Of Memcached a client has to know every node, unless it discovers them at the configuration endpoint:
    # https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Endpoints.html
    hosts = [config["host"].replace(".cfg.", ".%04d." % number) for number in range(1, config.get("nodes", 1) + 1)]
    nodes = ",".join("%s:%s" % (host, config["port"]) for host in hosts)
    env = dict(CACHE_URL="%s://%s" % (scheme, nodes), CACHE_NODES=nodes,
               CACHE_HOST=config["host"], CACHE_PORT=str(config["port"]),
               CACHE_TLS="true" if config.get("tls") else "false", CACHE_CLUSTER="true" if config.get("serverless") else "false",
               CACHE_READER_HOST=config.get("reader") or config["host"],
               CACHE_READER_PORT=str(config.get("reader_port") or config["port"]), CACHE_STRATEGY=config["strategy"])
    if config.get("ttl"):
        env["CACHE_TTL"] = str(config["ttl"])
    if config.get("queue"):
        env.update(CACHE_QUEUE_URL=config["queue"], AWS_REGION=REGION)
    return env


def stores(service, known):
    # The stores that a service names; who may use them is the server's role to say.
    env = dict()
    for name in service.get("stores") or ():
        store = dict(known["stores/" + name])
        prefix = "STORE_%s_" % store.pop("variable")
        env.update((prefix + key.upper(), str(value)) for key, value in store.items())
    return dict(env, AWS_REGION=REGION) if env else env


def environment(service, known, shared):
    # A service's variables, and a label that changes when its container has to be another.
    own = dict(service["env"] or dict())
    own.update((key, secret(ref)) for key, ref in (service["secrets"] or dict()).items())
    port = dict(PORT=str(service["port"])) if "port" in service else dict()
    env = dict(dict(shared, **port), **dict(stores(service, known), **own))
    lasting = dict((key, value) for key, value in service.items() if key not in ("release", "registry"))
    return env, digest(json.dumps([lasting, env], sort_keys=True))


def logs(name, container):
    # Where a container's lines go; the stream says on which server.
    places = dict(region=REGION, group="%s/services/%s" % (PATH, name), stream="%s/%s" % (metadata("instance-id"), container))
    words = [word for key, place in places.items() for word in ("--log-opt", "awslogs-%s=%s" % (key, place))]
    return ["--log-driver", "awslogs"] + words + ["--label", "site.service=" + name]


def image_of(service):
    if service.get("image"):
        if ".dkr.ecr." in service["image"]:
            registry = service["image"].split("/")[0]
            login = run("aws", "ecr", "get-login-password", "--region", registry.split(".")[3])
            run("docker", "login", "-u", "AWS", "--password-stdin", registry, input=login)
        docker, login = ["docker"], service.get("registry")
        # The password stays in memory.
        with tempfile.TemporaryDirectory(dir="/run") as folder:
            if login:
                docker += ["--config", folder]
                run(*docker, "login", "-u", login["username"], "--password-stdin", login["host"], input=secret(login["password"]))
            run(*docker, "pull", "-q", service["image"])
        return service["image"]
    # An archive as `docker save` writes it.
    copy = subprocess.Popen(["aws", "s3", "cp", service["artifact"], "-"], stdout=subprocess.PIPE)
    loaded = run("docker", "load", "-q", stdin=copy.stdout)
    return loaded.rsplit(" ", 1)[-1]


def healthy(address, service):
    for _ in range(60):
        try:
            ask = "http://%s:%s%s" % (address, service["port"], service["health"])
            if urllib.request.urlopen(ask, timeout=5).status < 400:
                return True
        except (OSError, urllib.error.URLError):
            pass
        time.sleep(2)
    return False


{{#if workers}}
def state(name):
    return json.loads(run("docker", "inspect", name))[0]


def works(name, worker):
    # By its command, which Docker runs in the container; or by its process, which has to run for a while without a restart.
    check = worker["health"]
    rounds = 15 if not check else 120 + check["unhealthy"] * (check["interval"] + check["timeout"])
    for _ in range(rounds):
        time.sleep(1)
        found = state(name)
        if not found["State"]["Running"] or found["RestartCount"]:
            return False
        health = (found["State"].get("Health") or dict()).get("Status")
        if health in ("healthy", "unhealthy"):
            return health == "healthy"
    return not check


def begin(name, worker, known, shared, present):
    # Starts what is new beside what is there; whether the worker is as it should be, and in which container.
    env, label = environment(worker, known, shared)
    wanted, check, stop = name + "-" + label, worker["health"], str(worker["stop"])
    if wanted in present:
        if check and state(wanted)["State"]["Health"]["Status"] == "unhealthy":
            print("restarted, as it was not healthy: " + name, file=sys.stderr)
            run("docker", "restart", "-t", stop, wanted)
        return wanted
    # A server that shuts down gives it the same time.
    options = logs(name, wanted) + ["--label", "site.stop=" + stop, "--stop-timeout", stop] + to_database(shared)
    if check:
        options += ["--health-cmd", shlex.join(check["command"]), "--health-interval", "%ss" % check["interval"],
                    "--health-timeout", "%ss" % check["timeout"], "--health-retries", str(check["unhealthy"]),
                    "--health-start-period", "120s"]
    start(wanted, image_of(worker), options, worker.get("command") or (), env, label)
    if works(wanted, worker):
        return wanted
    run("docker", "stop", "-t", stop, wanted)
    run("docker", "rm", "-f", wanted)
    return None


def work(known, workers, shared, present):
    # Brings workers in line, each for itself; returns those that are not healthy, whose old ones go on.
    fresh, failed = set(), []
    for name, worker in sorted(workers.items()):
        try:
            wanted = begin(name, worker, known, shared, present)
        except subprocess.CalledProcessError as error:
            print("%s: %s: %s" % (name, " ".join(error.cmd[:3]), error.stderr), file=sys.stderr)
            wanted = None
        if not wanted:
            failed.append(name)
        fresh.update([wanted] if wanted else [c for c, (labels, _) in present.items() if labels["site.service"] == name])
    for name, (labels, _) in present.items():
        if name not in fresh:
            run("docker", "stop", "-t", labels["site.stop"], name)
            run("docker", "rm", name)
            run("docker", "image", "prune", "-af", "--filter", "until=24h")
    return failed


{{/if}}
def caddyfile(site, services, addresses, closed):
    # More particular paths come first; on a server behind a load balancer there is one plain site.
    def routes(names):
        lines = []
        for name in sorted(names, key=lambda n: (-max(map(len, services[n]["paths"])), n)):
            lines += ["  @%s path %s" % (name, " ".join(services[name]["paths"])),
                      "  handle @%s {" % name, "    reverse_proxy %s:%s" % (addresses[name], services[name]["port"]), "  }"]
        return lines
    hosts, head = dict(), []
    if ROLE == "single":
        head = ["{", "  email %s" % site["email"], "}"] if site.get("email") else []
        for name, service in services.items():
            for host in service["hosts"] or [site.get("domain") or ":80"]:
                hosts.setdefault(host, []).append(name)
        hosts = dict((host, routes(names)) for host, names in hosts.items())
    else:
        # The load balancer has chosen by path already; its health checks may use any.
        for name, one in services.items():
            hosts[":%s" % one["port"]] = ["  reverse_proxy %s:%s" % (addresses[name], one["port"])]
    if closed:
        # Who asks for health gets the services' answers.
        for host in hosts:
            hosts[host] = [closed["before"], *hosts[host], closed["after"]]
    body = [line for host in sorted(hosts) for line in [host + " {", *hosts[host], "}"]]
    return "\n".join(head + body + [""])


def ends(texts, kind, names, failed):
    # The setting that was tried last for each service, and the one that it runs by.
    before, now = json.loads(read(ETC + "/serving") or "{}"), dict()
    for name in names:
        tried = digest(texts[kind + name])
        serving = before.get(name, dict()).get("serving") if name in failed else tried
        now[name] = dict(tried=tried, serving=serving)
    return now


def end(now, failed):
    write(ETC + "/serving", json.dumps(now))
    if failed:
        sys.exit("not healthy: " + ", ".join(failed))


def shared_of(known, running):
    return dict(database(known.get("database"), running), **cache(known.get("cache"), running))


def once(setting, texts, command):
    # A command in a container of its own, in a service's image and with its variables.
    known = parsed(texts)
    service, running = known[setting], containers()
    shared = shared_of(known, running)
    env, _ = environment(service, known, shared)
    image, name = image_of(service), "%s-once-%s" % (setting.split("/")[1], os.getpid())
    LOCK.close()
    passed = [word for key in env for word in ("-e", key)]
    sys.exit(subprocess.run([shutil.which("docker"), "run", "--rm", "--name", name, "--network", "site", *to_database(shared),
                             *passed, image, *(command or service["release"])], env=dict(os.environ, **env)).returncode)


def main():
    texts = settings()
    known = parsed(texts)
    services = dict((k[len("services/"):], v) for k, v in known.items() if k.startswith("services/"))
{{#if workers}}
    workers = dict((k[len("workers/"):], v) for k, v in known.items() if k.startswith("workers/"))
    if ROLE != "single":
        workers, services = dict([(ROLE, workers[ROLE])]), dict()
{{else}}
    if ROLE != "single":
        services = dict([(ROLE, services[ROLE])])
{{/if}}
    running = containers()
    shared = shared_of(known, running)
{{#if workers}}
    present = dict((name, one) for name, one in running.items() if "site.stop" in one[0])
    running = dict((name, one) for name, one in running.items() if name not in present)
    if ROLE != "single":
        failed = work(known, workers, shared, present)
        return end(ends(texts, "workers/", workers, failed), failed)
{{/if}}
    addresses, fresh, failed = dict(), set(), []
    for name, service in sorted(services.items()):
        env, label = environment(service, known, shared)
        wanted = name + "-" + label
        if wanted not in running:
            options = logs(name, wanted) + to_database(shared)
            start(wanted, image_of(service), options, service.get("command") or (), env, label)
            if not healthy(containers()[wanted][1], service):
                # The old one goes on; the next minute tries again.
                run("docker", "rm", "-f", wanted)
                failed.append(name)
                old = [c for c, (labels, _) in running.items() if labels.get("site.service") == name]
                if old:
                    addresses[name] = old[0]
                    fresh.add(old[0])
                continue
        addresses[name] = wanted
        fresh.add(wanted)
    text = caddyfile(known.get("site") or dict(), dict((n, services[n]) for n in addresses), addresses, known.get("closed"))
    path = "/etc/site/Caddyfile"
    before = open(path).read() if os.path.exists(path) else None
    with open(path + ".new", "w") as file:
        file.write(text)
    if "caddy" not in running:
        os.rename(path + ".new", path)
        ports = ["80:80", "443:443", "443:443/udp"] if ROLE == "single" else ["%s:%s" % ((services[ROLE]["port"],) * 2)]
        start("caddy", LIBRARY + "caddy:2", [w for p in ports for w in ("-p", p)]
              + ["-v", "/etc/site:/etc/caddy:ro", "-v", "/data/caddy:/data"])
    elif text != before:
        # Only what caddy has taken becomes the file that the next minute compares with.
        run("docker", "exec", "caddy", "caddy", "reload", "--adapter", "caddyfile", "--config", "/etc/caddy/Caddyfile.new")
        os.rename(path + ".new", path)
    write(ETC + "/closed", digest(texts.get("closed", "")))
    for name, (labels, _) in running.items():
        if labels.get("site.service") and name not in fresh and labels["site.service"] not in KEPT:
            run("docker", "stop", "-t", "60", name)
            run("docker", "rm", name)
            run("docker", "image", "prune", "-af", "--filter", "until=24h")
    now = ends(texts, "services/", services, failed)
{{#if workers}}
    late = work(known, workers, shared, present)
    now.update(ends(texts, "workers/", workers, late))
    failed += late
{{/if}}
    end(now, failed)


# One at a time, whoever starts it.
LOCK = open("/run/site-reconcile.lock", "w")
try:
    if sys.argv[1:] != ["keep"]:
        fcntl.flock(LOCK, fcntl.LOCK_EX)
    # A release command runs before any server takes the new setting, every other command by this server's.
    modes = dict(keep=keep, release=lambda name: once(name, parameters(), []), run=lambda name, *words: once(name, settings(), words))
    modes.get("".join(sys.argv[1:2]), main)(*sys.argv[2:])
except subprocess.CalledProcessError as error:
    sys.exit("%s: %s" % (" ".join(error.cmd[:3]), error.stderr.strip()))
