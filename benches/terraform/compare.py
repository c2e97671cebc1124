#!/usr/bin/env python3
"""scalectl beside Terraform and a bare client: the same resources, the same emulator, the same run.

    cargo build --release --locked --example bare --bin scalectl
    python3 benches/terraform/compare.py [--rounds 5] [--only plan,many,growth,apply,create,latencies]

Needs Terraform 1.11 in PATH, with its AWS provider 5.100.0 from the registry or a mirror that TF_CLI_CONFIG_FILE
names; without Terraform the rest is measured alone. The emulators come into an environment below target/. Every tool has
an emulator of its own, of the same version, on the same cores; `hop.py` stands before each, counts calls and adds
latency. Stage 3 runs on moto, the many resources on ministack: moto goes through the tags of all resources for each
resource that it tells, so that it alone takes many seconds for 800 security groups, whoever asks. Commands take turns
within a round; times are medians over the rounds, and a ratio is the median of the rounds' ratios. Memory is the
largest process's peak.
"""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
WORK = TARGET / "bench"

# What becomes ready late on AWS: creating call, reading call, ready, waiting, seconds (docs/architecture.md's
# table of typical durations has the same numbers).
SLOW = [
    ["CreateDBInstance", "DescribeDBInstances", "<DBInstanceStatus>available<", "<DBInstanceStatus>creating<", 480],
    ["CreateLoadBalancer", "DescribeLoadBalancers", "<Code>active<", "<Code>provisioning<", 150],
]


def port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Cloud:
    """An emulator behind its hop."""

    def __init__(self, emulator):
        self.emulator, self.behind, self.port = emulator, port(), port()
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": WORK}
        command = {
            "moto": [str(python("moto_server")), "-H", "127.0.0.1", "-p", str(self.behind)],
            "ministack": [str(python("ministack"))],
        }[emulator]
        environment = {**os.environ, "GATEWAY_PORT": str(self.behind)}
        hop = [sys.executable, str(HERE / "hop.py"), str(self.port), str(self.behind)]
        self.children = [subprocess.Popen(command, env=environment, **quiet), subprocess.Popen(hop, **quiet)]
        for one in (self.behind, self.port):
            for _ in range(600):
                try:
                    socket.create_connection(("127.0.0.1", one)).close()
                    break
                except OSError:
                    time.sleep(0.1)

    def ask(self, path, body=None):
        url = f"http://127.0.0.1:{self.port}{path}"
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(url, data=data)) as answer:
            return json.loads(answer.read() or b"{}")

    def reset(self):
        self.ask({"moto": "/moto-api/reset", "ministack": "/_ministack/reset"}[self.emulator], {})
        self.ask("/hop/set", {"latency": 0, "slow": []})
        self.ask("/hop/take")

    def end(self):
        for child in self.children:
            child.kill()
            child.wait()


def python(program):
    """A program of the environment with the emulators, made once."""
    folder = WORK / "python"
    if not (folder / "bin" / program).exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pins = ROOT / "tests/python/emulators.txt"
        subprocess.run([str(folder / "bin/pip"), "install", "--quiet", "-r", str(pins)], check=True)
    return folder / "bin" / program


class Run:
    """One command: seconds, CPU seconds, MiB, calls."""

    def __init__(self, cloud, command, folder, fine=(0,)):
        environment = {
            **os.environ,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{cloud.port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "CHECKPOINT_DISABLE": "1",
            "TF_IN_AUTOMATION": "1",
        }
        cloud.ask("/hop/take")
        with open(WORK / "output.txt", "wb") as output:
            began = time.monotonic()
            child = subprocess.Popen(
                command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
            _, status, usage = os.wait4(child.pid, 0)
            self.seconds = time.monotonic() - began
        code = os.waitstatus_to_exitcode(status)
        child.returncode = code
        if code not in fine:
            sys.exit(f"{' '.join(map(str, command))} in {folder} ends with {code}:\n{(WORK / 'output.txt').read_text()[-3000:]}")
        self.cpu = usage.ru_utime + usage.ru_stime
        self.mib = usage.ru_maxrss / 1024
        self.operations = cloud.ask("/hop/take")
        self.calls = sum(self.operations.values())


class Tool:
    """A tool with a cloud of its own."""

    def __init__(self, name, plan, apply, prepare=None):
        self.name, self.plan, self.apply, self.prepare = name, plan, apply, prepare
        self.clouds = {}
        self.cloud = None

    def use(self, emulator):
        """The cloud that the next commands talk to."""
        if emulator not in self.clouds:
            self.clouds[emulator] = Cloud(emulator)
        self.cloud = self.clouds[emulator]

    def folder(self, what, size):
        """The project of this size, with nothing in it from before."""
        folder = WORK / self.name / f"{what}-{size}"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(HERE / what, folder)
        for path in folder.rglob("*"):
            if path.suffix in (".tf", ".yaml"):
                text = path.read_text().replace("GROUPS", str((size - 2) * 4 // 5))
                path.write_text(text.replace("RECORDS", str((size - 2) - (size - 2) * 4 // 5)))
        self.cloud.reset()
        if self.prepare:
            Run(self.cloud, self.prepare, folder)
        return folder


def row(cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def head(title, cells):
    print(f"\n## {title}\n")
    row(cells)
    row(["---"] + ["---:"] * (len(cells) - 1))


def figures(runs):
    middle = lambda name: statistics.median(getattr(run, name) for run in runs)
    seconds = [run.seconds for run in runs]
    spread = f" ({min(seconds):.3f} to {max(seconds):.3f})" if len(runs) > 1 else ""
    return [f"{middle('seconds'):.3f}{spread}", f"{middle('cpu'):.2f}", f"{middle('mib'):.0f}", runs[0].calls]


COLUMNS = ["", "seconds (range)", "CPU s", "MiB", "calls", "times ours"]


def turns(title, competitors, rounds):
    """Commands in turn; the first is ours."""
    head(title, COLUMNS)
    runs = {name: [] for name in competitors}
    for number in range(rounds + 1):
        for name, (tool, command, folder) in competitors.items():
            run = Run(tool.cloud, command, folder)
            if number:  # the first round warms up
                runs[name].append(run)
    ours = next(iter(runs.values()))
    for name, all_of_it in runs.items():
        ratio = statistics.median(b.seconds / a.seconds for a, b in zip(ours, all_of_it))
        row([name, *figures(all_of_it), f"{ratio:.2f}"])
    return runs


def latency(tools, milliseconds):
    for tool in tools:
        tool.cloud.ask("/hop/set", {"latency": milliseconds / 1000})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="plan,many,growth,apply,create")
    parser.add_argument("--profile", default="release")
    options = parser.parse_args()
    only = options.only.split(",")
    WORK.mkdir(parents=True, exist_ok=True)
    binaries = TARGET / options.profile
    scalectl = [str(binaries / "scalectl"), "--provider", "aws"]
    ours = Tool("scalectl", [*scalectl, "plan"], [*scalectl, "apply", "--auto-approve"])
    tools = [ours]
    terraform = shutil.which("terraform")
    theirs = None
    if terraform:
        plan = [terraform, "plan", "-input=false", "-no-color", "-detailed-exitcode"]
        apply = [terraform, "apply", "-auto-approve", "-input=false", "-no-color"]
        theirs = Tool("terraform", plan, apply, [terraform, "init", "-input=false", "-no-color"])
        tools.append(theirs)
    else:
        print("Terraform is not in PATH: measured without it")
    try:
        measure(only, options.rounds, ours, theirs, tools, str(binaries / "examples/bare"))
    finally:
        for cloud in [cloud for tool in tools for cloud in tool.clouds.values()]:
            cloud.end()


def measure(only, rounds, ours, theirs, tools, bare):
    if {"plan", "apply"} & set(only):
        for tool in tools:
            tool.use("moto")
        folders = {tool.name: tool.folder("stage3", 28) for tool in tools}
        applied = {tool.name: Run(tool.cloud, tool.apply, folders[tool.name]) for tool in tools}
        head("Apply, stage 3", COLUMNS[:-1])
        for name, run in applied.items():
            row([name, *figures([run])])
        if "plan" in only:
            for milliseconds in (0, 50):
                latency(tools, milliseconds)
                competitors = {"scalectl plan": (ours, ours.plan, folders[ours.name])}
                competitors["bare client"] = (ours, [bare, "stage3"], folders[ours.name])
                if theirs:
                    competitors["terraform plan"] = (theirs, theirs.plan, folders[theirs.name])
                turns(f"No-change plan, stage 3, {milliseconds} ms latency", competitors, rounds)
    if {"many", "create"} & set(only):
        for tool in tools:
            tool.use("ministack")
        folders = {tool.name: tool.folder("many", 1002) for tool in tools}
        # Terraform waits for each record by itself, so that its better setting is the one to compare with.
        wide = {"terraform": ["-parallelism=100"]}
        made = {
            tool.name: Run(tool.cloud, [*tool.apply, *wide.get(tool.name, [])], folders[tool.name]) for tool in tools
        }
        head("Create 1,002 resources", COLUMNS[:-1])
        for name, run in made.items():
            row([name, *figures([run])])
        for name, run in made.items():
            changes = run.operations.get("POST /hostedzone", 0)
            print(f"\n{name}: {changes} calls of Route 53 that write" if changes else f"\n{name}: {run.operations}")
        if "many" in only:
            for milliseconds in (0, 50):
                latency(tools, milliseconds)
                competitors = {"scalectl plan": (ours, ours.plan, folders[ours.name])}
                competitors["bare client"] = (ours, [bare, "many"], folders[ours.name])
                if theirs:
                    folder = folders[theirs.name]
                    competitors["terraform plan"] = (theirs, theirs.plan, folder)
                    competitors["terraform plan -parallelism=100"] = (theirs, [*theirs.plan, "-parallelism=100"], folder)
                turns(f"No-change plan, 1,002 resources, {milliseconds} ms latency", competitors, rounds)
    if "growth" in only:
        ours.use("ministack")
        head("No-change plan as resources grow, 0 ms", ["resources", *COLUMNS[1:-1], "bare client, seconds", "times bare"])
        for size in (100, 1000, 5000):
            folder = ours.folder("many", size)
            Run(ours.cloud, ours.apply, folder)
            pairs = [(Run(ours.cloud, ours.plan, folder), Run(ours.cloud, [bare, "many"], folder)) for _ in range(rounds)]
            runs, limits = zip(*pairs)
            limit = statistics.median(run.seconds for run in limits)
            ratio = statistics.median(a.seconds / b.seconds for a, b in pairs)
            row([size, *figures(runs), f"{limit:.3f}", f"{ratio:.2f}"])
    if "latencies" in only:
        ours.use("moto")
        folder = ours.folder("stage3", 28)
        ours.cloud.ask("/hop/set", {"slow": SLOW})
        run = Run(ours.cloud, ours.apply, folder)
        head("Apply, stage 3, what is slow on AWS as slow", COLUMNS[:-1])
        row(["scalectl", *figures([run])])
        print("\n" + (WORK / "output.txt").read_text()[-800:])


if __name__ == "__main__":
    main()
