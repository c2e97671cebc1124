#!/usr/bin/env python3
"""Sums what `requests.py` found in the last run of each test: `tests/wire/figures.py target/tmp/requests`.

Prints the lines of the table in docs/conformance.md.
"""

import json
import os
import sys
from collections import Counter


def main():
    folder = sys.argv[1]
    programs, operations, violations = Counter(), Counter(), Counter()
    for name in sorted(os.listdir(folder)):
        program = name.rpartition("-")[0].rpartition("-")[0]
        # That test sends what AWS refuses, on purpose.
        if program == "requests":
            continue
        with open(os.path.join(folder, name)) as text:
            found = json.load(text)
        programs[program] += found["requests"]
        operations.update(found["operations"])
        violations.update(found["violations"])
    services = Counter(name.partition(":")[0] for name in operations)
    print("| requests validated | %d |" % sum(programs.values()))
    print("| of them by | %s |" % ", ".join("%s %d" % one for one in sorted(programs.items())))
    print("| operations | %d of %d services |" % (len(operations), len(services)))
    print("| by service | %s |" % ", ".join("%s %d" % one for one in sorted(services.items())))
    print("| violations | %d |" % len(violations))
    for words, count in violations.most_common():
        print("%6d %s" % (count, words))


if __name__ == "__main__":
    main()
