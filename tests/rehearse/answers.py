#!/usr/bin/python3
"""Takes one answer after another away from the action scripts, and shows that none counts as an empty one.

A script asks the servers dozens of questions, mostly what is wrong. A question that fails in the middle has no answer; to
go on as if nothing were wrong, or as if nothing were there, would pass a database that cannot be moved, or report a
difference that does not exist. So with any one statement failing, `preflight`, `lag` and `verify` either fail and give no
reading, or, where a question may fail, give the same reading as without.

  answers.py [--engine postgres|mysql] [--all] [--seed N]    some of each script's statements, or every one
"""

import argparse
import os
import random
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import mutations
import schema as schemas
import servers
import walk

# How many statements of each script fail by default.
SOME = 5

# `sql` counts over all shells of a script, and the one of that number fails.
LOSE = r"""
  local number
  exec {count_lock}>>"$SITE_RUN/count.lock"
  flock "$count_lock"
  number=$(($(cat "$SITE_RUN/count" 2>/dev/null || echo 0) + 1))
  echo "$number" >"$SITE_RUN/count"
  exec {count_lock}>&-
  if [[ $number == %d ]]; then
    (($# > 1)) || cat >/dev/null
    before_sql "$1" "SELECT an_answer_that_does_not_come()"
  else
    before_sql "$@"
  fi
"""


class Bad(Exception):
    """A script that took a missing answer for one."""


def act(bench, templates, action, number):
    """Runs an action whose statement of this number fails: (succeeded, reading, words, how many statements)."""
    bench.scripts = mutations.broken(templates, [("lib.sh", mutations.override("sql", LOSE % number))])
    path = bench.folder + "/run/count"
    os.makedirs(bench.folder + "/run", exist_ok=True)
    if os.path.exists(path):
        os.remove(path)
    good, answer, words = bench.act(action)
    with open(path) as count:
        return good, answer, words, int(count.read())


def steady(answer):
    """What of a reading does not change from one moment to the next."""
    return {key: value for key, value in answer.items() if not key.startswith("lag_") and key not in ("moving", "bytes", "rows")}


def check(bench, templates, action, options, chance):
    """Without each answer in turn; returns how many statements failed."""
    good, whole, words, count = act(bench, templates, action, 0)
    if not good:
        raise Bad("%s fails with every answer there: %s" % (action, words[-900:]))
    numbers = range(1, count + 1)
    if not options.all:
        numbers = sorted(chance.sample(numbers, min(SOME, count)))
    for number in numbers:
        good, answer, words, _ = act(bench, templates, action, number)
        if good and steady(answer) != steady(whole):
            raise Bad("%s without answer %d of %d ends well with %s, not %s" % (action, number, count, answer, whole))
        # What cannot be tried is a problem of its own, and refers to the reason.
        untried = answer.get("ok") is False and " above" in words
        if not good and answer and not untried:
            raise Bad("%s without answer %d of %d fails with the reading %s: %s" % (action, number, count, answer, words[-600:]))
        if not good and "error: " not in words:
            raise Bad("%s without answer %d of %d fails without a word" % (action, number, count))
    print("%-8s %-10s %d of %d statements failed, none was taken for an answer" % (bench.engine, action, len(numbers), count), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=["postgres", "mysql"])
    parser.add_argument("--all", action="store_true", help="every statement, which takes five minutes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--templates", default=servers.ROOT + "/templates/actions")
    parser.add_argument("--binaries")
    parser.add_argument("--ports", type=int, default=0)
    options = parser.parse_args()
    print("seed %d" % options.seed)
    chance = random.Random(options.seed)
    folder, ports = walk.begin(options)
    try:
        for engine in ["postgres", "mysql"] if not options.engine else [options.engine]:
            path = "%s/mutant.%s.sql" % (schemas.FOLDER, "pg" if engine == "postgres" else "mysql")
            binaries = servers.postgres_binaries(options.binaries) if engine == "postgres" else None
            bench = walk.Bench(engine, folder + "/" + engine, ports, None, False, binaries)
            walk.RUNNING.append(bench)
            one = walk.Walk(bench, schemas.Schema(engine, path), bench.log.write)
            one.load()
            check(bench, options.templates, "preflight", options, chance)
            bench.scripts = walk.Scripts(options.templates)
            one.act("copy-schema")
            one.superuser_to_subscribe()
            one.act("replicate")
            one.until_synced()
            for action in "lag", "verify":
                check(bench, options.templates, action, options, chance)
            bench.stop()
    except Bad as error:
        print("FAIL " + str(error))
        return 1
    finally:
        for bench in walk.RUNNING:
            bench.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
