"""Walks an application through stages in an AWS account: doctor, apply, an empty plan, a request, the migration to the next
stage with its rows counted, destroy, and a census by AWS's SDK for Python of what is left.

It asks before it begins, and says what it costs at most. It ends what takes too long, and takes everything away after a
failure too. What it found goes into a report, as Markdown, which docs/first-account.md asks for.
"""

import argparse
import datetime
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

import boto3
import census

STAGES = ["single-server", "split-db", "load-balanced", "cdn", "multi-region"]
# Dollars an hour at most of a stage with the smallest sizes in us-east-1, rounded up: servers, databases, caches, NAT
# gateways, balancers and addresses of https://aws.amazon.com/ec2/pricing/on-demand/, /rds/pricing/, /vpc/pricing/,
# /elasticloadbalancing/pricing/ as of 2026-11. Traffic and requests of a walk are cents.
DOLLARS_AN_HOUR = {"single-server": 0.05, "split-db": 0.20, "load-balanced": 0.50, "cdn": 0.55, "multi-region": 1.20}
# What destroy takes at most; this much of the time is kept for it.
TO_DESTROY = 60 * 60
ROWS = 10000
SPEC = """\
app: {app}
stage: {stage}
regions: [{regions}]
provider: aws
services:
  web: {{image: "{image}", port: 80, instance: t4g.micro}}
database:
  engine: {engine}
  class: db.t4g.micro
"""


class Failed(Exception):
    """What did not go as it should."""


class Walk:
    """One application, from its first stage to nothing."""

    def __init__(self, options):
        self.options, self.app = options, "live" + secrets.token_hex(3)
        self.folder = tempfile.mkdtemp(prefix="scalectl-live-")
        self.ends = time.monotonic() + options.hours * 3600
        self.lines, self.spec = [], None
        self.emulated = bool(os.environ.get("AWS_ENDPOINT_URL"))

    def client(self, service, region=None):
        return boto3.client(service, region_name=region or self.options.regions[0])

    def note(self, words, result="ok"):
        line = "| %s | %s |" % (words, str(result).replace("|", "\\|").replace("\n", " "))
        self.lines.append(line)
        print(line, flush=True)

    # scalectl

    def scalectl(self, line, codes=(0,), reserve=TO_DESTROY):
        """Runs a command within what is left of the time: (exit code, all that it printed)."""
        began, left = time.monotonic(), self.ends - reserve - time.monotonic()
        if left <= 0:
            raise Failed("the time is over")
        print("$ scalectl " + line, flush=True)
        process = subprocess.Popen([self.options.binary, *line.split()], cwd=self.folder, stdout=subprocess.PIPE, text=True,
                                   stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            text, _ = process.communicate(timeout=left)
        except subprocess.TimeoutExpired:
            # The calls in flight come to their end, so that nothing is half made.
            os.killpg(process.pid, signal.SIGINT)
            text, _ = process.communicate(timeout=600)
            raise Failed("`%s` took longer than the time that was left: %s" % (line, text[-2000:]))
        print(text, flush=True)
        took = "%d s" % (time.monotonic() - began)
        if process.returncode not in codes:
            self.note("`scalectl %s`" % line, "ends with %d after %s: %s" % (process.returncode, took, text[-1500:]))
            raise Failed("`scalectl %s` ends with %d" % (line, process.returncode))
        self.note("`scalectl %s`" % line, took)
        return process.returncode, text

    def at(self, stage):
        """Writes the spec of a stage."""
        if self.options.project:
            self.spec = re.sub(r"(?m)^stage: .*$", "stage: " + stage, self.spec)
            self.spec = re.sub(r"(?m)^app: .*$", "app: " + self.app, self.spec)
        else:
            regions = self.options.regions if stage == "multi-region" else self.options.regions[:1]
            self.spec = SPEC.format(app=self.app, stage=stage, regions=", ".join(regions), image=self.options.image,
                                    engine=self.options.engine)
            if self.options.domain:
                self.spec += "domain:\n  name: %s\n" % self.options.domain
        with open(os.path.join(self.folder, "scalectl.yaml"), "w") as text:
            text.write(self.spec)

    def run(self):
        stages = self.options.stages
        if self.options.project:
            shutil.copytree(self.options.project, self.folder, dirs_exist_ok=True)
            with open(os.path.join(self.folder, "scalectl.yaml")) as text:
                self.spec = text.read()
        self.at(stages[0])
        self.scalectl("doctor")
        self.scalectl("apply --auto-approve")
        self.stands(stages[0])
        for stage in stages[1:]:
            before = self.rows(write=True)
            self.at(stage)
            self.scalectl("apply --direct --auto-approve" if self.emulated else "migrate --auto-approve")
            self.stands(stage)
            after = self.rows(write=False)
            if after != before:
                raise Failed("%s rows before the migration to %s, %s after it" % (before, stage, after))

    def stands(self, stage):
        """A second plan is empty, and the site answers."""
        self.scalectl("plan --detailed-exitcode")
        if self.emulated:
            return self.note("a request at " + stage, "left out: an emulator runs no servers")
        _, text = self.scalectl("status --json")
        endpoints = json.loads(text)["endpoints"]
        for endpoint in endpoints:
            if endpoint["what"] in ("server", "balancer", "site", "edge"):
                self.answers(endpoint["where"])

    def answers(self, place):
        url = place if "://" in place else "http://" + place
        until, why = min(time.monotonic() + 900, self.ends - TO_DESTROY), "no time left"
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(url, timeout=10) as answer:
                    return self.note("GET " + url, answer.status)
            except Exception as error:
                why = error
                time.sleep(5)
        raise Failed("%s does not answer: %s" % (url, why))

    # Rows, by AWS Systems Manager and the application's own connection string.

    def rows(self, write):
        """How many rows the application's database has; `write` makes them first."""
        if self.emulated:
            return None
        made = "CREATE TABLE IF NOT EXISTS counted (id int PRIMARY KEY, words varchar(40) NOT NULL);"
        if self.options.engine == "postgres":
            image, made = "postgres:17", made + "INSERT INTO counted SELECT n, 'row ' || n FROM generate_series(1, %d) n ON CONFLICT DO NOTHING;" % ROWS
            client = "psql \"$DATABASE_URL\" -Atqc"
        else:
            image, client = ("mariadb:11.8", "mariadb") if self.options.engine == "mariadb" else ("mysql:8.4", "mysql")
            made += "INSERT IGNORE INTO counted SELECT n, concat('row ', n) FROM (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < %d) " \
                    "SELECT n FROM c) x;" % ROWS
            client += " -h \"$DATABASE_HOST\" -P \"$DATABASE_PORT\" -u \"$DATABASE_USER\" -p\"$DATABASE_PASSWORD\" \"$DATABASE_NAME\" -Ne"
        statement = (made if write else "") + "SELECT count(*) FROM counted;"
        # The container's own environment, so that what is counted is what the application sees.
        script = "web=$(docker ps -qf name=web | head -1) && docker inspect -f '{{range .Config.Env}}{{println .}}{{end}}' $web >/run/counted.env && " \
                 "docker run --rm --network container:$web --env-file /run/counted.env %s sh -c '%s \"$0\"' \"%s\"; code=$?; rm -f /run/counted.env; exit $code" % (
                     image, client, statement)
        text = self.command(script)
        count = int(text.split()[-1])
        if count != ROWS:
            raise Failed("%d rows, not %d" % (count, ROWS))
        self.note("rows", count)
        return count

    def command(self, script):
        """Runs a script on a server of the application."""
        ec2, ssm = self.client("ec2"), self.client("ssm")
        found = ec2.describe_instances(Filters=[{"Name": "tag:scalectl:app", "Values": [self.app]},
                                                {"Name": "instance-state-name", "Values": ["running"]}])
        servers = [one["InstanceId"] for group in found["Reservations"] for one in group["Instances"]]
        sent = ssm.send_command(InstanceIds=servers[:1], DocumentName="AWS-RunShellScript", Parameters={"commands": [script]})
        number = sent["Command"]["CommandId"]
        ssm.get_waiter("command_executed").wait(CommandId=number, InstanceId=servers[0], WaiterConfig={"Delay": 5, "MaxAttempts": 60})
        return ssm.get_command_invocation(CommandId=number, InstanceId=servers[0])["StandardOutputContent"]

    # The end.

    def clean(self):
        """Everything goes, also what is protected, and the census finds nothing."""
        allowed = []
        for _ in range(4):
            line = "destroy --auto-approve" + "".join(" --allow " + address for address in allowed)
            code, text = self.scalectl(line, codes=(0, 1), reserve=0)
            if code == 0:
                break
            more = [address for address in re.findall(r"--allow ([^\s`]+)", text) if address not in allowed]
            if not more:
                raise Failed("destroy ends with 1: " + text[-1500:])
            allowed += more
        until = time.monotonic() + (0 if self.emulated else 1200)
        while True:
            left = census.left(self.app, self.options.regions)
            if not left or time.monotonic() > until:
                break
            time.sleep(30)
        self.note("left after destroy", ", ".join(left) or "nothing")
        if left:
            raise Failed("left over: " + ", ".join(left))


def report(walk, problems):
    """What to send: the report as Markdown."""
    version = subprocess.run([walk.options.binary, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    text = "# %s, %s, %s, %s\n\n%s\n\n| Step | Result |\n| --- | --- |\n%s\n" % (
        version, ", ".join(walk.options.regions), walk.options.engine, datetime.date.today().isoformat(),
        "Failed: " + "; ".join(problems) if problems else "Passed.", "\n".join(walk.lines))
    with open(walk.options.report, "w") as out:
        out.write(text)
    print("\nThe report is in %s." % walk.options.report)


def main():
    parser = argparse.ArgumentParser(prog="tests/live/run.sh", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stages", nargs="*", default=["single-server", "split-db"], metavar="STAGE",
                        help="the stages to walk, in this order: %s (default: single-server split-db)" % ", ".join(STAGES))
    parser.add_argument("--regions", default="us-east-1", help="the first is where it stands; two for multi-region")
    parser.add_argument("--engine", default="postgres", choices=["postgres", "mysql", "mariadb"])
    parser.add_argument("--domain", help="from load-balanced on: a domain whose zone this account may make and somebody delegates")
    parser.add_argument("--image", default="public.ecr.aws/nginx/nginx:1.29", help="the service: answers GET / on port 80")
    parser.add_argument("--project", help="a folder with a spec and blueprints of your own")
    parser.add_argument("--hours", type=float, default=4, help="after these everything is taken away (default 4)")
    parser.add_argument("--dollars", type=float, default=5, help="do not begin if it could cost more (default 5)")
    parser.add_argument("--binary", default="scalectl")
    parser.add_argument("--report", default="live-report.md")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    options = parser.parse_args()
    options.regions = [region.strip() for region in options.regions.split(",")]
    unknown = [stage for stage in options.stages if stage not in STAGES]
    if unknown:
        parser.error("no such stage: %s" % ", ".join(unknown))
    if not options.project and not options.domain and any(STAGES.index(stage) >= 2 for stage in options.stages):
        parser.error("from load-balanced on a domain is needed: --domain")
    options.binary = os.path.abspath(options.binary) if os.sep in options.binary else shutil.which(options.binary)
    if not options.binary or not os.path.exists(options.binary):
        parser.error("scalectl is not on the PATH; --binary names it")
    dearest = max(DOLLARS_AN_HOUR[stage] for stage in options.stages)
    cost = dearest * options.hours
    if cost > options.dollars:
        parser.error("%.1f hours at up to $%.2f are $%.2f, more than --dollars %.2f" % (options.hours, dearest, cost, options.dollars))
    if options.hours * 3600 <= TO_DESTROY:
        parser.error("an hour is kept for the end; --hours has to be more than 1")
    who = boto3.client("sts", region_name=options.regions[0]).get_caller_identity()
    print("Account %s, as %s, in %s.\nStages: %s, %s.\nAt most %.1f hours and about $%.2f; everything is taken away at the end, also after a failure." % (
        who["Account"], who["Arn"], ", ".join(options.regions), ", ".join(options.stages), options.engine, options.hours, cost))
    if not options.yes:
        if not sys.stdin.isatty():
            parser.error("nobody can be asked; --yes begins")
        if input("Start? Only `yes` is accepted: ").strip() != "yes":
            return 1
    # An interrupt ends the walk, not the cleaning.
    walk, problems = Walk(options), []
    try:
        walk.run()
    except (Exception, KeyboardInterrupt) as error:
        problems.append(str(error) or type(error).__name__)
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        walk.clean()
    except Exception as error:
        problems.append(str(error) or type(error).__name__)
        print("\nSomething may be left. The spec is in %s: `scalectl destroy` there takes it away." % walk.folder)
    else:
        shutil.rmtree(walk.folder, ignore_errors=True)
    report(walk, problems)
    for problem in problems:
        print("error: " + problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
