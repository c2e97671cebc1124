"""The example application of `scalectl rehearse --reads`: sessions that write and read from replicas, in one mode.

Two replicas have one name. As in Route 53, it answers with the replicas whose lag was within the bound at the last
minute, or with the primary when none was; clients keep an answer for its TTL. A minute is a second here. In the middle
one replica stops applying what the primary writes, until it was left out and for a while longer. Prints one JSON object."""
import json, os, random, sys, threading, time

MODE, ENGINE, SEED, REQUESTS = os.environ["MODE"], os.environ["ENGINE"], int(os.environ["SEED"]), int(os.environ["REQUESTS"])
PRIMARY, *REPLICAS = (int(port) for port in os.environ["DATABASE_PORTS"].split(","))
SESSIONS, MAX_LAG, MINUTE, TTL, PATIENCE = 8, 1.0, 1.0, 5 / 60, 60
LAGGING = REPLICAS[-1]


class Postgres:
    LAG = "SELECT coalesce(extract(epoch FROM now() - pg_last_xact_replay_timestamp()), 0)"
    STOP, GO = "SELECT pg_wal_replay_pause()", "SELECT pg_wal_replay_resume()"
    CREATE = "CREATE TABLE notes (id int PRIMARY KEY, version bigint NOT NULL)"

    def __init__(self, port):
        import psycopg2
        self.connection = psycopg2.connect(
            host="127.0.0.1", port=port, dbname=os.environ["DATABASE_NAME"], user=os.environ["DATABASE_USER"],
            password=os.environ["DATABASE_PASSWORD"], connect_timeout=5,
            sslmode="require" if os.environ["DATABASE_TLS"] == "true" else "disable")
        self.connection.autocommit = True

    def run(self, statement, values=()):
        with self.connection.cursor() as cursor:
            cursor.execute(statement, values)
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None

    # Where the primary's log is once a commit was acknowledged: at the commit or behind it.
    def position(self):
        return self.run("SELECT pg_current_wal_insert_lsn()::text")

    # A statement of its own: the snapshot of the read that follows is taken after it.
    def has(self, position):
        return self.run("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", (position,))


class Mariadb(Postgres):
    LAG = None
    STOP, GO = "STOP SLAVE SQL_THREAD", "START SLAVE SQL_THREAD"

    def __init__(self, port):
        import pymysql
        self.connection = pymysql.connect(
            host="127.0.0.1", port=port, database=os.environ["DATABASE_NAME"], user=os.environ["DATABASE_USER"],
            password=os.environ["DATABASE_PASSWORD"], connect_timeout=5, autocommit=True, ssl={"verify_mode": "none"})

    # The transaction that this connection wrote last.
    def position(self):
        return self.run("SELECT @@last_gtid")

    def has(self, position):
        return self.run("SELECT MASTER_GTID_WAIT(%s, 0)", (position,)) == 0

    def lag(self):
        import pymysql.cursors
        with self.connection.cursor(pymysql.cursors.DictCursor) as cursor:
            cursor.execute("SHOW SLAVE STATUS")
            behind = cursor.fetchone()["Seconds_Behind_Master"]
        # As RDS reports it: -1 while replication is stopped.
        return -1 if behind is None else behind


Database = Postgres if ENGINE == "postgres" else Mariadb


class Name:
    """The reader name: which replicas it answers with, by what was measured in the last minute."""

    def __init__(self):
        self.healthy, self.ends, self.left_out = list(REPLICAS), threading.Event(), threading.Event()
        self.is_back = threading.Event()

    def watch(self):
        links = {port: Database(port) for port in REPLICAS}
        while not self.ends.wait(MINUTE):
            lags = {port: float(link.run(link.LAG)) if link.LAG else link.lag() for port, link in links.items()}
            # Two alarms: one for a lag above the bound, one for a value below 0.
            self.healthy = [port for port, lag in lags.items() if 0 <= lag <= MAX_LAG]
            (self.is_back if LAGGING in self.healthy else self.left_out).set()

    def answer(self, chance):
        return chance.choice(self.healthy or [PRIMARY])


class Session:
    """What one user does, and what they may read after it."""

    def __init__(self, number, name):
        self.number, self.name, self.chance = number, name, random.Random("%d %d" % (SEED, number))
        self.links, self.position, self.written, self.looked, self.host = dict(), None, 0, 0.0, PRIMARY
        self.reads, self.stale, self.replica_reads, self.writes, self.lagging = 0, 0, 0, 0, []

    def link(self, port):
        if port not in self.links:
            self.links[port] = Database(port)
        return self.links[port]

    def resolve(self, now):
        if now - self.looked > TTL:
            self.host, self.looked = self.name.answer(self.chance), now
        return self.host

    def write(self):
        self.written += 1
        link = self.link(PRIMARY)
        link.run("UPDATE notes SET version = %s WHERE id = %s", (self.written, self.number))
        self.writes += 1
        if MODE == "session":
            self.position = link.position()

    def read(self):
        now = time.monotonic()
        port = self.resolve(now)
        if MODE == "session" and port != PRIMARY and self.position and not self.link(port).has(self.position):
            port = PRIMARY
        version = self.link(port).run("SELECT version FROM notes WHERE id = %s", (self.number,))
        self.reads += 1
        self.replica_reads += port != PRIMARY
        self.stale += version < self.written
        if port == LAGGING:
            self.lagging.append(now)

    def step(self):
        if self.chance.random() < 0.2:
            self.write()
        else:
            self.read()


def main():
    primary, lagging = Database(PRIMARY), Database(LAGGING)
    primary.run("DROP TABLE IF EXISTS notes")
    primary.run(Database.CREATE)
    for number in range(SESSIONS):
        primary.run("INSERT INTO notes VALUES (%s, 0)", (number,))
    until = time.monotonic() + PATIENCE
    position = primary.position()
    while not all(Database(port).has(position) for port in REPLICAS):
        if time.monotonic() > until:
            sys.exit("the replicas do not follow")
        time.sleep(0.05)
    name, lock, begun, ends, broken = Name(), threading.Lock(), [0], threading.Event(), []
    sessions = [Session(number, name) for number in range(SESSIONS)]

    def guarded(work):
        try:
            work()
        except BaseException as error:
            broken.append(error)
            ends.set()

    def work(session):
        while not ends.is_set():
            with lock:
                begun[0] += 1
            session.step()

    def wait(what, holds):
        until = time.monotonic() + PATIENCE
        while not holds() and not broken:
            if time.monotonic() > until:
                raise TimeoutError("the lagging replica is never %s" % what)
            time.sleep(0.01)

    threads = [threading.Thread(target=guarded, args=(name.watch,))]
    threads += [threading.Thread(target=guarded, args=(lambda session=session: work(session),)) for session in sessions]
    for thread in threads:
        thread.start()
    times = dict()

    def control():
        wait("loaded", lambda: begun[0] >= REQUESTS // 4)
        lagging.run(Database.STOP)
        times["stopped"] = time.monotonic()
        name.left_out.clear()
        wait("left out", name.left_out.is_set)
        times["out"] = time.monotonic()
        # Long enough for a replica that is not left out to be read from.
        wait("rested", lambda: begun[0] >= REQUESTS // 4 * 3 and time.monotonic() > times["out"] + MINUTE)
        times["resumed"] = time.monotonic()
        lagging.run(Database.GO)
        name.is_back.clear()
        wait("taken back", name.is_back.is_set)
        wait("read from again", lambda: begun[0] >= REQUESTS)

    guarded(control)
    ends.set()
    name.ends.set()
    for thread in threads:
        thread.join()
    if broken:
        raise broken[0]
    total = lambda of: sum(getattr(session, of) for session in sessions)
    lagged = [at for session in sessions for at in session.lagging]
    between = lambda begin, end: sum(begin <= at < end for at in lagged)
    print(json.dumps(dict(
        mode=MODE, reads=total("reads"), writes=total("writes"), stale_reads=total("stale"),
        replica_ratio=round(total("replica_reads") / total("reads"), 4),
        left_out_ms=int((times["out"] - times["stopped"]) * 1000), reads_until_left_out=between(times["stopped"], times["out"]),
        reads_after_left_out=between(times["out"] + TTL, times["resumed"]))))


main()
