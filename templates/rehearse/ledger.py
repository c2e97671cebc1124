"""What was acknowledged, by table and key, against what a database holds.

The ledger begins with the rows that are there, follows every acknowledged write, and is compared while nothing is written.
After a comparison it takes over what is there, so a difference is reported once."""
import collections, threading, time

import compare as c

EXAMPLES = 5
# How long a follower may take once nothing is written any more.
FOLLOW = 20


class Account:
    """What is known of one table."""

    def __init__(self, model):
        self.model, self.table = model, model.table
        self.rows = {} if model.table.key else collections.Counter()
        # Changed by triggers or in other ways of the database's own: compared between both sides alone.
        self.changed_by_database = model.written_by_triggers
        self.counts = collections.Counter()
        self.before = 0


class Ledger:
    def __init__(self, engine, models, logins):
        self.engine, self.logins = engine, logins
        self.accounts = {name: Account(model) for name, model in models.items()}
        self.lock = threading.Lock()
        self.uncertain = []
        self.positions, self.objects = {}, {}
        self.totals = collections.Counter()
        self.examples, self.behind = [], []
        self.different, self.missing = {}, []

    def take_over(self, connection):
        """Begins with what is there."""
        there = c.tables(self.engine, connection)
        for name, account in self.accounts.items():
            account.rows = c.rows(self.engine, connection, there[name])
            account.before = size(account.rows)
        self.positions = c.positions(self.engine, connection)
        self.objects = c.objects(self.engine, connection, self.logins)

    def apply(self, changes):
        """Changes that were acknowledged: (table, key or None, digest before, digest after)."""
        with self.lock:
            for name, key, old, new in changes:
                rows = self.accounts[name].rows
                if key is None:
                    rows[new] += 1
                elif new is None:
                    rows.pop(key, None)
                else:
                    rows[key] = new

    def doubt(self, changes):
        """Changes of which nobody knows whether they were done."""
        with self.lock:
            self.uncertain.extend(changes)

    def check(self, writer, follower, first):
        """Compares; `first` finds out what the database changes by itself, before anything moves."""
        there = c.tables(self.engine, writer)
        theirs = c.tables(self.engine, follower) if follower else {}
        doubts = collections.defaultdict(set)
        for name, key, old, new in self.uncertain:
            doubts[name, key].update((old, new))
        compared = 0
        self.different = {}
        for name, account in self.accounts.items():
            if name not in there:
                self.note(account, "lost", max(size(account.rows), 1), "table %s is not there" % name)
                continue
            rows = c.rows(self.engine, writer, there[name])
            compared += size(rows)
            if not account.changed_by_database and rows != account.rows:
                if first:
                    account.changed_by_database = True
                else:
                    self.against(account, rows, doubts)
            account.rows = rows
            if follower:
                self.beside(name, rows, follower, theirs)
        self.uncertain = []
        positions = c.positions(self.engine, writer)
        if not first:
            self.behind += [line for line in c.positions_behind(self.positions, positions) if line not in self.behind]
            self.missing += [line for line in c.objects_differ(self.objects, c.objects(self.engine, writer, self.logins)) if line not in self.missing]
        self.positions = positions
        self.totals["compared"] += compared
        return {"compared": compared, "different": list(self.different.values())}

    def against(self, account, rows, doubts):
        """The ledger's rows against those that are there."""
        name = account.table.name
        if isinstance(rows, collections.Counter):
            allowed = collections.Counter(new for table, key, _, new in self.uncertain if table == name)
            self.note(account, "lost", sum((account.rows - rows).values()), "%s: rows are lost" % name)
            self.note(account, "doubled", sum((rows - account.rows - allowed).values()), "%s: rows are there twice" % name)
            return
        for key in set(account.rows) | set(rows):
            expected, found = account.rows.get(key), rows.get(key)
            if expected == found or found in doubts.get((name, key), ()):
                continue
            what = "lost" if found is None else "doubled" if expected is None else "changed"
            words = {"lost": "is lost", "doubled": "is there and should not be", "changed": "is not as it was written"}
            self.note(account, what, 1, "%s: the row %s %s" % (name, c.shown(key), words[what]))

    def note(self, account, what, many, words):
        if many:
            account.counts[what] += many
            self.totals[what] += many
            if len(self.examples) < EXAMPLES:
                self.examples.append(words)

    def beside(self, name, rows, follower, theirs):
        """A table of the follower against the writer's, once it had time to follow."""
        until = time.monotonic() + (0 if self.different else FOLLOW)
        while name in theirs:
            found = c.rows(self.engine, follower, theirs[name])
            if found == rows:
                return
            if time.monotonic() > until:
                break
            time.sleep(0.2)
        if name not in theirs:
            self.different[name] = {"table": name, "missing": size(rows), "extra": 0, "changed": 0, "examples": ["the table is not there"]}
            return
        missing, extra, changed = c.rows_differ(rows, found)
        examples = [c.shown(key) for key in c.differing_keys(rows, found)]
        self.different[name] = {"table": name, "missing": missing, "extra": extra, "changed": changed, "examples": examples}

    def summary(self):
        tables = []
        for name, account in self.accounts.items():
            counts = account.counts
            tables.append({"name": name, "rows_before": account.before, "rows_after": size(account.rows),
                           **{what: counts[what] for what in ("inserted", "updated", "deleted", "keys_changed", "lost", "doubled", "changed")},
                           "by_triggers": account.changed_by_database})
        return {"tables": tables, "compared": self.totals["compared"], "lost": self.totals["lost"], "doubled": self.totals["doubled"],
                "changed": self.totals["changed"], "examples": self.examples, "objects": len(self.objects), "objects_differ": self.missing,
                "sequences_behind": self.behind}


def size(rows):
    return sum(rows.values()) if isinstance(rows, collections.Counter) else len(rows)
