"""A small web application for rehearsals: orders are written and read over HTTP, kept in PostgreSQL or MySQL.

It does what an application has to do to come through a switch of its database: a request that loses its connection is
tried again on a new one, and a write that may have been done already is recognised by the request's own name."""
import json, os, queue, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

POSTGRES = os.environ["ENGINE"] == "postgres"
if POSTGRES:
    import psycopg2 as driver
else:
    import pymysql as driver

LOGIN = dict(user=os.environ["DATABASE_USER"], password=os.environ["DATABASE_PASSWORD"],
             host=os.environ["DATABASE_HOST"], port=int(os.environ["DATABASE_PORT"]), database=os.environ["DATABASE_NAME"])
# Encrypted, as the URL that a server gives its services asks.
if os.environ.get("DATABASE_TLS") != "false":
    LOGIN.update(dict(sslmode="require") if POSTGRES else dict(ssl={"check_hostname": False}))
# Where reads go that may be a moment old, if there is a replica.
READER = dict(LOGIN, port=int(os.environ["READER_PORT"])) if "READER_PORT" in os.environ else None
PATIENCE = 20
FILE = b"body { color: teal }"
# What the next attempt on another connection may mend: a lost connection, a server that starts or stops, a server that
# has just been made read-only. Everything else is a mistake, and mistakes are told.
PASSING = {"57P01", "57P02", "57P03", "25006", "08006", "40001"} if POSTGRES else {1290, 1836, 1053, 1158, 1213, 2006, 2013, 2003}


def connect(login=LOGIN):
    if POSTGRES:
        return driver.connect(connect_timeout=PATIENCE, **login)
    return driver.connect(connect_timeout=PATIENCE, read_timeout=PATIENCE, write_timeout=PATIENCE, **login)


def is_passing(error):
    if isinstance(error, (OSError, driver.InterfaceError)):
        return True
    if POSTGRES:
        # A connection that was lost or could not be made has no code.
        return isinstance(error, driver.Error) and (error.pgcode or "08006") in PASSING
    return bool(error.args) and error.args[0] in PASSING


def pool_of(size):
    pool = queue.LifoQueue()
    for _ in range(size):
        pool.put(None)
    return pool


pool, readers = pool_of(8), pool_of(4)


def steadily(work):
    """The work's answer, and how many attempts it took beyond the first."""
    began, retries = time.monotonic(), 0
    while True:
        connection = pool.get()
        try:
            connection = connection or connect()
            answer = work(connection)
            pool.put(connection)
            return answer, retries
        except Exception as error:
            try:
                if connection:
                    connection.close()
            except Exception:
                pass
            pool.put(None)
            if not is_passing(error) or time.monotonic() - began > PATIENCE:
                raise
        retries += 1
        time.sleep(0.02)


def at_replica(work):
    """What a replica answers; nothing when it does not answer or lacks the row yet, and the writer is asked."""
    connection = readers.get()
    try:
        connection = connection or connect(READER)
        return work(connection)
    except Exception as error:
        print("replica: %r" % error, file=sys.stderr, flush=True)
        connection = None
    finally:
        readers.put(connection)


NEW_ORDER = ("INSERT INTO orders (request, account, value) VALUES (%s, %s, %s) "
             + ("ON CONFLICT (request) DO NOTHING" if POSTGRES else "ON DUPLICATE KEY UPDATE request = request"))


def write(order):
    def work(connection):
        cursor = connection.cursor()
        cursor.execute(NEW_ORDER, (order["request"], order["account"], order["value"]))
        if cursor.rowcount == 1:
            cursor.execute("INSERT INTO events (request, value) VALUES (%s, %s)", (order["request"], order["value"]))
            cursor.execute("UPDATE accounts SET total = total + %s WHERE id = %s", (order["value"], order["account"]))
        connection.commit()
    return work


def read(request):
    def work(connection):
        cursor = connection.cursor()
        cursor.execute("SELECT value FROM orders WHERE request = %s", (request,))
        row = cursor.fetchone()
        connection.rollback()
        return row
    return work


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def answer(self, status, retries=0, body=b"", headers={}):
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Retries", str(retries))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def attempt(self, work, found):
        try:
            answer, retries = steadily(work)
            self.answer(*found(answer, retries))
        except Exception as error:
            print("%s %s: %r" % (self.command, self.path, error), file=sys.stderr, flush=True)
            self.answer(500)

    def do_POST(self):
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.attempt(write(order), lambda _, retries: (201, retries))

    def do_GET(self):
        if self.path == "/healthz":
            return self.answer(200)
        if self.path.startswith("/assets/"):
            return self.answer(200, body=FILE, headers={"Cache-Control": "public, max-age=60"})
        request = self.path.rsplit("/", 1)[-1]
        row = READER and at_replica(read(request))
        if row:
            return self.answer(200, body=str(row[0]).encode())
        self.attempt(read(request), lambda row, retries:
                     (200, retries, str(row[0]).encode()) if row else (404, retries))

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


server = Server(("127.0.0.1", int(os.environ.get("PORT", "0"))), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
