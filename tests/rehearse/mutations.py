#!/usr/bin/python3
"""Breaks the action scripts one way after another, and shows that the comparison notices each.

The scripts' own gates would stop most of these before anything is lost, so they are blinded first (BLIND): what is shown
is that the independent comparison needs none of them. With --gates the gates stay as they are, and the table says which
of them noticed. A break that does not apply to the scripts' text any more is an error here.

  mutations.py [--engine postgres|mysql] [--gates] [NAME...]
"""

import argparse
import json
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import schema as schemas
import servers
import walk


class Stale(Exception):
    """A break that does not apply any more."""


def replace(old, new, count=0):
    """A break by the text's pattern."""
    def change(text):
        found, times = re.subn(old, lambda match: match.expand(new) if "\\1" in new else new, text, count=count, flags=re.M | re.S)
        if not times:
            raise Stale("nothing matches %s" % old)
        return found
    return change


def override(name, body):
    """A function of the script, replaced; `before_NAME` is the one that it was."""
    def change(text):
        if not re.search(r"^%s\(\)" % name, text, re.M):
            raise Stale("there is no function %s" % name)
        return text + '\neval "before_$(declare -f %s)"\n%s() { %s\n}\n' % (name, name, body)
    return change


def after(name, more):
    """A function of the script that does something more at its end."""
    return override(name, 'before_%s "$@" || return; %s' % (name, more))


# What checks in the scripts themselves.
BLIND = {
    "postgres": [
        ("lib.sh", override("differing_objects", ":")),
        ("postgres/lib.sh", override("has_sequences", "return 0")),
        ("postgres/lib.sh", override("unreplicated", ":")),
        ("postgres/lib.sh", override("behind_column", ":")),
        ("cut-over.sh", replace(r'^  check_switch "\$from"$', "  :")),
        ("verify.sh", lambda text: "printf '{\"equal\":true,\"tables\":0,\"rows\":0,\"moving\":0}\\n'\n"),
    ],
}
BLIND["mysql"] = [(name.replace("postgres/", "mysql/"), change) for name, change in BLIND["postgres"]]

P, M = "postgres/lib.sh", "mysql/lib.sh"
TARGET = 'sql target "SET session_replication_role = replica; %s; RESET session_replication_role"'
CHANGE = "UPDATE public.customers SET name = \\'changed\\' WHERE id BETWEEN 100 AND 180".replace("\\'", "'")

MUTATIONS = {
    "postgres": {
        "sequences are not copied": [(P, override("copy_sequences", ":"))],
        "sequences are copied as if each had been called": [(P, replace(r"setval\(s::regclass, v, c::bool\)", "setval(s::regclass, v, true)"))],
        "a table is not in the publication": [(P, replace(r"(string_agg\(format\('%I\.%I', n\.nspname, c\.relname\), ', ' ORDER BY 1\)) \$tables",
                                                        r"\1 $tables AND c.relname <> 'places'", 1))],
        "rows are not copied": [("replicate.sh", replace(r"subscribe source true", "subscribe source false"))],
        "rows of one table are lost on the target": [(P, after("prepare_switch", TARGET % "DELETE FROM public.orders WHERE id BETWEEN 60 AND 99"))],
        "a row is changed on the target": [(P, after("prepare_switch", TARGET % CHANGE))],
        "a row comes twice": [(P, after("prepare_switch", TARGET % "INSERT INTO corpus.writes (id, number) SELECT -1, max(number) FROM corpus.writes"))],
        "the follower is not waited for": [(P, after("prepare_switch", 'sql target "ALTER SUBSCRIPTION scalectl_forward DISABLE"')),
                                           (P, override("caught_up", ":")), (P, override("has_reached", "return 0"))],
        "writers are not kept away": [(P, override("fence", ":")), (P, override("drain", ":"))],
        "the old side does not follow": [("cut-over.sh", replace(r'^  subscribe "\$to" false$', "  :"))],
        "an index is missing": [(P, after("prepare_switch", 'sql target "DROP INDEX public.orders_by_customer"'))],
        "grants are forgotten": [(P, replace(r"pg_dump ", "pg_dump --no-privileges "))],
        "a function's body is edited": [(P, after("prepare_switch", 'sql target "CREATE OR REPLACE FUNCTION public.price(int) RETURNS int LANGUAGE sql AS \'SELECT \\$1 * 3\'"'))],
        "a trigger is disabled": [(P, after("prepare_switch", 'sql target "ALTER TABLE public.customers DISABLE TRIGGER noted"'))],
        "materialized views stay empty": [(P, override("populated_views", ":"))],
        "comments are forgotten": [(P, replace("--schema-only --no-subscriptions", "--schema-only --no-comments --no-subscriptions"))],
        "rights given in the soak are forgotten": [(P, override("carry_rights", ":"))],
        "the old side stays read-only": [(P, override("unfence", ":"))],
        "settings of the database are forgotten": [(P, after("prepare_switch", 'sql target "ALTER DATABASE app RESET intervalstyle"'))],
        "writes stay paused": [("cut-over.sh", replace(r"site-database resume", ":"))],
        "the application is not switched": [("cut-over.sh", replace(r'site-database use "\$\{host\[\$to\]\}" "\$\{port\[\$to\]\}"', ":"))],
    },
    "mysql": {
        "counters are not copied": [(M, override("copy_sequences", ":")), (M, after("prepare_switch", 'sql target "ALTER TABLE quiet AUTO_INCREMENT = 1"'))],
        "a table is emptied on the target": [(M, after("prepare_switch", 'sql target "DELETE FROM places"'))],
        "rows of one table are lost on the target": [(M, after("prepare_switch", 'sql target "DELETE FROM orders WHERE id BETWEEN 5060 AND 5099"'))],
        "a row is changed on the target": [(M, after("prepare_switch", 'sql target "%s"' % CHANGE.replace("public.", "")))],
        "a row comes twice": [(M, after("prepare_switch", 'sql target "INSERT INTO corpus_writes (id, number) SELECT -1, max(number) FROM corpus_writes"'))],
        "floats are rounded": [(M, after("prepare_switch", 'sql target "UPDATE customers SET size = 16777200 WHERE id BETWEEN 100 AND 180"'))],
        "fractions of seconds are cut": [(M, after("prepare_switch", 'sql target "UPDATE places SET t = left(t, 19) WHERE id BETWEEN 20 AND 60"'))],
        "the follower is not waited for": [(M, after("prepare_switch", 'sql target "CALL mysql.rds_stop_replication"')),
                                           (M, override("caught_up", ":")), (M, override("has_reached", "return 0"))],
        "writers are not kept away": [(M, override("fence", ":")), (M, override("drain", ":"))],
        "the old side does not follow": [("cut-over.sh", replace(r'^  subscribe "\$to" false$', "  :"))],
        "an index is missing": [(M, after("prepare_switch", 'sql target "ALTER TABLE ballast ADD KEY more (v)"'))],
        "a function's body is edited": [(M, after("prepare_switch", 'sql target "DROP FUNCTION price; CREATE FUNCTION price(x int) RETURNS int DETERMINISTIC RETURN x * 3"'))],
        "a trigger is missing": [(M, after("prepare_switch", 'sql target "DROP TRIGGER noted"'))],
        "a view is missing": [(M, after("prepare_switch", 'sql target "DROP VIEW open_orders"'))],
        "grants are forgotten": [(M, override("copy_grants", ":"))],
        "the old side stays read-only": [(M, override("unfence", ":"))],
        "an event is missing": [(M, after("prepare_switch", 'sql target "DROP EVENT nightly"'))],
        "writes stay paused": [("cut-over.sh", replace(r"site-database resume", ":"))],
        "the application is not switched": [("cut-over.sh", replace(r'site-database use "\$\{host\[\$to\]\}" "\$\{port\[\$to\]\}"', ":"))],
    },
}


class Eager(walk.Walk):
    """Ends with the first thing that is noticed."""

    short = True

    def wrong(self, text):
        if self.result["wrong"]:
            return
        super().wrong(text)
        if sys.exc_info()[0] is None:
            raise walk.Wrong(text)


def broken(templates, changes):
    """The scripts with these changes, applied in order."""
    per_file = {}
    for name, change in changes:
        per_file.setdefault(name, []).append(change)

    def all_of(several):
        def change(text):
            for one in several:
                text = one(text)
            return text
        return change

    return walk.Scripts(templates, {name: all_of(several) for name, several in per_file.items()})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--engine", choices=["postgres", "mysql"])
    parser.add_argument("--gates", action="store_true", help="leave the scripts' own gates as they are")
    parser.add_argument("--templates", default=servers.ROOT + "/templates/actions")
    parser.add_argument("--binaries")
    parser.add_argument("--ports", type=int, default=0)
    parser.add_argument("--json")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    folder, ports = walk.begin(options)
    missed, report = [], []
    # A request that waits for a switch that never ends need not wait long here.
    walk.writers.PATIENCE = 8
    try:
        for engine in ["postgres", "mysql"] if not options.engine else [options.engine]:
            path = "%s/mutant.%s.sql" % (schemas.FOLDER, "pg" if engine == "postgres" else "mysql")
            found = schemas.Schema(engine, path)
            blind = [] if options.gates else BLIND[engine]
            binaries = servers.postgres_binaries(options.binaries) if engine == "postgres" else None
            bench = walk.Bench(engine, folder + "/" + engine, ports, None, False, binaries)
            walk.RUNNING.append(bench)
            # Unbroken, and with the gates blinded alone, nothing may be noticed.
            several = dict([("nothing", [])] + list(MUTATIONS[engine].items()))
            for name, changes in several.items():
                if options.names and name != "nothing" and not any(word in name for word in options.names):
                    continue
                bench.scripts = broken(options.templates, blind + changes)
                for action in "copy-schema", "replicate", "verify", "cut-over":
                    bench.scripts.text(engine, action)
                bench.log.write("====== %s\n" % name)
                result = Eager(bench, found, bench.log.write).run()
                caught = not result["ok"]
                by = result["wrong"][0] if result["wrong"] else ""
                # A break that does not even run shows nothing.
                right = caught != (name == "nothing") and not re.search(r"(does not exist|syntax|command not found)", by)
                report.append({"engine": engine, "broken": name, "caught": caught, "by": by[:400]})
                print("%s %-8s %-50s %s" % ("ok  " if right else "FAIL", engine, name, by.replace("\n", " ")[:220]), flush=True)
                if not right:
                    missed.append(engine + ": " + name)
            bench.stop()
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print("kept: " + folder)
    if options.json:
        with open(options.json, "w") as out:
            json.dump(report, out, indent=1)
    print("%d broken scripts, %d noticed" % (len([one for one in report if one["broken"] != "nothing"]),
                                            len([one for one in report if one["broken"] != "nothing" and one["caught"]])))
    if missed:
        print("not as expected: " + "; ".join(missed))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
