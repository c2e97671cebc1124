#!/bin/bash
# Sets up a server, once. What runs on it is said in SSM parameters under the path below; a timer brings the
# server in line with them every minute, so a new image, variable or database needs no new server.
set -euo pipefail
export SITE_PATH={{sh path}} SITE_ROLE={{sh role}}

until dnf -y install docker jq amazon-cloudwatch-agent; do sleep 5; done

# The data disk: formatted only if it never was, so a restored snapshot keeps its data.
if [ "$SITE_ROLE" = single ]; then
  for _ in $(seq 60); do [ -b /dev/sdf ] && break; sleep 2; done
  blkid /dev/sdf >/dev/null || mkfs.xfs -L data /dev/sdf
  grep -q LABEL=data /etc/fstab || echo 'LABEL=data /data xfs defaults,nofail 0 2' >>/etc/fstab
fi
mkdir -p /data
mountpoint -q /data || mount -a
mkdir -p /data/caddy /data/database /etc/site
install -d -m 700 /data/secrets
echo 'd /run/site 0700' >/etc/tmpfiles.d/site.conf
systemd-tmpfiles --create site.conf
systemctl enable --now docker
docker network inspect site >/dev/null 2>&1 || docker network create site

cat >/opt/aws/amazon-cloudwatch-agent/etc/site.json <<JSON
{"agent": {"metrics_collection_interval": 60},
 "metrics": {
  "append_dimensions": {"InstanceId": "\${aws:InstanceId}"},
  "aggregation_dimensions": [["InstanceId"], ["InstanceId", "path"]],
  "metrics_collected": {
   "mem": {"measurement": ["mem_used_percent"]},
   "disk": {"measurement": ["used_percent"], "resources": ["/", "/data"], "drop_device": true}}},
 "logs": {"logs_collected": {"files": {"collect_list": [
  {"file_path": "/var/log/cloud-init-output.log", "log_group_name": "$SITE_PATH/system", "log_stream_name": "{instance_id}/setup"},
  {"file_path": "/var/log/site.log", "log_group_name": "$SITE_PATH/system", "log_stream_name": "{instance_id}/site"}]}}}}
JSON
/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl -a fetch-config -m ec2 -s \
  -c file:/opt/aws/amazon-cloudwatch-agent/etc/site.json

cat >/usr/local/sbin/site-database <<'PYTHON'
{{> user-data/site-database.py}}
PYTHON

cat >/usr/local/sbin/site-reconcile <<'PYTHON'
#!/usr/bin/python3
# Brings this server in line with its parameters: starts the new beside the old, waits until it is
# healthy, sends requests there, and only then stops the old.
import base64, hashlib, json, os, secrets, shutil, socket, subprocess, sys, time, urllib.error, urllib.request

PATH, ROLE = os.environ["SITE_PATH"], os.environ["SITE_ROLE"]
LIBRARY, RUN = "public.ecr.aws/docker/library/", "/run/site:/run/site"


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
os.environ["AWS_DEFAULT_REGION"] = REGION


def parameters():
    found = aws("ssm", "get-parameters-by-path", "--path", PATH, "--recursive")["Parameters"]
    return dict((p["Name"][len(PATH) + 1:], json.loads(p["Value"])) for p in found)


def secret(name, region=REGION):
    value = aws("secretsmanager", "get-secret-value", "--secret-id", name, "--region", region)
    return value.get("SecretString") or base64.b64decode(value["SecretBinary"]).decode()


def containers():
    # Running containers: name to (labels, address).
    ids = run("docker", "ps", "-q").split()
    found = dict()
    for c in json.loads(run("docker", "inspect", *ids)) if ids else []:
        site = c["NetworkSettings"]["Networks"].get("site") or dict()
        found[c["Name"].lstrip("/")] = (c["Config"]["Labels"], site.get("IPAddress"))
    return found


def start(name, image, options=(), command=(), env=None, label=""):
    # Variables pass through the environment, never over a command line that others can read. One may be PATH.
    env = env or dict()
    passed = [word for key in env for word in ("-e", key)]
    subprocess.run(["docker", "rm", "-f", name], capture_output=True)
    run(shutil.which("docker"), "run", "-d", "--name", name, "--network", "site", "--restart", "unless-stopped",
        "--label", "site.hash=" + label, *options, *passed, image, *command, env=dict(os.environ, **env))


def password():
    path = "/data/secrets/database"
    if not os.path.exists(path):
        with open(os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
        os.rename(path + ".new", path)
    with open(path) as file:
        return file.read()


PROXY = """
{{> user-data/haproxy.cfg}}
"""


def proxy(host, port, running):
    # The application's connections go through one proxy, so that a migration can lead them elsewhere.
    path, wanted = "/etc/site/database", "%s %s" % (host, port)
    if not os.path.exists(path + ".lock"):
        with open(path, "w") as file:
            file.write(wanted)
    elif open(path).read() == wanted:
        os.remove(path + ".lock")
    with open("/etc/site/haproxy.cfg", "w") as file:
        file.write(PROXY % dict(run="/run/site", listen=":%s" % port, target=open(path).read().replace(" ", ":")))
    if "database" not in running:
        start("database", LIBRARY + "haproxy:lts", ["--user", "root", "-v", "/etc/site:/etc/site:ro", "-v", RUN],
              ["haproxy", "-f", "/etc/site/haproxy.cfg"])


def certificate():
    # Clients ask for TLS, as RDS wants it; the image's group reads the key.
    path = "/data/secrets/database.pem"
    if not os.path.exists(path):
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9999", "-subj", "/CN=database",
            "-keyout", path + ".new", "-out", path + ".new")
        os.chown(path + ".new", 0, 999)
        os.chmod(path + ".new", 0o640)
        os.rename(path + ".new", path)
    return path


def port_of(config):
    return 5432 if config["engine"] == "postgres" else 3306


def serve(config, running):
    # Starts a database of our own and tells its address, login and password.
    host, user, word, port = metadata("local-ipv4"), "site", password(), port_of(config)
    if "database-local" not in running:
        postgres = config["engine"] == "postgres"
        mount = ["-v", RUN, "-v", "/data/secrets/database:/run/secrets/database:ro", "-v",
                 "/data/database:" + ("/var/lib/postgresql/data" if postgres else "/var/lib/mysql"),
                 "-p", "%s:%s:%s" % (host, port, port)]
        image = LIBRARY + config["engine"] + ":" + config["version"]
        secret_file = "/run/secrets/database"
        if postgres:
            env = dict(POSTGRES_USER=user, POSTGRES_DB=config["name"],
                       POSTGRES_PASSWORD_FILE=secret_file, PGDATA="/var/lib/postgresql/data/pg")
            mount += ["-v", certificate() + ":/run/secrets/pem:ro"]
            command = [word for setting in ("wal_level=logical", "ssl=on", "ssl_cert_file=/run/secrets/pem",
                                            "ssl_key_file=/run/secrets/pem") for word in ("-c", setting)]
        else:
            env = dict(MYSQL_USER=user, MYSQL_DATABASE=config["name"], MYSQL_ROOT_PASSWORD_FILE=secret_file,
                       MYSQL_PASSWORD_FILE=secret_file)
            command = ["--replicate-wild-ignore-table=mysql.rds%"]
        start("database-local", image, mount, command, env)
    return host, user, word


def keep():
    # A migration that leads back here needs a database of our own before the parameters say so.
    config = parameters()["database"]
    open("/etc/site/database.keep", "w").close()
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
    postgres, port = config["engine"] == "postgres", port_of(config)
    if config["host"] == "local":
        host, user, word = serve(config, running)
    else:
        login = json.loads(secret(config["secret"], config["region"]))
        host, user, word = config["host"], login["username"], login["password"]
        if "database-local" in running and not os.path.exists("/etc/site/database.keep"):
            # Moved away; the disk still has it.
            run("docker", "stop", "-t", "60", "database-local")
    proxy(host, port, running)
    quoted = urllib.request.quote(word, safe="")
    url = "%s://%s:%s@database:%s/%s" % ("postgresql" if postgres else "mysql", user, quoted, port, config["name"])
    if postgres:
        url += "?sslmode=require"
    readers, host = config.get("readers") or ["database"], "database"
    return dict(DATABASE_URL=url, DATABASE_HOST=host, DATABASE_PORT=str(port), DATABASE_NAME=config["name"],
                DATABASE_USER=user, DATABASE_PASSWORD=word, DATABASE_READER_HOSTS=",".join(readers))


def cache(config, running):
    if not config:
        return dict()
    if config["host"] == "local":
        images = dict(valkey="docker.io/valkey/valkey:8", redis=LIBRARY + "redis:7", memcached=LIBRARY + "memcached:1.6")
        if "cache" not in running:
            start("cache", images[config["engine"]], ["--memory", "256m"])
        config = dict(config, host="cache", port=11211 if config["engine"] == "memcached" else 6379)
    scheme = "memcached" if config["engine"] == "memcached" else "rediss" if config.get("tls") else "redis"
    return dict(CACHE_URL="%s://%s:%s" % (scheme, config["host"], config["port"]),
                CACHE_HOST=config["host"], CACHE_PORT=str(config["port"]),
                CACHE_TLS="true" if config.get("tls") else "false", CACHE_READER_HOST=config.get("reader") or config["host"], CACHE_STRATEGY=config["strategy"])


def image_of(service):
    if service.get("image"):
        if ".dkr.ecr." in service["image"]:
            registry = service["image"].split("/")[0]
            login = run("aws", "ecr", "get-login-password", "--region", registry.split(".")[3])
            run("docker", "login", "-u", "AWS", "--password-stdin", registry, input=login)
        run("docker", "pull", "-q", service["image"])
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


def caddyfile(site, services, addresses):
    # More particular paths come first; on a server behind a load balancer there is one plain site.
    def routes(names):
        lines = []
        for name in sorted(names, key=lambda n: (-max(map(len, services[n]["paths"])), n)):
            lines += ["  @%s path %s" % (name, " ".join(services[name]["paths"])),
                      "  handle @%s {" % name, "    reverse_proxy %s:%s" % (addresses[name], services[name]["port"]), "  }"]
        return lines
    if ROLE != "single":
        # The load balancer has chosen by path already; its health checks may use any.
        port = services[ROLE]["port"]
        return ":%s {\n  reverse_proxy %s:%s\n}\n" % (port, addresses[ROLE], port) if addresses else ""
    head = ["{", "  email %s" % site["email"], "}"] if site.get("email") else []
    hosts = dict()
    for name, service in services.items():
        for host in service["hosts"] or [site.get("domain") or ":80"]:
            hosts.setdefault(host, []).append(name)
    body = [line for host in sorted(hosts) for line in [host + " {"] + routes(hosts[host]) + ["}"]]
    return "\n".join(head + body + [""])


def main():
    known = parameters()
    services = dict((k[len("services/"):], v) for k, v in known.items() if k.startswith("services/"))
    if ROLE != "single":
        services = dict([(ROLE, services[ROLE])])
    running = containers()
    shared = dict(database(known.get("database"), running), **cache(known.get("cache"), running))
    addresses, fresh, failed = dict(), set(), []
    for name, service in sorted(services.items()):
        own = dict(service["env"] or dict())
        own.update((key, secret(ref)) for key, ref in (service["secrets"] or dict()).items())
        env = dict(shared, PORT=str(service["port"]), **own)
        text = json.dumps([service, env], sort_keys=True)
        label = hashlib.sha256(text.encode()).hexdigest()[:12]
        wanted = name + "-" + label
        if wanted not in running:
            logs = ["--log-driver", "awslogs", "--log-opt", "awslogs-region=" + REGION,
                    "--log-opt", "awslogs-group=%s/services/%s" % (PATH, name), "--label", "site.service=" + name]
            start(wanted, image_of(service), logs, service.get("command") or (), env, label)
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
    text = caddyfile(known.get("site") or dict(), dict((n, services[n]) for n in addresses), addresses)
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
    for name, (labels, _) in running.items():
        if labels.get("site.service") and name not in fresh:
            run("docker", "stop", "-t", "60", name)
            run("docker", "rm", name)
            run("docker", "image", "prune", "-af", "--filter", "until=24h")
    if failed:
        sys.exit("not healthy: " + ", ".join(failed))


try:
    keep() if sys.argv[1:] == ["keep"] else main()
except subprocess.CalledProcessError as error:
    sys.exit("%s: %s" % (" ".join(error.cmd[:3]), error.stderr.strip()))
PYTHON
chmod 755 /usr/local/sbin/site-*

cat >/etc/systemd/system/site.service <<UNIT
[Unit]
Description=Bring this server in line with its parameters
After=docker.service network-online.target
Wants=network-online.target
[Service]
Type=oneshot
Environment=SITE_PATH=$SITE_PATH SITE_ROLE=$SITE_ROLE
ExecStart=/usr/local/sbin/site-reconcile
StandardOutput=append:/var/log/site.log
StandardError=append:/var/log/site.log
UNIT
sed 's/reconcile$/& keep/' /etc/systemd/system/site.service >/etc/systemd/system/site-keep.service
cat >/etc/systemd/system/site.timer <<'UNIT'
[Unit]
Description=Every minute
[Timer]
OnBootSec=5
OnUnitInactiveSec=60
[Install]
WantedBy=timers.target
UNIT
cat >/etc/systemd/system/site-database.service <<'UNIT'
[Service]
ExecStart=/usr/local/sbin/site-database follow
Restart=always
[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --now site.timer site-database
