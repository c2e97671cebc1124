#!/usr/bin/python3
"""Takes each check out of preflight, one after another, and shows that a schema of the corpus notices.

A check that no schema meets is named; UNMET has those that need more than a schema.

  checks.py [--engine postgres|mysql] [WORDS...]
"""

import argparse
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import schema as schemas
import servers
import walk

# What needs two versions, two kinds of servers, another login, or a disk; and what the trial says when no check knew it.
UNMET = {
    "postgres": ["a newer one can follow", "with two passwords", "which is the target's login too", "this database follows another one",
                 "constraints that are not validated cannot be evaluated", "the source's login cannot read", "passwords of these roles",
                 "time limits would end", "the target takes TLS only", "the source cannot replicate", "the source has no table yet", "bytes; with room",
                 "the target would not have these", "the target does not take the schema"],
    "mysql": ["a newer one can follow", "with two passwords", "they do not follow each other", "the same server_id", "filters of replication",
              "log_bin_trust_function_creators", "follows another server already", "without TLS", "bytes; with room", "the source cannot replicate",
              "kept outside the data directory", "foreign keys to another database", "rows in the wrong partition", "rows too long",
              "the schema cannot be made", "would not be the same on the target"],
}


def checks_of(text):
    """Where each check stands in the script, and the longest plain part of what it prints."""
    for found in re.finditer(r'(?m)^(?!check\(\)).*?(\bcheck|problems\+=\() ?"([^"\n]*)"', text):
        parts = re.split(r"\$\{[^}]*\}|\$\([^)]*\)|\$\(.*|\$\w+", found[2].replace("the $side", "the source"))
        yield found.start(1), found[1], max(parts, key=len).strip()


def without(place, word):
    """The script whose check at this place has no effect."""
    instead = ":" if word == "check" else "ignored+=("
    return lambda text: text[:place] + instead + text[place + len(word):]


def refusals(bench, found):
    """What preflight prints for each schema that it refuses."""
    for one in found:
        version = bench.source.version if bench.engine == "postgres" else None
        if not one.refused or not one.fits(version, False, bench.source.has if bench.engine == "postgres" else ()):
            continue
        attempt = walk.Walk(bench, one, bench.log.write)
        attempt.load()
        yield one, bench.act("preflight")[2]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="only checks with one of these words")
    parser.add_argument("--engine", choices=["postgres", "mysql"])
    parser.add_argument("--templates", default=servers.ROOT + "/templates/actions")
    parser.add_argument("--binaries")
    parser.add_argument("--ports", type=int, default=0)
    options = parser.parse_args()
    folder, ports = walk.begin(options)
    wrong, count, noticed = [], 0, 0
    binaries = servers.postgres_binaries(options.binaries)
    servers.extensions(binaries)
    try:
        for engine in ["postgres", "mysql"] if not options.engine else [options.engine]:
            whole = walk.Scripts(options.templates)
            bench = walk.Bench(engine, folder + "/" + engine, ports, whole, False, binaries if engine == "postgres" else None)
            walk.RUNNING.append(bench)
            printed = list(refusals(bench, schemas.corpus(engine)))
            for place, word, text in checks_of(whole.file(engine + "/preflight.sh")):
                if options.words and not any(one in text for one in options.words):
                    continue
                count += 1
                # First those of which little else is said.
                met = [one for one, words in sorted(printed, key=lambda pair: len(pair[1])) if text in words]
                if not met:
                    is_known = any(one in text for one in UNMET[engine])
                    print("%s %-8s %-70.70s no schema" % ("-   " if is_known else "FAIL", engine, text), flush=True)
                    if not is_known:
                        wrong.append("%s: no schema meets: %s" % (engine, text))
                    continue
                bench.scripts = walk.Scripts(options.templates, {engine + "/preflight.sh": without(place, word)})
                for one in met[:3]:
                    result = walk.Walk(bench, one, bench.log.write).run()
                    by = (result["wrong"] or [""])[0].replace("\n", " ")
                    right = not result["ok"] and not re.search("syntax error|command not found", by)
                    if right:
                        break
                noticed += right
                print("%s %-8s %-70.70s %s: %.120s" % ("ok  " if right else "FAIL", engine, text, one.name, by), flush=True)
                if not right:
                    wrong.append("%s: nobody notices without: %s" % (engine, text))
            bench.stop()
    finally:
        servers.extensions(binaries, False)
        shutil.rmtree(folder, ignore_errors=True)
    print("%d checks, %d taken out and noticed" % (count, noticed))
    if wrong:
        print("not as expected: " + "; ".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
