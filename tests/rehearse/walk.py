#!/usr/bin/python3
"""Takes every schema of the corpus through a move and back, by the project's own scripts, and compares independently.

  walk.py                            both engines, server to RDS
  walk.py --engine postgres NAME...  some schemas
  walk.py --quick                    the fast subset
  walk.py --down                     RDS to server
  walk.py --json FILE                figures for programs

The exit code is 1 when anything was lost, or when a schema did not do what its head says.
"""

import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import compare
import gate as gates
import schema as schemas
import servers
import writer as writers

SYNC = 40


class Wrong(Exception):
    """What did not go as the schema's head says."""


class Scripts:
    """The action scripts of a folder, each as one text."""

    def __init__(self, templates, change=None):
        self.templates, self.change = templates, change or {}

    def text(self, engine, action):
        own = os.path.join(engine, action + ".sh")
        last = own if os.path.exists(os.path.join(self.templates, own)) else action + ".sh"
        return "".join(self.file(name) for name in ("lib.sh", engine + "/lib.sh", last))

    def file(self, name):
        with open(os.path.join(self.templates, name)) as text:
            found = text.read()
        return self.change.get(name, lambda text: text)(found)


class Bench:
    """A pair of servers with a gate, and the folder that the scripts run in."""

    def __init__(self, engine, folder, ports, scripts, down=False, binaries=None, target_binaries=None):
        self.engine, self.folder, self.scripts, self.down = engine, folder, scripts, down
        self.pair = servers.Pair(engine, folder, ports, down, binaries, target_binaries)
        self.source, self.target = self.pair.source, self.pair.target
        self.gate = gates.Gate(ports.take(), ports.take())
        os.makedirs(folder + "/bin")
        os.makedirs(folder + "/etc")
        with open(folder + "/bin/site-database", "w") as stub:
            stub.write(gates.STUB % self.gate.orders)
        os.chmod(folder + "/bin/site-database", 0o755)
        for side in "source", "target":
            server = getattr(self, side)
            with open("%s/%s.json" % (folder, side), "w") as secret:
                json.dump({"username": server.login, "password": server.password}, secret)
        self.log = open(folder + "/actions.log", "a")
        # The clients are those of the newer side.
        paths = [server.binaries for server in (self.target, self.source) if engine == "postgres"]
        self.path = ":".join([folder + "/bin"] + [path for path in paths if os.path.exists(path + "/psql")] + [os.environ["PATH"]])

    def environment(self):
        return {
            "PATH": self.path, "HOME": self.folder, "LC_ALL": "C.UTF-8", "ENGINE": self.engine, "DATABASE": servers.DATABASE,
            "SOURCE_HOST": "127.0.0.1", "SOURCE_PORT": str(self.source.port), "SOURCE_SECRET": "file:%s/source.json" % self.folder,
            "TARGET_HOST": "127.0.0.1", "TARGET_PORT": str(self.target.port), "TARGET_SECRET": "file:%s/target.json" % self.folder,
            "SITE_RUN": self.folder + "/run", "SITE_ETC": self.folder + "/etc",
        }

    def act(self, action, way="do", seconds=90):
        """Runs an action: (whether it succeeded, its answer, what it printed for people)."""
        path = "%s/%s.sh" % (self.folder, action)
        with open(path, "w") as text:
            text.write(self.scripts.text(self.engine, action))
        began = time.monotonic()
        process = subprocess.Popen(["bash", path, way], env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, errors="replace", start_new_session=True, cwd=self.folder)
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            try:
                out, err = process.communicate(timeout=30)
            except subprocess.TimeoutExpired as left:
                # A program in a session of its own holds the pipes.
                out, err = (part if isinstance(part, str) else (part or b"").decode(errors="replace") for part in (left.stdout, left.stderr))
            err += "\n(killed after %d s)" % seconds
        self.log.write("--- %s %s %d %.1f s\n%s%s\n" % (action, way, process.returncode, time.monotonic() - began, out, err))
        self.log.flush()
        answer = {}
        if out.strip():
            try:
                answer = json.loads(out.strip().splitlines()[-1])
            except ValueError:
                pass
        return process.returncode == 0, answer, err.strip()

    def stop(self):
        self.pair.stop()


class Walk:
    """One schema on one bench."""

    # Without what comes after the rollback.
    short = False

    def __init__(self, bench, schema, log):
        if bench.source.login != "site":
            schema = schema.of_login(bench.source.login, bench.folder)
        self.bench, self.schema, self.say = bench, schema, log
        self.source, self.target = bench.source, bench.target
        self.result = {"schema": schema.name, "engine": bench.engine, "rows": 0, "lost": 0, "doubled": 0, "changed": 0,
                       "objects": 0, "pauses": [], "failed": 0, "again": 0, "steps": {}, "wrong": []}
        # Roles that the move makes or that administer, on either side.
        self.machinery = {"rdsadmin", "rds_superuser", "rds_replication", "rds_password", "rds_iam", "scalectl", self.target.login}
        self.unlike = [re.compile(line.partition(" # ")[0]) for line in schema.get("ignore")]

    def wrong(self, text):
        self.result["wrong"].append(text)

    def act(self, action, way="do", must=True, seconds=90):
        began = time.monotonic()
        good, answer, words = self.bench.act(action, way, seconds)
        name = action if way == "do" else action + " undo"
        self.result["steps"][name] = round(self.result["steps"].get(name, 0) + time.monotonic() - began, 2)
        if must and not good:
            raise Wrong("%s failed: %s" % (name, words[-1500:]))
        return good, answer, words

    def objects(self, server):
        facts = compare.objects(server, self.machinery)
        return {key: text for key, text in facts.items() if not any(word.search(" ".join(key)) for word in self.unlike)}

    def same_objects(self, where, ours, theirs):
        """Everything of `ours` has to be in `theirs`, alike."""
        found = compare.compare_objects(ours, theirs)
        self.result["objects"] = max(self.result["objects"], len(found))
        if found:
            self.wrong("%s: %d objects: %s" % (where, len(found), "; ".join(
                "%s %s %s (%.300s, not %.300s)" % (how, kind, name, there, here) for how, kind, name, here, there in found[:8])))

    def same_rows(self, where):
        """Rows of both sides, once the follower has what the ledger's mark follows."""
        total, found = compare.compare_rows(compare.rows(self.source), compare.rows(self.target))
        self.result["rows"] += total
        for _, figures in found:
            for word in "lost", "doubled", "changed":
                self.result[word] += figures.get(word, 0)
        if found:
            self.wrong("%s: rows differ: %s" % (where, "; ".join("%s %s" % pair for pair in found[:8])))

    def same_sequences(self, where, ours, theirs, exact):
        found = compare.compare_sequences(ours, theirs, exact)
        if found:
            self.wrong("%s: sequences would give other values: %s" % (where, "; ".join("%s %s, not %s" % (n, t, h) for n, h, t in found[:8])))

    def wait_for_follower(self, follower, writer):
        """Replication keeps the order of commits, so a mark that has arrived says that all before it has."""
        writer.stop()
        if not writer.write(None):
            raise Wrong("the application cannot write: " + writer.failed[-1])
        mark = max(writer.acknowledged)
        writer.close()
        until = time.monotonic() + 30
        while not follower.execute("SELECT 1 FROM %s WHERE number = %d" % (writers.TABLE[self.bench.engine], mark)):
            if time.monotonic() > until:
                raise Wrong("the follower does not get what is written")
            time.sleep(0.02)

    def check_ledger(self, where, writer, server):
        lost, doubled = writer.ledger(server)
        self.result["lost"] += lost
        self.result["doubled"] += doubled
        if lost or doubled:
            self.wrong("%s: of the acknowledged writes %d are lost, %d doubled" % (where, lost, doubled))

    def after(self, where, writer):
        """The `after` lines, by the application's old login."""
        for statement, result in self.schema.asked("after"):
            writer.connect()
            try:
                with writer.connection.cursor() as cursor:
                    cursor.execute(statement)
                    row = cursor.fetchone() if cursor.description else ()
                    writer.connection.commit()
                shown = "|".join("NULL" if value is None else value.decode() if isinstance(value, bytes) else str(value) for value in row or ())
            except Exception as error:
                shown = "error: " + str(error).strip()
            finally:
                writer.close()
            if shown != result:
                self.wrong("%s: `%s` gives %.300s, not %s" % (where, statement, shown, result))

    def soak(self):
        """What is granted and set on the new side while both follow."""
        for statement in self.schema.get("soak"):
            self.target.execute(statement)

    def back(self):
        """The `back` lines."""
        for statement, result in self.schema.asked("back"):
            shown = "|".join(str(value) for value in self.source.execute(statement)[0])
            if shown != result:
                self.wrong("after rollback: `%s` gives %.300s, not %s" % (statement, shown, result))

    def load(self):
        options = (self.schema.get("options") or [""])[0]
        self.bench.pair.reset(options)
        self.bench.gate.lead(self.source.port)
        shutil.rmtree(self.bench.folder + "/run", ignore_errors=True)
        if self.bench.engine == "postgres" and self.schema.superuser:
            for server in self.source, self.target:
                if server.managed:
                    server.execute("ALTER ROLE app SUPERUSER", "postgres")
        if "EXTENSION corpus_" in self.schema.text:
            for server in self.source, self.target:
                servers.extensions(server.binaries)
        connection = self.source.connect(self.source.login)
        with connection.cursor() as cursor:
            cursor.execute(writers.LEDGER[self.bench.engine])
        connection.commit()
        connection.close()
        loader = self.source.administrator if self.bench.engine == "mysql" and self.schema.superuser else self.source.login
        words = self.source.psql(self.schema.path, loader)
        if words:
            raise Wrong("the schema does not load: " + words[:800])
        if "corpus_only_here" in self.schema.text:
            servers.forget_extension(self.target.binaries, "corpus_only_here")
        for statement in self.schema.get("target"):
            self.target.execute(statement)

    def run(self):
        began = time.monotonic()
        writer = None
        try:
            self.load()
            writer = writers.Writer(self.source, self.bench.gate, self.schema)
            if self.schema.refused:
                self.refused()
            else:
                self.move(writer)
        except Wrong as error:
            self.wrong(str(error))
        except Exception as error:
            self.wrong("%s: %s" % (type(error).__name__, str(error).strip()[:600]))
            self.say(traceback.format_exc())
        finally:
            if writer:
                writer.stop()
                self.result["failed"] += len(writer.failed)
                self.result["again"] += writer.again
                if writer.failed:
                    self.wrong("%d requests failed: %s" % (len(writer.failed), " / ".join(writer.failed[:2])))
        self.result["outcome"] = "refused" if self.schema.refused else "stopped" if self.schema.stopped else "moved"
        self.result["ok"] = not self.result["wrong"]
        self.result["seconds"] = round(time.monotonic() - began, 1)
        return self.result

    def refused(self):
        """preflight has to refuse it, in words, and change nothing."""
        before = self.objects(self.source), compare.objects(self.target, self.machinery)
        good, _, words = self.act("preflight", must=False)
        if good:
            raise Wrong("preflight passes; it should print: " + " / ".join(self.schema.refused))
        for expected in self.schema.refused:
            if expected not in words:
                self.wrong("preflight does not print `%s`; it prints: %.900s" % (expected, words))
        self.same_objects("preflight changed the source", before[0], self.objects(self.source))
        self.same_objects("preflight changed the target", before[1], compare.objects(self.target, self.machinery))

    def superuser_to_subscribe(self):
        # PostgreSQL 15 lets only a superuser subscribe; RDS has a patch for that.
        for server in self.source, self.target:
            if server.engine == "postgres" and server.managed and server.version < 16:
                server.execute("ALTER ROLE app SUPERUSER", "postgres")

    def move(self, writer):
        baseline = self.objects(self.source)
        self.act("preflight")
        self.act("copy-schema")
        self.superuser_to_subscribe()
        writer.learn()
        writer.start()
        self.act("replicate")
        if self.schema.stopped:
            return self.stops(writer)
        self.during(self.schema.get("during"))
        self.until_synced()
        if writer.failed:
            raise Wrong("writes fail while the follower follows: " + writer.failed[0])
        self.act("verify")
        self.result["lag"] = self.act("lag")[1]

        self.cut_over(writer, "do", "cut-over")
        self.more_writes(writer)
        self.wait_for_follower(self.source, writer)
        self.after("after cut-over", writer)
        self.wait_for_follower(self.source, writer)
        self.same_rows("after cut-over")
        self.check_ledger("after cut-over", writer, self.target)
        self.same_objects("after cut-over", baseline, self.objects(self.target))
        self.same_sequences("after cut-over", compare.sequences(self.source), compare.sequences(self.target), False)
        writer.start()
        if not self.short:
            self.act("verify")

        self.soak()
        if self.schema.get("soak"):
            baseline = self.objects(self.target)
        self.cut_over(writer, "undo", "rollback")
        self.more_writes(writer)
        self.wait_for_follower(self.target, writer)
        self.same_rows("after rollback")
        self.check_ledger("after rollback", writer, self.source)
        self.same_objects("after rollback", baseline, self.objects(self.source))
        self.back()

        if self.short:
            return
        # The second switch without a writer, so that sequences can be compared exactly.
        ours = compare.sequences(self.source)
        self.act("cut-over")
        self.same_sequences("after the second cut-over", ours, compare.sequences(self.target), self.bench.engine == "postgres")
        self.after("after the second cut-over", writer)
        self.wait_for_follower(self.source, writer)
        self.same_rows("after the second cut-over")
        self.act("retire")
        self.same_objects("after retire", baseline, self.objects(self.target))
        if not writer.write(None):
            raise Wrong("the application cannot write after retire")
        self.check_ledger("after retire", writer, self.target)
        self.leftovers()

    def more_writes(self, writer, count=20):
        """Waits until the application has written some more."""
        number = len(writer.acknowledged) + len(writer.failed) + count
        self.until(lambda: len(writer.acknowledged) + len(writer.failed) >= number, "the application does not write")

    def burst(self):
        self.during(self.schema.get("burst"))

    @staticmethod
    def until(done, words, seconds=30):
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                raise Wrong(words)
            time.sleep(0.01)

    def during(self, statements):
        for statement in statements:
            deadline = time.monotonic() + 20
            while True:
                connection = self.source.connect(self.source.login) if self.bench.engine == "postgres" else self.source.connect(
                    self.source.login, client_flag=0)
                if self.bench.engine == "postgres":
                    connection.autocommit = True
                try:
                    with connection.cursor() as cursor:
                        cursor.execute(statement)
                    connection.commit()
                    break
                except Exception as error:
                    if time.monotonic() > deadline or not writers.is_lost(error):
                        raise Wrong("during the move, `%s` fails on the source: %s" % (statement, str(error).strip()))
                    time.sleep(0.2)
                finally:
                    connection.close()

    def until_synced(self, seconds=SYNC):
        until = time.monotonic() + seconds
        words = ""
        while time.monotonic() < until:
            good, answer, words = self.act("lag", must=False)
            if good and answer.get("synced"):
                return
            if not good:
                raise Wrong("lag failed: " + words[-600:])
            time.sleep(0.2)
        raise Wrong("never synced in %d s; lag prints: %s %s" % (seconds, json.dumps(answer), words[-600:]))

    def cut_over(self, writer, way, name):
        if not writer.thread:
            writer.start()
        self.until(lambda: writer.last is not None, "the application does not write")
        if way == "do":
            self.burst()
        writer.stall()
        self.act("cut-over", way)
        self.more_writes(writer, 1)
        pause = writer.stall()
        self.result["pauses"].append(pause)

    def stops(self, writer):
        """A later step has to refuse in words, and the application stays where its data is."""
        try:
            self.until_synced(15)
            synced = True
            words = ""
        except Wrong as error:
            synced, words = False, str(error)
        self.during(self.schema.get("during"))
        for action in ["lag", "verify", "cut-over"] if synced else []:
            good, answer, more = self.act(action, must=False)
            words += "\n" + more + json.dumps(answer)
            self.result["steps"]["stopped by"] = action
            if not good:
                break
        else:
            if synced:
                raise Wrong("nothing stops the move; it should print: " + " / ".join(self.schema.stopped))
        for expected in self.schema.stopped:
            if expected not in words:
                self.wrong("`%s` is not printed, but: %.900s" % (expected, words))
        if not writer.write(None):
            self.wrong("the application cannot write after the refusal")
        if self.bench.gate.address[1] != self.source.port:
            self.wrong("the application was led away")

    def leftovers(self):
        if self.bench.engine == "postgres":
            for name, server in (("source", self.source), ("target", self.target)):
                found = server.execute("SELECT 'slot ' || slot_name FROM pg_replication_slots WHERE slot_name LIKE 'scalectl%' UNION ALL "
                                       "SELECT 'subscription ' || subname FROM pg_subscription WHERE subname LIKE 'scalectl%' UNION ALL "
                                       "SELECT 'publication ' || pubname FROM pg_publication WHERE pubname LIKE 'scalectl%' UNION ALL "
                                       "SELECT 'role ' || rolname FROM pg_roles WHERE rolname LIKE 'scalectl%' UNION ALL "
                                       "SELECT 'setting read only' FROM pg_db_role_setting WHERE setconfig::text LIKE '%default_transaction_read_only=on%'"
                                       "AND '" + name + "' = 'target'")
                if found:
                    self.wrong("left on the %s: %s" % (name, ", ".join(row[0] for row in found)))
        else:
            for name, server in (("source", self.source), ("target", self.target)):
                if server.execute("SHOW SLAVE STATUS"):
                    self.wrong("the %s still follows" % name)


RUNNING = []


def interrupted(*_):
    """An interrupt ends the servers too."""
    for bench in RUNNING:
        bench.stop()
    os._exit(143)


def walk_all(engine, found, options, folder, ports, scripts):
    """Every schema, on as many pairs of servers as there are jobs."""
    benches, lock, results = [], threading.Lock(), []
    local = threading.local()

    def bench():
        if not hasattr(local, "bench"):
            with lock:
                number = len(benches)
                benches.append(None)
            made = Bench(engine, "%s/%s%d%s" % (folder, engine, number, "-down" if options.down else ""), ports, scripts, options.down,
                         options.binaries, options.target_binaries)
            RUNNING.append(made)
            with lock:
                benches[number] = made
            local.bench = made
        return local.bench

    def one(schema):
        try:
            on = bench()
            version = on.source.version if engine == "postgres" else None
            has = on.source.has if engine == "postgres" else ()
            if not schema.fits(version, options.down, has):
                return None
            on.log.write("====== %s\n" % schema.name)
            result = Walk(on, schema, on.log.write).run()
        except Exception as error:
            result = {"schema": schema.name, "engine": engine, "ok": False, "outcome": "moved", "rows": 0, "lost": 0, "doubled": 0, "changed": 0,
                      "objects": 0, "pauses": [], "failed": 0, "again": 0, "seconds": 0, "steps": {}, "wrong": [traceback.format_exc()]}
            print(traceback.format_exc())
        with lock:
            results.append(result)
            print(line(result), flush=True)
            for text in result["wrong"]:
                print("      " + text.replace("\n", "\n      "), flush=True)
        return result

    try:
        with ThreadPoolExecutor(options.jobs) as pool:
            list(pool.map(one, found))
    finally:
        for made in benches:
            if made:
                made.stop()
    return sorted(results, key=lambda result: result["schema"])


def line(result):
    return "%s %-8s %-26s %-8s %7d rows  lost %d doubled %d changed %d objects %d  pause %-16s failed %d  %5.1f s" % (
        "ok  " if result["ok"] else "FAIL", result["engine"], result["schema"], result["outcome"], result["rows"], result["lost"],
        result["doubled"], result["changed"], result["objects"], "/".join(map(str, result["pauses"])) or "-", result["failed"], result["seconds"])


def figures(results):
    """The sums over the corpus."""
    pauses = [pause for result in results for pause in result["pauses"]]
    total = {word: sum(result[word] for result in results) for word in ("rows", "lost", "doubled", "changed", "objects", "failed", "again")}
    total.update(schemas=len(results), passed=sum(result["ok"] for result in results),
                 moved=sum(result["outcome"] == "moved" for result in results),
                 refused=sum(result["outcome"] == "refused" for result in results),
                 stopped=sum(result["outcome"] == "stopped" for result in results),
                 pause_median_ms=int(statistics.median(pauses)) if pauses else None, pause_worst_ms=max(pauses, default=None))
    return total


def begin(options):
    """A folder for servers, who are nobody's users, and their ports; from here on a signal ends servers too."""
    for number in signal.SIGTERM, signal.SIGINT:
        signal.signal(number, interrupted)
    folder = tempfile.mkdtemp(prefix="corpus-")
    os.chmod(folder, 0o755)
    return folder, servers.Ports(options.ports)


def told(results, options):
    """Prints the figures, and writes them for programs; the exit code."""
    total = figures(results)
    print("\n" + "  ".join("%s %s" % pair for pair in total.items()))
    if options.json:
        with open(options.json, "w") as out:
            json.dump({"schemas": results, "total": total}, out, indent=1)
    return 0 if results and total["passed"] == total["schemas"] else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="schemas, with * for any text")
    parser.add_argument("--engine", choices=["postgres", "mysql"])
    parser.add_argument("--quick", action="store_true", help="the fast subset")
    parser.add_argument("--down", action="store_true", help="from RDS to the server")
    parser.add_argument("--short", action="store_true", help="end after the rollback, without the second switch")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--templates", default=servers.ROOT + "/templates/actions")
    parser.add_argument("--binaries", help="PostgreSQL's programs: a major version or a folder")
    parser.add_argument("--target-binaries", help="those of the target, if it is another version")
    parser.add_argument("--ports", type=int, default=0, help="the first of a range of free ports")
    parser.add_argument("--json", help="a file for the figures")
    parser.add_argument("--keep", action="store_true", help="keep the folder with every log")
    options = parser.parse_args()
    Walk.short = options.short
    names = {}
    for engine in ["postgres", "mysql"] if not options.engine else [options.engine]:
        names[engine] = schemas.corpus(engine, options.names, options.quick)
    folder, ports = begin(options)
    results = []
    if "postgres" in names:
        options.binaries = servers.postgres_binaries(options.binaries)
        options.target_binaries = servers.postgres_binaries(options.target_binaries) if options.target_binaries else None
    if "postgres" in names:
        for binaries in filter(None, (options.binaries, options.target_binaries)):
            servers.extensions(binaries)
    try:
        for engine, found in names.items():
            if found:
                results += walk_all(engine, found, options, folder, ports, Scripts(options.templates))
    finally:
        if "postgres" in names:
            for binaries in filter(None, (options.binaries, options.target_binaries)):
                servers.extensions(binaries, False)
        if options.keep:
            print("kept: " + folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return told(results, options)


if __name__ == "__main__":
    sys.exit(main())
