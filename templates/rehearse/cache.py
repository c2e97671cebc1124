"""The example application of `scalectl rehearse --cache`: one strategy between a cache and a database, and its load.

What an application has to do because neither of the two does it is in the classes below `Strategy`. The load is the same
for every strategy: keys after Zipf's law, one write in ten. In its middle the cache's node is killed and a new, empty one
takes its place. Prints one JSON object."""
import bisect, itertools, json, os, random, socket, subprocess, sys, threading, time

import psycopg2

STRATEGY, FOLDER, SERVER = os.environ["STRATEGY"], os.environ["FOLDER"], os.environ["CACHE_SERVER"]
SEED, REQUESTS, KEYS = (int(os.environ[name]) for name in ("SEED", "REQUESTS", "KEYS"))
LOGIN = dict(host="127.0.0.1", port=int(os.environ["DATABASE_PORT"]), dbname=os.environ["DATABASE_NAME"],
             user=os.environ["DATABASE_USER"], password=os.environ["DATABASE_PASSWORD"],
             sslmode="require" if os.environ["DATABASE_TLS"] == "true" else "disable")
THREADS, TTL, BATCH, LATEST = 4, 60, 64, 0.2
# Half of all entries fit, so that some are evicted.
BODY, MEMORY = b"x" * 700, "3mb"

# Sets an entry unless a newer one is there: two writers, or a reader that was slow, may come in any order.
NEWER = """local have = redis.call('get', KEYS[1])
if not have or tonumber(string.match(have, '^%d+')) < tonumber(ARGV[1]) then
  if ARGV[3] == '0' then redis.call('set', KEYS[1], ARGV[2])
  else redis.call('set', KEYS[1], ARGV[2], 'EX', ARGV[3]) end
end"""

TABLES = """
CREATE TABLE IF NOT EXISTS items (id int PRIMARY KEY, version bigint NOT NULL, writes bigint NOT NULL);
CREATE TABLE IF NOT EXISTS parts (item int NOT NULL, amount int NOT NULL);
CREATE INDEX IF NOT EXISTS parts_of ON parts (item);
CREATE TABLE IF NOT EXISTS ledger (id bigint PRIMARY KEY, key int NOT NULL);
TRUNCATE items, ledger;
INSERT INTO items SELECT n, 0, 0 FROM generate_series(0, %(keys)s - 1) n;
INSERT INTO parts SELECT n %% %(keys)s, n FROM generate_series(1, %(keys)s * 50) n WHERE NOT EXISTS (SELECT FROM parts);
ANALYZE;
"""
READ = "SELECT version, (SELECT sum(amount) FROM parts WHERE item = items.id) FROM items WHERE id = %s"
# A write is recognised by its own name, so that one that is delivered twice is done once.
WRITE = """
WITH batch AS (SELECT * FROM unnest(%s::bigint[], %s::int[]) AS b (id, key)),
fresh AS (INSERT INTO ledger SELECT id, key FROM batch ON CONFLICT DO NOTHING RETURNING id, key),
latest AS (SELECT key, max(id) AS id, count(*) AS times FROM fresh GROUP BY key)
UPDATE items SET version = greatest(version, latest.id), writes = writes + latest.times FROM latest WHERE items.id = latest.key
"""


class Down(Exception):
    pass


class Count:
    """Numbers that all threads add to."""

    def __init__(self):
        self.lock, self.of = threading.Lock(), dict()

    def add(self, name, more=1):
        with self.lock:
            self.of[name] = self.of.get(name, 0) + more


class Database:
    def __init__(self, count):
        self.own, self.count = threading.local(), count

    def run(self, statement, values=()):
        if not hasattr(self.own, "connection"):
            self.own.connection = psycopg2.connect(**LOGIN)
            self.own.connection.autocommit = True
        self.count.add("queries")
        with self.own.connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else None

    def read(self, key):
        return int(self.run(READ, (key,))[0][0])

    def write(self, writes):
        self.run(WRITE, ([one for one, _ in writes], [key for _, key in writes]))


class Node:
    """The cache's node, without persistence, as a node of ElastiCache is."""

    def __init__(self, policy):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.policy, self.process = policy, None

    def start(self):
        self.process = subprocess.Popen(
            [SERVER, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", FOLDER,
             "--maxmemory", MEMORY, "--maxmemory-policy", self.policy], stdout=subprocess.DEVNULL)
        until = time.monotonic() + 20
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                if time.monotonic() > until or self.process.poll() is not None:
                    sys.exit("the cache's node does not start")
                time.sleep(0.01)

    def kill(self):
        self.process.kill()
        self.process.wait()


class Cache:
    """A connection for each thread. One that is lost is made anew by the next call."""

    def __init__(self, node):
        self.node, self.own = node, threading.local()

    def calls(self, *commands):
        try:
            if getattr(self.own, "link", None) is None:
                link = socket.create_connection(("127.0.0.1", self.node.port), 1)
                link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.own.link, self.own.answers = link, link.makefile("rb")
            text = b""
            for words in commands:
                words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
                text += b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
            self.own.link.sendall(text)
            return [self.answer() for _ in commands]
        except OSError as error:
            self.own.link = None
            raise Down(str(error))

    def call(self, *words):
        return self.calls(words)[0]

    def answer(self):
        line = self.own.answers.readline()
        if not line:
            raise OSError("the connection is lost")
        kind, rest = line[:1], line[1:].strip()
        if kind == b"-":
            raise OSError(rest.decode())
        if kind == b"$":
            return None if rest == b"-1" else self.own.answers.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self.answer() for _ in range(int(rest))]
        return rest

    @staticmethod
    def newer(key, version, ttl):
        return "EVAL", NEWER, 1, key, version, b"%d %s" % (version, BODY), ttl


class Queue:
    """In SQS's place: messages in a file, which stay until they are deleted, whoever dies meanwhile."""

    def __init__(self, path):
        self.file, self.path, self.deleted, self.lock = open(path, "ab", buffering=0), path, 0, threading.Lock()

    def send(self, one, key):
        with self.lock:
            self.file.write(b"%12d %12d\n" % (one, key))

    def receive(self):
        with open(self.path, "rb") as file:
            file.seek(self.deleted * 26)
            return [tuple(int(word) for word in line.split()) for line in itertools.islice(file, BATCH)]

    def delete(self, number):
        self.deleted += number


class Strategy:
    """Without a cache."""
    policy = "allkeys-lru"

    def __init__(self, database, cache, count):
        self.database, self.cache, self.count = database, cache, count

    def read(self, key):
        return self.database.read(key)

    def write(self, one, key):
        self.database.write([(one, key)])

    def node_is_killed(self):
        pass

    def end(self):
        pass

    def cached(self, key):
        try:
            value = self.cache.call("GET", key)
        except Down:
            value = None
        self.count.add("misses" if value is None else "hits")
        return None if value is None else int(value.split(b" ", 1)[0])

    def try_to(self, *words):
        # A cache that is down keeps nobody from the database.
        try:
            return self.cache.call(*words)
        except Down:
            return None


class CacheAside(Strategy):
    def read(self, key):
        version = self.cached(key)
        if version is None:
            version = self.database.read(key)
            self.try_to("SET", key, b"%d %s" % (version, BODY), "EX", TTL)
        return version

    def write(self, one, key):
        super().write(one, key)
        # Deleted and not set: the next reader fills it with what the database has by then.
        self.try_to("DEL", key)


class ReadThrough(CacheAside):
    """Of all who miss an entry, one loads it."""

    def __init__(self, *parts):
        super().__init__(*parts)
        self.loads, self.lock = dict(), threading.Lock()

    def read(self, key):
        version = self.cached(key)
        if version is not None:
            return version
        with self.lock:
            mine = key not in self.loads
            load = self.loads.setdefault(key, dict(done=threading.Event()))
        if mine:
            try:
                load["version"] = self.database.read(key)
                self.try_to("SET", key, b"%d %s" % (load["version"], BODY), "EX", TTL)
            finally:
                with self.lock:
                    del self.loads[key]
                load["done"].set()
        load["done"].wait()
        return load["version"]


class WriteThrough(Strategy):
    def read(self, key):
        version = self.cached(key)
        if version is None:
            version = self.database.read(key)
            self.try_to(*Cache.newer(key, version, TTL))
        return version

    def write(self, one, key):
        super().write(one, key)
        self.try_to(*Cache.newer(key, one, TTL))


class WriteBack(WriteThrough):
    """A write is acknowledged when queue and cache have it. A writer brings batches to the database."""
    policy = "volatile-lru"

    def __init__(self, *parts):
        super().__init__(*parts)
        self.pending, self.ends, self.dies = 0, False, False
        self.wake = threading.Condition()
        self.open()
        self.writer = threading.Thread(target=self.work, daemon=True)
        self.writer.start()

    def open(self):
        self.queue = Queue(os.path.join(FOLDER, "queue"))

    def keep(self, one, key):
        self.queue.send(one, key)
        # Without a TTL until the database has it, so that it is not evicted.
        self.try_to(*Cache.newer(key, one, 0))

    def write(self, one, key):
        self.keep(one, key)
        with self.wake:
            self.pending += 1
            self.wake.notify()

    def take(self):
        return self.queue.receive()

    def done(self, batch):
        self.queue.delete(len(batch))

    def work(self):
        while True:
            with self.wake:
                self.wake.wait_for(lambda: self.pending >= BATCH or self.ends, LATEST)
                self.pending, ends = 0, self.ends
            while True:
                batch = self.take()
                if not batch:
                    break
                self.database.write(batch)
                if self.dies:
                    # The writer dies before it deletes what it has done, and all of it is delivered again.
                    self.dies = False
                    continue
                self.done(batch)
                for one, key in batch:
                    # Readers of a node that was empty may have filled it with what the database had before.
                    self.try_to(*Cache.newer(key, one, TTL))
                    self.try_to("EXPIRE", key, TTL)
            if ends:
                return

    def node_is_killed(self):
        self.dies = True

    def end(self):
        with self.wake:
            self.ends = True
            self.wake.notify()
        self.writer.join()


class WriteBackAlone(WriteBack):
    """The same without a queue: what is to be written is in the cache's node alone."""

    def open(self):
        pass

    def keep(self, one, key):
        self.cache.calls(["MULTI"], Cache.newer(key, one, 0), ["RPUSH", "dirty", "%d %d" % (one, key)], ["EXEC"])

    def take(self):
        try:
            return [tuple(int(word) for word in line.split()) for line in self.cache.call("LRANGE", "dirty", 0, BATCH - 1)]
        except Down:
            return []

    def done(self, batch):
        self.try_to("LTRIM", "dirty", len(batch), -1)

    def node_is_killed(self):
        pass


STRATEGIES = {"none": Strategy, "cache-aside": CacheAside, "read-through": ReadThrough, "write-through": WriteThrough,
              "write-back": WriteBack, "write-back-without-queue": WriteBackAlone}


def requests():
    """Every request: its key, by Zipf's law, and whether it writes. The seed decides."""
    chance, total, bounds = random.Random(SEED), 0.0, []
    for rank in range(1, KEYS + 1):
        total += rank ** -1.1
        bounds.append(total)
    keys = list(range(KEYS))
    chance.shuffle(keys)
    for _ in range(REQUESTS):
        yield keys[min(bisect.bisect(bounds, chance.random() * total), KEYS - 1)], chance.random() < 0.1


def main():
    count = Count()
    database, kind = Database(count), STRATEGIES[STRATEGY]
    database.run(TABLES, dict(keys=KEYS))
    node = Node(kind.policy)
    node.start()
    strategy = kind(database, Cache(node), count)
    count.of.clear()
    todo, lock = enumerate(requests()), threading.Lock()
    acknowledged, newest, times, broken, kills = [], dict(), [], [], [True]

    def work():
        while not broken:
            with lock:
                number, (key, writes) = next(todo, (None, (None, None)))
            if number is None:
                return
            floor, began = newest.get(key, 0), time.perf_counter()
            if writes:
                try:
                    strategy.write(number + 1, key)
                except Down:
                    count.add("failed")
                    continue
                times.append(time.perf_counter() - began)
                with lock:
                    acknowledged.append(number + 1)
                    newest[key] = max(newest.get(key, 0), number + 1)
                    # In the middle, right after a write that was acknowledged.
                    dies, kills[:] = number >= REQUESTS // 2 and bool(kills), kills if number < REQUESTS // 2 else []
                if dies:
                    strategy.node_is_killed()
                    node.kill()
                    node.start()
            else:
                version = strategy.read(key)
                times.append(time.perf_counter() - began)
                if version < floor:
                    count.add("stale")

    def guarded():
        try:
            work()
        except BaseException as error:
            broken.append(error)

    try:
        threads = [threading.Thread(target=guarded) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        strategy.end()
    finally:
        node.kill()
    if broken:
        raise broken[0]
    queries = count.of.get("queries", 0)
    there = set(one for one, in database.run("SELECT id FROM ledger"))
    applied = int(database.run("SELECT sum(writes) FROM items")[0][0])
    times.sort()
    of = lambda part: int(times[min(int(len(times) * part), len(times) - 1)] * 1e6)
    looked = count.of.get("hits", 0) + count.of.get("misses", 0)
    print(json.dumps(dict(
        strategy=STRATEGY, hit_ratio=round(count.of.get("hits", 0) / looked, 4) if looked else None, p50_us=of(0.5), p99_us=of(0.99),
        queries=queries, stale_reads=count.of.get("stale", 0), acknowledged=len(acknowledged),
        lost=len(set(acknowledged) - there), doubled=applied - len(there), failed=count.of.get("failed", 0))))


main()
