"""Compares two databases, rows and objects, without any of the migration scripts' SQL.

As a library: connect(), tables(), rows(), positions(), objects() and compare(). As a program: reads
{"engine": ..., "sides": [login, login]} from standard input, where a login has host, port, user, password and
database, and prints what differs as JSON; the exit code is 1 when something differs. Logins must be allowed to read
everything, row security included.

A row is compared by a digest of every column in the text or bytes that the server prints with full precision."""
import collections, hashlib, json, os, ssl, sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

# A table by its printed name: its columns, the SQL that reads each of them, its key's columns, and the SQL name.
Table = collections.namedtuple("Table", "name sql columns reads key")
EXAMPLES = 5


def is_postgres(engine):
    return engine in ("postgres", "postgresql")


def connect(engine, login, timeout=20, **more):
    """A connection that commits each statement by itself; TLS where the server has it."""
    if is_postgres(engine):
        import psycopg2
        from psycopg2 import extensions
        connection = psycopg2.connect(
            host=login["host"], port=login["port"], user=login["user"], password=login["password"],
            dbname=login["database"], connect_timeout=timeout, sslmode=login.get("sslmode", "prefer"),
            application_name=login.get("name", "scalectl"), **more)
        connection.autocommit = True
        # Every value as the server prints it.
        known = tuple(oid for oid in extensions.string_types)
        extensions.register_type(extensions.new_type(known, "PRINTED", lambda value, _: value), connection)
        return connection
    import pymysql
    from pymysql import converters
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return pymysql.connect(
        host=login["host"], port=int(login["port"]), user=login["user"], password=login["password"],
        database=login["database"], connect_timeout=timeout, charset="utf8mb4", autocommit=True, ssl=context,
        conv={kind: how for kind, how in converters.conversions.items() if not isinstance(kind, int)}, use_unicode=False, **more)


def printing(engine, connection):
    """Settings under which values are printed without losing anything, and the same on both sides."""
    cursor = connection.cursor()
    if is_postgres(engine):
        cursor.execute("SET client_encoding = 'UTF8'; SET DateStyle = 'ISO, MDY'; SET IntervalStyle = 'postgres'; "
                       "SET TimeZone = 'UTC'; SET extra_float_digits = 3; SET bytea_output = 'hex'; SET lc_monetary = 'C'")
    else:
        cursor.execute("SET time_zone = '+00:00', character_set_results = NULL")
    return connection


def prepare(engine, connection):
    """The same for a login that reads everything, whatever settings the database has."""
    cursor = printing(engine, connection).cursor()
    if is_postgres(engine):
        cursor.execute("SET ROLE NONE; SET search_path = ''; SET row_security = off; SET statement_timeout = 0; "
                       "SET default_transaction_read_only = off")
        return connection
    cursor.execute("SET sql_mode = ''")
    try:
        cursor.execute("SET information_schema_stats_expiry = 0")
    except Exception:
        pass  # MariaDB caches nothing.
    return connection


def quote(engine, name):
    mark = '"' if is_postgres(engine) else "`"
    return mark + name.replace(mark, mark * 2) + mark


def text_of(value):
    return value.decode("utf-8", "surrogateescape") if isinstance(value, (bytes, bytearray)) else value


def ask(connection, statement, parameters=None):
    cursor = connection.cursor()
    cursor.execute(statement, parameters)
    return [tuple(text_of(value) for value in row) for row in cursor.fetchall()]


def digest(values):
    """Digest of a row: no two different rows have the same text, because lengths are part of it."""
    state = hashlib.blake2b(digest_size=16)
    for value in values:
        if value is None:
            state.update(b"-;")
        else:
            value = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else bytes(value)
            state.update(b"%d:" % len(value))
            state.update(value)
    return state.digest()


# Tables ---------------------------------------------------------------------------------------------------------------

MINE = """n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'scalectl')"""
POSTGRES_TABLES = """
SELECT c.oid, n.nspname, c.relname, c.relkind,
  ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attnum)::text[] AS columns,
  (SELECT ARRAY(SELECT a.attname::text FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY k(n, o)
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.n WHERE k.o <= i.indnkeyatts ORDER BY k.o)
    FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
      AND NOT EXISTS (SELECT FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY k(n, o)
        LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.n
        WHERE k.o <= i.indnkeyatts AND a.attnotnull IS NOT TRUE)
    ORDER BY NOT i.indisprimary, NOT i.indisreplident, NOT i.indimmediate, i.indexrelid LIMIT 1) AS key
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE """ + MINE + """ AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
ORDER BY 2, 3"""


PARTITION = ("(SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
             "WHERE c.oid = tableoid)")


def tables(engine, connection):
    """Every table with rows, by its printed name; a partitioned table is one, its rows say in which partition they are."""
    found = {}
    if is_postgres(engine):
        import psycopg2.extensions as extensions
        lists = connection.cursor()
        extensions.register_type(extensions.new_array_type((1009,), "TEXT[]", psycopg2_text()), lists)
        lists.execute(POSTGRES_TABLES)
        for _, schema, name, kind, columns, key in lists.fetchall():
            sql = quote(engine, schema) + "." + quote(engine, name)
            reads = [quote(engine, column) for column in columns]
            reads += [PARTITION] if kind == "p" else []
            printed = name if schema == "public" else schema + "." + name
            found[printed] = Table(printed, sql if kind == "p" else "ONLY " + sql, columns, reads, tuple(key or ()))
        return found
    named = ask(connection, "SELECT table_name FROM information_schema.tables WHERE table_schema = database() "
                "AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY table_name")
    columns, keys = collections.defaultdict(list), collections.defaultdict(lambda: collections.defaultdict(list))
    for table, column, kind in ask(connection, "SELECT table_name, column_name, data_type FROM information_schema.columns "
                                   "WHERE table_schema = database() ORDER BY table_name, ordinal_position"):
        columns[table].append((column, kind.lower()))
    for table, index, column, nullable in ask(
            connection, "SELECT table_name, index_name, column_name, nullable FROM information_schema.statistics WHERE "
            "table_schema = database() AND non_unique = 0 ORDER BY table_name, index_name <> 'PRIMARY', index_name, seq_in_index"):
        keys[table][index].append((column, nullable == "YES"))
    for (table,) in named:
        key = next((tuple(column for column, _ in index) for index in keys[table].values()
                    if not any(nullable for _, nullable in index) and all(column for column, _ in index)), ())
        found[table] = Table(table, quote(engine, table), [column for column, _ in columns[table]],
                             [mysql_read(column, kind) for column, kind in columns[table]], key)
    return found


def psycopg2_text():
    import psycopg2.extensions as extensions
    return extensions.new_type((25,), "TEXT", lambda value, _: value)


def mysql_read(column, kind):
    name = quote("mysql", column)
    if kind == "float":
        return "CAST(%s AS DOUBLE)" % name  # A FLOAT is printed with six digits; it has up to nine.
    if kind in ("enum", "set"):
        return "CONCAT(%s + 0, ':', %s)" % (name, name)  # A value that is none has the text '' too.
    return name


def rows(engine, connection, table, visit=None):
    """Rows of a table: digests by key, or how often each digest is there when the table has no key."""
    places = [table.columns.index(column) for column in table.key]
    found = {} if table.key else collections.Counter()
    statement = "SELECT %s FROM %s" % (", ".join(table.reads) or "1", table.sql)
    for row in stream(engine, connection, statement):
        if table.key:
            found[tuple(row[place] for place in places)] = digest(row)
        else:
            found[digest(row)] += 1
        if visit:
            visit(row)
    return found


def stream(engine, connection, statement):
    """Rows one by one, without holding all of them."""
    if is_postgres(engine):
        cursor = connection.cursor()
        cursor.execute("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            cursor.execute("DECLARE compared NO SCROLL CURSOR FOR " + statement)
            while True:
                cursor.execute("FETCH 2000 FROM compared")
                some = cursor.fetchall()
                if not some:
                    break
                yield from some
        finally:
            cursor.execute("ROLLBACK")
        return
    from pymysql.cursors import SSCursor
    with connection.cursor(SSCursor) as cursor:
        cursor.execute(statement)
        yield from cursor.fetchall_unbuffered()


def rows_differ(ours, theirs):
    """What the second lacks, what it has more, and what it has otherwise."""
    if isinstance(ours, collections.Counter):
        return sum((ours - theirs).values()), sum((theirs - ours).values()), 0
    missing = sum(key not in theirs for key in ours)
    extra = sum(key not in ours for key in theirs)
    changed = sum(theirs.get(key, value) != value for key, value in ours.items())
    return missing, extra, changed


def differing_keys(ours, theirs):
    """Some keys (or digests, without a key) that differ, for a person."""
    return [key for key in set(ours) | set(theirs) if ours.get(key) != theirs.get(key)][:EXAMPLES]


def shown(key):
    if isinstance(key, bytes):
        return key.hex()[:12]
    words = [text_of(word) for word in key]
    return ", ".join(word if word is None or len(word) < 60 else word[:60] + "..." for word in words)


# Sequences ------------------------------------------------------------------------------------------------------------

def positions(engine, connection):
    """The next value of each sequence or automatic number, and in which direction it counts."""
    found = {}
    if is_postgres(engine):
        for schema, name, step in ask(connection, "SELECT n.nspname, c.relname, s.seqincrement FROM pg_catalog.pg_sequence s "
                                      "JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid JOIN pg_catalog.pg_namespace n "
                                      "ON n.oid = c.relnamespace WHERE c.relpersistence <> 't' AND " + MINE):
            sql = quote(engine, schema) + "." + quote(engine, name)
            (last, called), = ask(connection, "SELECT last_value, is_called FROM " + sql)
            found[schema + "." + name] = (int(last) + (int(step) if called == "t" else 0), int(step))
        return found
    for table, number in ask(connection, "SELECT table_name, auto_increment FROM information_schema.tables "
                             "WHERE table_schema = database() AND auto_increment IS NOT NULL"):
        found[table] = (int(number), 1)
    for (name,) in ask(connection, "SELECT table_name FROM information_schema.tables WHERE table_schema = database() "
                       "AND table_type = 'SEQUENCE'"):
        (number, step), = ask(connection, "SELECT next_not_cached_value, increment FROM " + quote(engine, name))
        found[name] = (int(number), int(step))
    return found


def positions_behind(before, after):
    """Sequences that would give values again which they have given before."""
    behind = []
    for name, (number, step) in sorted(before.items()):
        there = after.get(name, (None, step))[0]
        if there is None or (there - number) * (1 if step > 0 else -1) < 0:
            behind.append("%s would give %s, and has given values up to %s" % (name, there, number - step))
    return behind


# Both -----------------------------------------------------------------------------------------------------------------

def objects(engine, connection, logins=()):
    """Every object and fact about it that a migration has to keep: {"table orders": definition}.

    `logins` are the application's on both sides. Each side's own one gets the rights that it needs, so their grants are
    not compared; in MySQL either of them may define what the application has defined."""
    import catalog
    found = catalog.objects(engine, connection)
    if is_postgres(engine):
        theirs = tuple(" " + login for login in logins)
        for name in [name for name in found if name.startswith("grants on") and theirs]:
            found[name] = ", ".join(right for right in found[name].split(", ") if not right.endswith(theirs))
        return found
    for login in logins:
        names = "`%s`@`%%`" % login, "; %s@%%;" % login
        found = {name: text.replace(names[0], "`application`@`%`").replace(names[1], "; application@%;")
                 for name, text in found.items()}
    return found


def objects_differ(ours, theirs):
    """One line for each object that is missing, that came in addition, or that has another definition."""
    lines = []
    for name in sorted(set(ours) | set(theirs)):
        if name not in theirs:
            lines.append("%s is missing" % name)
        elif name not in ours:
            lines.append("%s is there in addition" % name)
        elif ours[name] != theirs[name]:
            lines.append("%s is %s, and was %s" % (name, brief(theirs[name], ours[name]), brief(ours[name], theirs[name])))
    return lines


def brief(text, other, width=100):
    """The part of a long definition where it begins to differ from another one."""
    if len(text) <= width:
        return repr(text)
    start = next((place for place, (a, b) in enumerate(zip(text, other)) if a != b), min(len(text), len(other)))
    start = max(0, start - 20)
    return ("..." if start else "") + repr(text[start:start + width]) + "..."


def compare(engine, ours, theirs, logins=()):
    """Everything of two databases, from two connections that are prepared."""
    mine, others = tables(engine, ours), tables(engine, theirs)
    found = {"tables": len(mine), "rows": 0, "different": []}
    for name in sorted(set(mine) | set(others)):
        if name not in mine or name not in others:
            found["different"].append({"table": name, "only": "first" if name in mine else "second"})
            continue
        first, second = rows(engine, ours, mine[name]), rows(engine, theirs, others[name])
        found["rows"] += sum(first.values()) if isinstance(first, collections.Counter) else len(first)
        if first != second:
            missing, extra, changed = rows_differ(first, second)
            keys = [shown(key) for key in differing_keys(first, second)]
            found["different"].append(dict(table=name, missing=missing, extra=extra, changed=changed, examples=keys))
    found["objects"] = objects_differ(objects(engine, ours, logins), objects(engine, theirs, logins))
    found["sequences"] = positions_behind(positions(engine, ours), positions(engine, theirs))
    found["equal"] = not (found["different"] or found["objects"] or found["sequences"])
    return found


if __name__ == "__main__":
    order = json.load(sys.stdin)
    sides = [prepare(order["engine"], connect(order["engine"], login)) for login in order["sides"]]
    answer = compare(order["engine"], *sides)
    print(json.dumps(answer, indent=1))
    sys.exit(not answer["equal"])
