#!/usr/bin/env bash
# flush: empties the application's cache, as the parameter CACHE_PARAMETER describes it. A write-back cache whose queue
# still has writes is left alone, with exit code 3.
set -euo pipefail
[[ ${1:-do} == 'do' ]] || exit 0
exec python3 - <<'PYTHON'
import json, os, socket, ssl, subprocess, sys


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def aws(*command):
    return json.loads(run("aws", "--output", "json", *command))


def waiting(queue):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"]
    found = aws("sqs", "get-queue-attributes", "--queue-url", queue, "--attribute-names", *names)
    return sum(int(found["Attributes"][name]) for name in names)


def flush(host, port, tls, memcached):
    with socket.create_connection((host, port), 10) as plain:
        link = ssl.create_default_context().wrap_socket(plain, server_hostname=host) if tls else plain
        link.settimeout(60)
        link.sendall(b"flush_all\r\n" if memcached else b"FLUSHALL\r\n")
        answer = link.makefile("rb").readline().strip()
    if answer != (b"OK" if memcached else b"+OK"):
        sys.exit("%s answers %s" % (host, answer.decode("utf-8", "replace")))


config = json.loads(aws("ssm", "get-parameter", "--name", os.environ["CACHE_PARAMETER"])["Parameter"]["Value"])
left = waiting(config["queue"]) if config.get("queue") else 0
if left:
    print(json.dumps({"waiting": left}))
    sys.exit(3)
memcached = config["engine"] == "memcached"
if config["host"] == "local":
    container = json.loads(run("docker", "inspect", "cache"))[0]
    nodes = [(container["NetworkSettings"]["Networks"]["site"]["IPAddress"], 11211 if memcached else 6379)]
else:
    names = [config["host"].replace(".cfg.", ".%04d." % number) for number in range(1, config.get("nodes", 1) + 1)]
    nodes = [(name, int(config["port"])) for name in names]
for host, port in nodes:
    flush(host, port, config.get("tls"), memcached)
print(json.dumps({"nodes": len(nodes)}))
PYTHON
