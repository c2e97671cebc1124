"""A schema of the corpus: SQL with a head of comments that says what has to become of it.

-- expect: moved                 it arrives whole, and comes back whole
-- refused: WORDS                preflight refuses it and prints the words (one line each)
-- stopped: WORDS                a step after preflight refuses, in these words, because of what happens `during` the move
-- during: SQL                   run by the application while the follower follows
-- after: SQL => RESULT          run by the application's old login after cut-over; values of one row, joined by `|`
-- soak: SQL                     run on the target by its administrator before the rollback
-- back: SQL => RESULT           run after the rollback by the source's administrator; values of one row, joined by `|`
-- write: SQL                    a write of the application, again and again; {n} is a number that grows
-- burst: SQL                    run by the application right before cut-over, so that the follower has something to catch up
-- target: SQL                   run on the target before preflight, by its administrator
-- options: WORDS                of CREATE DATABASE on the target
-- login: superuser              both sides' logins need an administrator's rights (as RDS's own patches give)
-- versions: 16 ..               first and last major version
-- way: up                       only this direction (`up` is server to RDS)
-- needs: icu                    a build of PostgreSQL with it
-- quick: yes                    in the fast subset
-- ignore: WORD                  objects that may differ (a regular expression on `kind name`), with the reason after ` # `
"""

import os
import re

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "schemas")


class Schema:
    """One file."""

    def __init__(self, engine, path):
        self.engine, self.path = engine, path
        self.name = os.path.basename(path).partition(".")[0]
        with open(path) as text:
            self.text = text.read()
        self.head = {}
        for line in self.text.splitlines():
            found = re.match(r"-- (\w+): (.*)", line)
            if not found:
                if line.startswith("--"):
                    continue
                break
            self.head.setdefault(found[1], []).append(found[2].strip())
        known = {"expect", "refused", "stopped", "during", "after", "soak", "back", "write", "burst", "target", "options", "login", "versions", "way",
                 "quick", "ignore", "needs"}
        strange = set(self.head) - known
        if strange:
            raise SystemExit("error: %s: unknown words in its head: %s" % (path, ", ".join(sorted(strange))))
        if not any(key in self.head for key in ("expect", "refused", "stopped")):
            raise SystemExit("error: %s does not say what to expect" % path)
        self.refused, self.stopped = self.get("refused"), self.get("stopped")
        self.quick = "quick" in self.head
        self.superuser = "login" in self.head

    def of_login(self, login, folder):
        """The same schema in a file of its own, where the source's login is not `site`."""
        path = os.path.join(folder, self.name + ".sql")
        with open(self.path) as text, open(path, "w") as out:
            out.write(re.sub(r"\bsite\b", login, text.read()))
        return Schema(self.engine, path)

    def get(self, key):
        return self.head.get(key, [])

    def asked(self, key):
        """Statements with what they have to give."""
        for line in self.get(key):
            statement, _, result = line.rpartition("=>")
            yield statement.strip(), result.strip()

    def fits(self, version, down, has=("icu",)):
        if any(word not in has for word in self.get("needs")):
            return False
        if down and self.get("way") == ["up"] or not down and self.get("way") == ["down"]:
            return False
        if self.get("versions") and version:
            first, _, last = self.get("versions")[0].partition("..")
            return int(first or 0) <= version <= int(last or 99)
        return True


def corpus(engine, names=(), quick=False):
    """The schemas of an engine, in order."""
    folder = os.path.join(FOLDER, "pg" if engine == "postgres" else "mysql")
    found = [Schema(engine, os.path.join(folder, name)) for name in sorted(os.listdir(folder)) if name.endswith(".sql")]
    if names:
        found = [schema for schema in found if any(re.fullmatch(name.replace("*", ".*"), schema.name) for name in names)]
    if quick:
        found = [schema for schema in found if schema.quick]
    return found


HEAD = """| schema | concern | becomes |
| --- | --- | --- |
"""


def table(engine):
    """A table of the corpus for people: what each schema is about, and what becomes of it."""
    lines = []
    for schema in corpus(engine):
        about = []
        for line in schema.text.splitlines():
            if not line.startswith("--"):
                break
            if not re.match(r"-- \w+: ", line):
                about.append(line[3:].strip())
        became = "refused by preflight" if schema.refused else "stopped before the switch" if schema.stopped else "moved"
        if schema.get("way"):
            became += ", to RDS" if schema.get("way") == ["up"] else ", from RDS"
        lines.append("| `%s` | %s | %s |" % (schema.name, " ".join(about).replace("|", "\\|"), became))
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    print("### PostgreSQL\n\n%s\n### MariaDB, in MySQL's place\n\n%s" % (table("postgres"), table("mysql")), end="")
