"""Connects to the database as an application would, by the variables of its environment, and prints `encrypted` when
the server says that the session is. The first argument is the driver and how it is called."""

import asyncio
import os
import socket
import sys

URL, CA = os.environ["DATABASE_URL"], os.environ["DATABASE_SSL_CA"]
PARTS = dict(host=os.environ["DATABASE_HOST"], port=int(os.environ["DATABASE_PORT"]), user=os.environ["DATABASE_USER"],
             password=os.environ["DATABASE_PASSWORD"], database=os.environ["DATABASE_NAME"])
PG = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
MYSQL = "SHOW SESSION STATUS LIKE 'Ssl_cipher'"

# A container has the name in its table of hosts. libpq does not ask Python.
os.environ["PGHOSTADDR"] = "127.0.0.1"
look_up = socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **more: look_up(
    "127.0.0.1" if host == PARTS["host"] else host, *rest, **more)


def answer(connection, text):
    cursor = connection.cursor()
    cursor.execute(text)
    return cursor.fetchone()[-1]


def psycopg2(**more):
    import psycopg2
    return answer(psycopg2.connect(URL, **more), PG)


def asyncpg():
    import asyncpg

    async def connect():
        connection = await asyncpg.connect(URL)
        return await connection.fetchval(PG)
    return asyncio.run(connect())


def pymysql(**more):
    import pymysql
    return answer(pymysql.connect(**PARTS, **more), MYSQL)


def sqlalchemy(driver, text):
    import sqlalchemy
    engine = sqlalchemy.create_engine(URL.replace("://", "+%s://" % driver, 1))
    with engine.connect() as connection:
        return connection.execute(sqlalchemy.text(text)).fetchone()[-1]


WAYS = {
    "psycopg2": psycopg2,
    "psycopg2 verify-ca": lambda: psycopg2(sslmode="verify-ca", sslrootcert=CA),
    "psycopg2 verify-full": lambda: psycopg2(sslmode="verify-full", sslrootcert=CA),
    "psycopg2 without TLS": lambda: psycopg2(sslmode="disable"),
    "asyncpg": asyncpg,
    "SQLAlchemy psycopg2": lambda: sqlalchemy("psycopg2", PG),
    "PyMySQL": pymysql,
    "PyMySQL verify-ca": lambda: pymysql(ssl_ca=CA),
    "PyMySQL verify-full": lambda: pymysql(ssl_ca=CA, ssl_verify_cert=True, ssl_verify_identity=True),
    "PyMySQL without TLS": lambda: pymysql(ssl_disabled=True),
    "SQLAlchemy PyMySQL": lambda: sqlalchemy("pymysql", MYSQL),
}
print("encrypted" if WAYS[sys.argv[1]]() else "not encrypted")
