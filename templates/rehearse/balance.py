"""The servers and the load of `scalectl rehearse --balance`: one algorithm of HAProxy over servers of unequal speed.

Each server works on a few requests at a time; further ones wait in its queue. Requests arrive at random times, at the same
rate whether servers respond or not. After a third of them one server becomes slow, after two thirds another one is killed.
Prints one JSON object. With `serve` as its argument, the program is one of the servers."""
import asyncio, json, math, os, random, socket, subprocess, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SLOWER, PATIENCE = 20, 30
PHASES = ("steady", "slowed", "killed")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self):
        # Health checks do not queue: a server that is only slow counts as healthy.
        if self.path != "/healthz":
            with self.server.workers:
                time.sleep(self.server.seconds * self.server.pace * self.server.chance.uniform(0.5, 1.5))
        body = self.server.name.encode()
        self.send_response_only(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    # HAProxy resets the connection of a health check.
    def handle_error(self, request, address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, address)


def serve(name, milliseconds, workers, seed):
    server = Server(("127.0.0.1", 0), Handler)
    server.name, server.seconds, server.pace = name, float(milliseconds) / 1000, 1
    server.workers, server.chance = threading.BoundedSemaphore(int(workers)), random.Random("%s %s" % (seed, name))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    # Each line is the new pace; the end of the input is the end of the server.
    for line in sys.stdin:
        server.pace = int(line)


class Balancer:
    """HAProxy in front of the servers, one process each."""

    def __init__(self):
        self.servers, self.proxy = dict(), None

    def start(self, servers, weighted, haproxy):
        for one in servers:
            words = [one["name"], one["milliseconds"], one["workers"], os.environ["SEED"]]
            self.servers[one["name"]] = subprocess.Popen(
                [sys.executable, __file__, "serve", *map(str, words)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        lines = []
        for one in servers:
            port = int(self.servers[one["name"]].stdout.readline())
            weight = " weight %d" % one["weight"] if weighted else ""
            lines.append("  server %s 127.0.0.1:%d%s" % (one["name"], port, weight))
        with open(os.environ["CONFIGURATION"]) as file:
            text = file.read() % dict(balance=os.environ["BALANCE"], servers="\n".join(lines))
        with open("haproxy.cfg", "w") as file:
            file.write(text)
        check = subprocess.run([haproxy, "-c", "-f", "haproxy.cfg"], capture_output=True, text=True)
        if check.returncode:
            lines = check.stderr.splitlines() or check.stdout.splitlines() or [""]
            sys.exit("haproxy -c rejects the configuration: " + next((line for line in lines if "ALERT" in line), lines[-1]))
        self.proxy = subprocess.Popen([haproxy, "-db", "-f", "haproxy.cfg"], stdout=sys.stderr)

    def pace(self, name, factor):
        self.servers[name].stdin.write("%d\n" % factor)
        self.servers[name].stdin.flush()

    def kill(self, name):
        self.servers[name].kill()
        self.servers[name].wait()

    # How often HAProxy sent a request once more.
    def resent(self):
        with socket.socket(socket.AF_UNIX) as link:
            link.connect("stats.sock")
            link.sendall(b"show stat\n")
            head, *rows = link.makefile().read().strip().splitlines()
        names = head.lstrip("# ").split(",")
        rows = [dict(zip(names, row.split(","))) for row in rows]
        backend = next(row for row in rows if (row["pxname"], row["svname"]) == ("servers", "BACKEND"))
        return int(backend["wretr"]) + int(backend["wredis"])

    def end(self):
        for process in [self.proxy, *self.servers.values()]:
            if process:
                process.kill()
                process.wait()


async def get(path):
    reader, writer = await asyncio.open_unix_connection("site.sock")
    try:
        writer.write(b"GET %s HTTP/1.1\r\nHost: site\r\nConnection: close\r\n\r\n" % path.encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        return head.split(b" ")[1:2] == [b"200"], body.decode()
    finally:
        writer.close()


async def load(balancer, requests, rate, chance):
    """Sends the requests, and returns the phase, server and seconds of each; the server is null when it failed."""
    answers, tasks, due = [], [], time.monotonic()

    async def one(phase):
        begun, server = time.monotonic(), None
        try:
            good, name = await asyncio.wait_for(get("/"), PATIENCE)
            server = name if good else None
        except (OSError, asyncio.TimeoutError):
            pass
        answers.append((phase, server, time.monotonic() - begun))

    for number in range(requests):
        phase = PHASES[3 * number // requests]
        if phase != PHASES[3 * (number - 1) // requests]:
            if phase == "slowed":
                balancer.pace("slowed", SLOWER)
            if phase == "killed":
                balancer.kill("killed")
        due += chance.expovariate(rate)
        await asyncio.sleep(max(0, due - time.monotonic()))
        tasks.append(asyncio.create_task(one(phase)))
    # What still waits does not have to wait as long as the whole queue would take.
    balancer.pace("slowed", 1)
    await asyncio.gather(*tasks)
    return answers


async def ready():
    until = time.monotonic() + PATIENCE
    while True:
        try:
            if (await asyncio.wait_for(get("/healthz"), 1))[0]:
                return
        except (OSError, asyncio.TimeoutError):
            pass
        if time.monotonic() > until:
            sys.exit("haproxy does not respond")
        await asyncio.sleep(0.02)


def within(times, part):
    ordered = sorted(times)
    return int(ordered[max(0, math.ceil(len(ordered) * part) - 1)] * 1e6) if ordered else 0


async def main(balancer):
    seed, requests, rate = (int(os.environ[name]) for name in ("SEED", "REQUESTS", "RATE"))
    servers = json.loads(os.environ["SERVERS"])
    os.chdir(os.environ["FOLDER"])
    balancer.start(servers, os.environ["WEIGHTED"] == "true", os.environ["HAPROXY"])
    await ready()
    # The same arrivals for every algorithm.
    answers = await load(balancer, requests, rate, random.Random(seed))
    times = lambda *phases: [seconds for phase, _, seconds in answers if phase in phases]
    served = [server for _, server, _ in answers if server]
    print(json.dumps(dict(
        algorithm=os.environ["ALGORITHM"],
        shares={one["name"]: round(served.count(one["name"]) / max(1, len(served)), 4) for one in servers},
        p50_us=within(times(*PHASES), 0.5), p99_us=within(times(*PHASES), 0.99),
        **{"%s_p99_us" % phase: within(times(phase), 0.99) for phase in PHASES},
        resent=balancer.resent(), failed=requests - len(served))))


if sys.argv[1:2] == ["serve"]:
    serve(*sys.argv[2:])
else:
    balancer = Balancer()
    try:
        asyncio.run(main(balancer))
    finally:
        balancer.end()
