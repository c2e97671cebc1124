#!/usr/bin/python3
"""The application: its health is that of its database and cache, and it ends as a web server should, with what it has begun.

VERSION is `sick` for an image that never becomes healthy."""

import http.server
import json
import os
import signal
import socket
import ssl
import threading
import time

import psycopg2

TRUST = ssl.create_default_context(cafile="/etc/ssl/certs/ca-certificates.crt")
VERSION = os.environ["VERSION"]


def database(statement, *values):
    """As a pool of connections does, once more when a switch to another database has ended the connection."""
    for attempt in range(3):
        # As a careful driver connects: by the certificate and the name in it.
        connection = None
        try:
            connection = psycopg2.connect(os.environ["DATABASE_URL"], sslmode="verify-full",
                                          sslrootcert=os.environ["DATABASE_SSL_CA"])
            with connection, connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(1)")
                cursor.execute("CREATE TABLE IF NOT EXISTS visits (id bigserial PRIMARY KEY, who text)")
                cursor.execute(statement, values)
                return cursor.fetchone()[0]
        except (psycopg2.OperationalError, psycopg2.InterfaceError, psycopg2.errors.ReadOnlySqlTransaction) as error:
            print("the database's connection:", error, flush=True)
            if attempt == 2:
                raise
        finally:
            if connection:
                connection.close()


def cache(order):
    host = os.environ["CACHE_HOST"]
    with socket.create_connection((host, int(os.environ["CACHE_PORT"])), 5) as connection:
        if os.environ["CACHE_TLS"] == "true":
            connection = TRUST.wrap_socket(connection, server_hostname=host)
        connection.sendall(order.encode() + b"\r\n")
        return connection.recv(100).decode().strip()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, code, **values):
        text = json.dumps(dict(values, version=VERSION)).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        path = self.path.removeprefix("/api")
        if path == "/healthz":
            count, pong = database("SELECT count(*) FROM visits"), cache("PING")
            self.answer(500 if VERSION == "sick" else 200, visits=count, cache=pong)
        elif path == "/visits":
            self.answer(200, visits=database("SELECT count(*) FROM visits"))
        elif path == "/slow":
            time.sleep(1)
            self.answer(200)
        elif path == "/environment":
            # A secret's value is not shown, only that it came.
            self.answer(200, token=len(os.environ.get("TOKEN", "")), port=os.environ["PORT"])
        else:
            self.answer(200)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.answer(200, visits=database("INSERT INTO visits (who) VALUES (%s) RETURNING id", VERSION))


class Server(http.server.ThreadingHTTPServer):
    # The listener's end waits for requests under way.
    daemon_threads, block_on_close, request_queue_size = False, True, 128


Handler.timeout = 5
server = Server(("", int(os.environ["PORT"])), Handler)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
print("serving", VERSION, flush=True)
server.serve_forever(0.05)
server.server_close()
