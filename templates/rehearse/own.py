"""The load of a rehearsal with the user's own schema: rows are generated, then written through the proxy while they move.

Reads one JSON order a line from standard input, the first with logins and settings, and answers each with a line of
JSON. While the load runs, each acknowledged write is a line `+ milliseconds retries`, a read `= retries`, a failure
`! why`. A write is a transaction; what it changed is read back before it commits, so the record is exact whatever
triggers and defaults do. A lost connection is tried again on a new one, as an application has to."""
import collections, json, random, sys, threading, time

import compare as c
from fill import DEFAULT, Filler, constraint, named_column, readable, reason
from ledger import Ledger
from model import models

WORKERS, PATIENCE, POOL = 16, 20, 3000
# What the next attempt on another connection may fix: lost connections, servers that stop or start, that are read-only.
PASSING = {"57P01", "57P02", "57P03", "25006", "08006", "40001", "40P01"}
MYSQL_PASSING = {1290, 1836, 1053, 1158, 1205, 1213, 2006, 2013, 2003}
# What the database may refuse because of generated values: data exceptions, constraints, a trigger's own error.
REFUSALS = ("22", "23", "44", "P0001")
MYSQL_REFUSALS = {1048, 1062, 1264, 1265, 1292, 1364, 1366, 1369, 1406, 1451, 1452, 1526, 1644, 1690, 1761, 3819, 4025}

output = threading.Lock()


def tell(line):
    with output:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


class Refused(Exception):
    """The database does not take this row; another one may do."""


class Load:
    def __init__(self, settings):
        self.engine, self.rate = settings["engine"], settings["rate"]
        self.postgres = c.is_postgres(self.engine)
        self.app, self.seed = settings["app"], settings["seed"]
        self.admins = [c.prepare(self.engine, c.connect(self.engine, login)) for login in settings["admins"][:1]]
        self.logins = settings["admins"]
        self.models = models(self.engine, self.admins[0])
        self.filler = Filler(self.engine, c.printing(self.engine, c.connect(self.engine, settings["direct"])), self.models, self.seed)
        self.ledger = Ledger(self.engine, self.models, settings["owners"])
        self.generating = threading.Lock()
        self.pools = {name: collections.deque() for name in self.models}
        self.families = collections.deque()
        self.known = set()
        self.refused, self.warm = collections.Counter(), False
        self.running, self.ended = threading.Event(), threading.Event()
        self.busy, self.next = threading.Semaphore(WORKERS), 0
        self.clock = threading.Lock()

    # Rows before ------------------------------------------------------------------------------------------------------

    def fill(self, rows):
        reasons = self.filler.fill_all(rows)
        return {"tables": [self.table(name, reasons.get(name)) for name in self.models]}

    def table(self, name, why=None):
        (count,), = c.ask(self.admins[0], "SELECT count(*) FROM " + self.models[name].insert)
        return {"name": name, "rows": int(count), "why": why}

    def tables(self):
        return {"tables": [self.table(name) for name in self.models]}

    # The load ---------------------------------------------------------------------------------------------------------

    def begin(self):
        self.ledger.take_over(self.admins[0])
        rng = random.Random(self.seed)
        for name, model in self.models.items():
            for reference in model.references:
                key = (reference.parent, tuple(reference.targets))
                if key not in self.filler.parents:
                    self.filler.parents[key] = self.filler.keys_of(*key)
            if model.table.key:
                keys = list(self.ledger.accounts[name].rows)
                rng.shuffle(keys)
                self.pools[name].extend((key, False) for key in keys[:POOL])
        self.can_follow = {name: bool(model.table.key) and not any(
            model.columns[column].kind["name"] in ("float", "double", "geometry") and not self.postgres for column in model.table.key)
            for name, model in self.models.items()}
        self.cascades = [(name, child, reference) for name, model in self.models.items() for child, reference in model.children
                         if self.can_follow[name] and self.can_follow[child] and child != name
                         and (reference.on_delete in "cnd" or reference.on_update in "cnd")]
        self.threads = [threading.Thread(target=self.worker, args=(random.Random(self.seed * 1000 + number),), daemon=True) for number in range(WORKERS)]
        self.due = time.monotonic()
        self.running.set()
        for thread in self.threads:
            thread.start()
        return {}

    def hold(self):
        """Waits until no write is under way."""
        self.running.clear()
        for _ in range(WORKERS):
            self.busy.acquire()
        return {}

    def resume(self):
        for _ in range(WORKERS):
            self.busy.release()
        with self.clock:
            self.due = time.monotonic()
        self.running.set()
        return {}

    def check(self, writer, follower, first=False):
        connections = [c.prepare(self.engine, c.connect(self.engine, self.logins[side])) for side in (writer, follower) if side is not None]
        try:
            answer = self.ledger.check(connections[0], connections[1] if follower is not None else None, first)
        finally:
            for connection in connections:
                connection.close()
        self.warm = self.warm or first
        return answer

    def worker(self, rng):
        connection = None
        while not self.ended.is_set():
            self.running.wait(0.2)
            if not self.running.is_set():
                continue
            with self.busy:
                if not self.running.is_set():
                    continue
                with self.clock:
                    due = self.due
                    if due > time.monotonic() + 0.05:
                        due = None
                    else:
                        self.due += 1 / self.rate
                if due is None:
                    time.sleep(0.01)
                    continue
                time.sleep(max(0.0, due - time.monotonic()))
                try:
                    connection = self.write(connection, rng, due)
                except Exception as error:
                    tell("! " + one_line("the load itself: %r" % error))
                    connection = None

    def write(self, connection, rng, due):
        """One write of any kind, and a read of what it wrote; refused rows are replaced by others."""
        for _ in range(8):
            work = self.choose(rng)
            if work is None:
                return connection
            name, what, run, after, again = work
            began, retries, doubt = time.monotonic(), 0, None
            while True:
                sent, changes = False, []
                try:
                    connection = connection or self.connect()
                    if doubt:
                        done = self.was_done(connection, doubt)
                        if done:
                            changes = doubt
                            break
                        doubt = None
                    cursor = connection.cursor()
                    cursor.execute("BEGIN")
                    changes = run(cursor)
                    sent = True
                    cursor.execute("COMMIT")
                    break
                except Refused as refusal:
                    self.roll_back(connection)
                    changes = None
                    if refusal.args:
                        tell("! " + one_line("%s: %s" % (name, refusal.args[0])))
                    elif again:
                        self.pools[name].append(again)
                    break
                except Exception as error:
                    connection = self.roll_back(connection, error)
                    if not self.is_passing(error):
                        changes = None
                        self.refuse(name, what, error)
                        if again:
                            self.pools[name].append(again)
                        break
                    if sent and changes:
                        doubt = changes
                        if any(key is None for _, key, _, _ in changes):
                            self.ledger.doubt(changes)
                            return connection
                    if time.monotonic() - began > PATIENCE:
                        if doubt:
                            self.ledger.doubt(doubt)
                        tell("! " + one_line("%s of %s, after %d s: %s" % (what, name, PATIENCE, reason(error))))
                        return connection
                retries += 1
                time.sleep(0.02)
            if changes is None:
                continue
            self.ledger.apply(changes)
            self.count(changes, what)
            tell("+ %d %d" % ((time.monotonic() - due) * 1000, retries))
            connection = self.read(connection, changes)
            after(changes)
            return connection
        return connection

    def count(self, changes, what):
        for place, (name, _, old, new) in enumerate(changes):
            kind = "deleted" if new is None else "inserted" if old is None else "updated"
            if what == "key change":
                kind = "keys_changed" if place == 0 else None
            if kind:
                self.ledger.accounts[name].counts[kind] += 1

    def connect(self):
        more = {} if self.postgres else {"read_timeout": PATIENCE, "write_timeout": PATIENCE}
        return c.printing(self.engine, c.connect(self.engine, dict(self.app, name="application"), PATIENCE, **more))

    def roll_back(self, connection, error=None):
        """The connection if it is still good."""
        try:
            if error is None or not self.is_passing(error):
                connection.cursor().execute("ROLLBACK")
                return connection
        except Exception:
            pass
        try:
            connection.close()
        except Exception:
            pass
        return None

    def code(self, error):
        return getattr(error, "pgcode", None) if self.postgres else (error.args[0] if error.args else None)

    def is_passing(self, error):
        if isinstance(error, OSError) or type(error).__name__ == "InterfaceError":
            return True
        if type(error).__module__.split(".")[0] not in ("psycopg2", "pymysql"):
            return False
        return (self.code(error) or "08006") in PASSING if self.postgres else self.code(error) in MYSQL_PASSING

    def refuse(self, name, what, error):
        """A refusal is part of the load when generated values can be its reason, or when it was there before the move."""
        code = self.code(error)
        signature = (name, what, code, constraint(error))
        if not self.warm:
            self.known.add(signature)
        blameless = str(code).startswith(REFUSALS) if self.postgres else code in MYSQL_REFUSALS
        if signature in self.known or blameless and not self.is_ours(name, error, code):
            self.refused[name] += 1
            for column in self.models[name].checks.get(constraint(error), ()):
                self.filler.blamed[name, column] += 1
        else:
            tell("! " + one_line("%s of %s: %s" % (what, name, reason(error))))

    def is_ours(self, name, error, code):
        """Whether the database refuses a value of its own: a number that is there already, a default that is gone."""
        model = self.models[name]
        if str(code) in ("23502", "1048", "1364"):
            column = error.diag.column_name if self.postgres else (named_column(error) or [None])[0]
            return column in model.columns and (model.columns[column].default or model.columns[column].automatic)
        if str(code) not in ("23505", "1062"):
            return False
        if self.postgres:
            detail = (error.diag.message_detail or "")
            columns = detail.split("(")[1].split(")")[0].replace('"', "").split(", ") if "(" in detail else []
        else:
            columns = list(model.table.key) if "PRIMARY" in reason(error) else []
        return bool(columns) and all(column in model.columns and model.columns[column].automatic for column in columns)

    # Kinds of writes --------------------------------------------------------------------------------------------------

    def choose(self, rng):
        """A write: table, what, a function that does it and gives its changes, and what follows when it is done."""
        if not self.models:
            return None
        name = rng.choice(list(self.models))
        model, pool, dice = self.models[name], self.pools[name], rng.random()
        if dice < 0.04 and self.cascades:
            return self.family(rng)
        if dice > 0.98 and self.families:
            return self.cascade(rng)
        if dice < 0.45 or not self.can_follow[name] or not pool:
            return self.insertion(name, model, rng)
        try:
            key, mine = pool.popleft() if rng.random() < 0.5 else pool.pop()
        except IndexError:
            return None
        free = mine or not model.children
        if dice > 0.90 and free:
            return self.deletion(name, model, key, mine)
        if dice > 0.84 and free:
            return self.key_change(name, model, key, mine, rng)
        return self.update(name, model, key, mine, rng)

    def insertion(self, name, model, rng):
        with self.generating:
            row = self.filler.row(model, rng.choice(("awkward", self.filler.liked.get(name, "plain"))), rng)
            if row is None:
                return None
            statement, parameters = self.filler.insert(model, [row])

        def run(cursor):
            return [self.inserted(cursor, name, model, row, statement, parameters)]

        def after(changes):
            if changes[0][1] is not None and len(self.pools[name]) < POOL:
                self.pools[name].append((changes[0][1], True))
        return name, "insert", run, after, None

    def inserted(self, cursor, name, model, row, statement, parameters):
        """Inserts; (table, key, None, digest)."""
        table = model.table
        if self.postgres:
            cursor.execute(statement + " RETURNING " + escaped(", ".join(table.reads) or "1"), parameters)
            found = cursor.fetchone()
            if found is None:
                raise Refused()
            if not table.key:
                return name, None, None, c.digest(found)
            key = tuple(found[table.columns.index(column)] for column in table.key)
        else:
            cursor.execute(statement, parameters)
            if not table.key:
                found = self.nameless(cursor, model, row)
                return name, None, None, found
            given = [str(cursor.lastrowid).encode() if row.get(column) is DEFAULT and model.columns[column].automatic else row.get(column) for column in table.key]
            key = self.stored_key(cursor, table, model, given)
        found = self.look(cursor, table, key)
        if found is None:
            raise Refused()
        return name, key, None, found

    def nameless(self, cursor, model, row):
        """MySQL gives back no row without a key; its digest is found by what differs before the commit."""
        raise Refused()

    def stored_key(self, cursor, table, model, given):
        """The key as the server prints it, which may not be as it was sent."""
        if any(value is DEFAULT or value is None for value in given):
            raise Refused()
        reads = [table.reads[table.columns.index(column)] for column in table.key]
        cursor.execute("SELECT %s FROM %s WHERE %s" % (escaped(", ".join(reads)), escaped(table.sql), self.where(table)), [word_of(value) for value in given])
        found = cursor.fetchone()
        if found is None:
            raise Refused()
        return tuple(found)

    def where(self, table):
        return " AND ".join("%s = %%s" % escaped(c.quote(self.engine, column)) for column in table.key)

    def words(self, table, key):
        """A printed key as parameters."""
        if self.postgres:
            return list(key)
        columns = self.models[table.name].columns
        found = []
        for column, value in zip(table.key, key):
            kind = columns[column].kind["name"]
            if kind in ("enum", "set"):
                value = value.split(b":", 1)[1]
            if kind == "bit":
                value = int.from_bytes(value, "big")
            elif kind not in ("binary", "varbinary") and not kind.endswith("blob"):
                value = readable(value)
            if "int" in kind and kind != "point":
                value = int(value)
            found.append(value)
        return found

    def look(self, cursor, table, key, lock=False):
        """The digest of the row with a key; none if it is not there."""
        cursor.execute("SELECT %s FROM %s WHERE %s%s" % (escaped(", ".join(table.reads)), escaped(table.sql), self.where(table), " FOR UPDATE" if lock else ""),
                       self.words(table, key))
        rows = cursor.fetchall()
        return c.digest(rows[0]) if rows else None

    def expected(self, cursor, name, model, key):
        """The row that is about to change, which has to be there as it was written."""
        found = self.look(cursor, model.table, key, True)
        if found is None:
            if self.warm and not self.ledger.accounts[name].changed_by_database:
                raise Refused("the row %s, which was acknowledged, is not there" % c.shown(key))
            raise Refused()
        return found

    def changed_values(self, model, row, columns):
        parameters, words = [], []
        for column in columns:
            words.append("%s = %s" % (escaped(c.quote(self.engine, column)), self.filler.word(row[column], parameters)))
        return ", ".join(words), parameters

    def update(self, name, model, key, mine, rng):
        kept = set(model.table.key) | {target for _, reference in model.children for target in reference.targets}
        with self.generating:
            row = self.filler.row(model, rng.choice(("awkward", "plain")), rng)
        columns = [] if row is None else [column.name for column in model.columns.values() if column.name not in kept and not column.generated
                                          and not column.automatic and column.name in row and not (model.partitions and column.name in model.partitions[0])]
        if not columns:
            self.pools[name].append((key, mine))
            return self.insertion(name, model, rng)
        columns = rng.sample(columns, min(len(columns), rng.randint(1, 3)))
        for reference in model.references:  # Columns of one reference change together.
            if set(columns) & set(reference.columns):
                columns = [column for column in columns if column not in reference.columns] + [column for column in reference.columns if column not in kept]
        values, parameters = self.changed_values(model, row, list(dict.fromkeys(columns)) or columns)
        if not values:
            self.pools[name].append((key, mine))
            return None

        def run(cursor):
            old = self.expected(cursor, name, model, key)
            cursor.execute("UPDATE %s SET %s WHERE %s" % (escaped(model.table.sql), values, self.where(model.table)), parameters + self.words(model.table, key))
            return [(name, key, old, self.look(cursor, model.table, key))]

        return name, "update", run, lambda changes: self.pools[name].append((key, mine)), (key, mine)

    def deletion(self, name, model, key, mine):
        def run(cursor):
            old = self.expected(cursor, name, model, key)
            cursor.execute("DELETE FROM %s WHERE %s" % (escaped(model.table.sql), self.where(model.table)), self.words(model.table, key))
            return [(name, key, old, self.look(cursor, model.table, key))]
        return name, "delete", run, lambda changes: None, (key, mine)

    def key_change(self, name, model, key, mine, rng):
        with self.generating:
            row = self.filler.row(model, "plain", rng)
        columns = [] if row is None else [column for column in model.table.key if not model.columns[column].generated]
        if not columns:
            self.pools[name].append((key, mine))
            return None
        for column in columns:
            if row.get(column, DEFAULT) is DEFAULT:
                # Numbers that the database would not give by itself.
                self.filler.numbers[name, "negative"] += 1
                row[column] = str(-self.filler.numbers[name, "negative"] - 1000)
        values, parameters = self.changed_values(model, row, columns)

        def run(cursor):
            old = self.expected(cursor, name, model, key)
            cursor.execute("UPDATE %s SET %s WHERE %s" % (escaped(model.table.sql), values, self.where(model.table)), parameters + self.words(model.table, key))
            given = [word_of(row[column]) if column in columns else word for column, word in zip(model.table.key, self.words(model.table, key))]
            new = self.printed_key(cursor, model, given)
            found = self.look(cursor, model.table, new)
            if found is None:
                raise Refused()
            return [(name, new, old, found)] + ([(name, key, old, None)] if new != key else [])

        return name, "key change", run, lambda changes: self.pools[name].append((changes[0][1], mine)), (key, mine)

    def printed_key(self, cursor, model, given):
        table = model.table
        if not self.postgres:
            return self.stored_key(cursor, table, model, given)
        names = ", ".join(c.quote(self.engine, column) for column in table.key)
        cursor.execute("SELECT %s FROM %s WHERE %s" % (escaped(names), escaped(table.sql), self.where(table)), given)
        found = cursor.fetchone()
        if found is None:
            raise Refused()
        return tuple(found)

    def family(self, rng):
        """A row and another one that refers to it, so that what a cascade does can be followed."""
        name, child, reference = rng.choice(self.cascades)
        model, other = self.models[name], self.models[child]
        with self.generating:
            row = self.filler.row(model, "plain", rng)
            if row is None:
                return None
            statement, parameters = self.filler.insert(model, [row])

        def run(cursor):
            parent = self.inserted(cursor, name, model, row, statement, parameters)
            names = ", ".join(c.quote(self.engine, column) for column in reference.targets)
            cursor.execute("SELECT %s FROM %s WHERE %s" % (escaped(names), escaped(model.table.sql), self.where(model.table)), self.words(model.table, parent[1]))
            given = dict(zip(reference.columns, (readable(value) for value in cursor.fetchone())))
            with self.generating:
                second = self.filler.row(other, "plain", rng, given)
                if second is None:
                    raise Refused()
                last = self.filler.insert(other, [second])
            return [parent, self.inserted(cursor, child, other, second, *last)]
        return name, "insert", run, lambda changes: self.families.append((name, changes[0][1], child, changes[1][1])), None

    def cascade(self, rng):
        try:
            name, key, child, child_key = self.families.popleft()
        except IndexError:
            return None
        model, other = self.models[name], self.models[child]

        def run(cursor):
            old = self.expected(cursor, name, model, key)
            before = self.look(cursor, other.table, child_key)
            cursor.execute("DELETE FROM %s WHERE %s" % (escaped(model.table.sql), self.where(model.table)), self.words(model.table, key))
            return [(name, key, old, self.look(cursor, model.table, key)), (child, child_key, before, self.look(cursor, other.table, child_key))]
        return name, "delete", run, lambda changes: None, None

    # After a write ----------------------------------------------------------------------------------------------------

    def was_done(self, connection, changes):
        cursor = connection.cursor()
        return all(self.look(cursor, self.models[name].table, key) == new for name, key, _, new in changes)

    def read(self, connection, changes):
        """What was acknowledged can be read from then on, whichever side answers."""
        name, key, _, new = changes[0]
        if key is None:
            return connection
        began, retries = time.monotonic(), 0
        while True:
            try:
                connection = connection or self.connect()
                found = self.look(connection.cursor(), self.models[name].table, key)
                if found != new and self.warm and not self.ledger.accounts[name].changed_by_database:
                    tell("! " + one_line("%s: the row %s was acknowledged and is read otherwise" % (name, c.shown(key))))
                else:
                    tell("= %d" % retries)
                return connection
            except Exception as error:
                connection = self.roll_back(connection, error)
                if not self.is_passing(error) or time.monotonic() - began > PATIENCE:
                    tell("! " + one_line("a read of %s: %s" % (name, reason(error))))
                    return connection
            retries += 1
            time.sleep(0.02)

    def end(self):
        self.ended.set()
        return dict(self.ledger.summary(), refused=sum(self.refused.values()))


def word_of(value):
    return value.parameters[0] if hasattr(value, "parameters") else value


def escaped(sql):
    return sql.replace("%", "%%")


def one_line(text):
    return " ".join(text.split())[:400]


def main():
    load = Load(json.loads(sys.stdin.readline()))
    tell("{}")
    for line in sys.stdin:
        order = json.loads(line)
        what = order.pop("do")
        try:
            answer = getattr(load, what)(**order)
        except Exception as error:
            import traceback
            traceback.print_exc()
            answer = {"error": one_line("%s: %s" % (what, reason(error)))}
        tell(json.dumps(answer))
        if what == "end":
            return


if __name__ == "__main__":
    main()
