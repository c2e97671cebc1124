#!/usr/bin/env python3
"""Kills every command that changes something, at random moments, and runs it again.

  kills.py BINARY                    200 kills in the first 50 ms and 100 midway of each command
  kills.py BINARY --early 20 --midway 10 --seed 7 apply destroy

On the simulator, with examples/shop (`rollback` is a deployment that goes back by itself, `close` and `open` are `maintenance`).
After each kill the same command has to succeed, and the plan to be as empty as after a run that nobody killed. The seed is printed; the exit code is 1 when anything failed. Not part of the default run: it takes
about half an hour.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GO = ["--auto", "--auto-approve"]
# What stands before, the command, and the command that takes up one that was killed.
COMMANDS = {
    "apply": ([], ["apply", "--auto-approve"], None),
    "migrate": (["apply"], ["migrate", "--to", "split-db", *GO], ["migrate", "--resume", *GO]),
    "scale": (["apply"], ["scale", "--auto-approve"], None),
    "deploy": (["apply"], ["deploy", "--auto-approve"], None),
    "rollback": (["apply"], ["deploy", "web", "--image", "ghcr.io/acme/shop:sick", "--auto-approve"], ["rollback", "--auto-approve"]),
    "close": (["apply"], ["maintenance", "on"], None),
    "open": (["apply"], ["maintenance", "off"], None),
    "destroy": (["apply"], ["destroy", "--auto-approve"], None),
    "failover": (["apply"], ["failover", "--to", "eu-west-1", "--auto-approve"], ["failover", "--resume", "--auto-approve"]),
}
SPEC = {
    "scale": lambda text: text.replace("t4g.small", "t4g.medium"),
    "failover": lambda text: text,
    "deploy": lambda text: text.replace("shop:1.4.2", "shop:1.5.0"),
}
# An image that never becomes healthy: the deployment goes back by itself, and the plan is as empty as before it.
SICK = ["sim", "fault", "--sick", "shop:sick"]


class Bench:
    def __init__(self, binary, name):
        self.binary, self.name = os.path.abspath(binary), name
        self.before, self.command, self.again = COMMANDS[name]
        self.folder = tempfile.mkdtemp(prefix="kills-")
        self.ready = self.folder + "/ready"
        os.mkdir(self.ready)
        example = "marketplace" if name == "failover" else "shop"
        shutil.copy("%s/examples/%s/scalectl.yaml" % (ROOT, example), self.ready)
        if self.before:
            self.must(["apply", "--auto-approve"], self.ready)
        if name == "destroy":
            self.command = self.command + self.allowed()
        if name == "rollback":
            self.must(SICK, self.ready)
        if name == "open":
            self.must(["maintenance", "on"], self.ready)
        if name in SPEC:
            path = self.ready + "/scalectl.yaml"
            with open(path) as file:
                text = file.read()
            with open(path, "w") as file:
                file.write(SPEC[name](text))

    def allowed(self):
        """`destroy` names what has to be allowed."""
        return self.run(["destroy", "--auto-approve"], self.ready)[1].rpartition("pass: ")[2].split()

    def run(self, words, folder):
        done = subprocess.run([self.binary, *words], cwd=folder, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def must(self, words, folder):
        code, text = self.run(words, folder)
        if code:
            sys.exit("%s ends with %d: %s" % (" ".join(words), code, text[-2000:]))

    def seconds(self):
        """How long the command takes by itself."""
        folder = self.copy()
        began = time.monotonic()
        if self.name == "rollback":
            self.run(self.command, folder)
        else:
            self.must(self.command, folder)
        took = time.monotonic() - began
        shutil.rmtree(folder)
        return took

    def copy(self):
        return shutil.copytree(self.ready, tempfile.mkdtemp(dir=self.folder) + "/run")

    def kill(self, moment):
        """What is wrong after a kill at a moment, and whether it was still running then."""
        folder = self.copy()
        process = subprocess.Popen([self.binary, *self.command], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(moment)
        alive = process.poll() is None
        process.kill()
        process.wait()
        code, text = self.run(self.command, folder)
        if code and "Rolled back: " in text:
            code = 0
        if code and self.again:
            code, text = self.run(self.again, folder)
        wrong = None
        if code:
            wrong = "run again, it ends with %d: %s" % (code, text[-1500:])
        elif self.name == "destroy":
            code, text = self.run(["sim", "list"], folder)
            if "0 resources" not in text:
                wrong = "something is left: " + text[-1500:]
        else:
            code, text = self.run(["plan", "--detailed-exitcode"], folder)
            if code:
                wrong = "the plan is not empty (%d): %s" % (code, text[-1500:])
            said = self.run(["maintenance", "status"], folder)[1]
            if self.name in ("close", "open") and said.startswith("Closed in ") != (self.name == "close"):
                wrong = "the site is not as it should be: " + said
        shutil.rmtree(folder)
        return wrong, alive


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("names", nargs="*", default=list(COMMANDS))
    parser.add_argument("--early", type=int, default=200)
    parser.add_argument("--midway", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_intermixed_args()
    print("seed", options.seed)
    chance = random.Random(options.seed)
    failed = 0
    for name in options.names:
        bench = Bench(options.binary, name)
        try:
            took = bench.seconds()
            moments = [chance.uniform(0, 0.05) for _ in range(options.early)]
            moments += [chance.uniform(0, took) for _ in range(options.midway)]
            hit = 0
            for moment in moments:
                wrong, alive = bench.kill(moment)
                hit += alive
                if wrong:
                    failed += 1
                    print("%s killed after %.1f ms: %s" % (name, moment * 1000, wrong))
            print("%s: %d kills, %d of a running process, %d failures so far; by itself it takes %.0f ms" % (
                name, len(moments), hit, failed, took * 1000), flush=True)
        finally:
            shutil.rmtree(bench.folder)
    sys.exit(1 if failed else 0)


main()
