"""How pulse reads from replicas. `primary` and `reader` are psycopg connections with autocommit; `session` is the user's,
kept in a cookie or a session store, because another server may answer the next request."""

import os
import socket


def reader_host():
    """The name, of a replica or the primary, to which the reader name leads now: certificates have that name."""
    reader = os.environ["DATABASE_READER_HOST"]
    known = [*os.environ["DATABASE_READER_HOSTS"].split(","), os.environ["DATABASE_HOST"]]
    name, aliases, _ = socket.gethostbyname_ex(reader)
    return next((one for one in [name, *aliases] if one in known), reader)


def write(session, primary, statement, values):
    primary.execute(statement, values)  # committed: where the log is now, it has the write
    session["position"] = primary.execute("SELECT pg_current_wal_insert_lsn()::text").fetchone()[0]


def read(session, primary, reader, statement, values, down=ConnectionError):
    try:
        if has(reader, session.get("position")):
            return reader.execute(statement, values).fetchall()
    except down:  # psycopg.OperationalError: a replica that is down keeps nobody from the primary
        pass
    return primary.execute(statement, values).fetchall()


def has(reader, position):
    # A statement of its own: the snapshot of the read is taken after it. A reader that replays nothing is the primary.
    caught_up = "SELECT NOT pg_is_in_recovery() OR pg_last_wal_replay_lsn() >= %s::pg_lsn"
    return position is None or reader.execute(caught_up, (position,)).fetchone()[0]
