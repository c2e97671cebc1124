"""Runs the jobs of a pipeline that `scalectl ci` wrote, as the code host would, against a code host in this process.

    pipeline.py github|gitlab SCALECTL_BINARY REPOSITORY ROOT

REPOSITORY is a git repository with a spec in infra/, applied; ROOT is the project's own folder. Steps are run as they
stand: of GitHub the shell steps of action.yml, of GitLab the scripts of the jobs. What cannot run here is the host
itself, its artifacts and comments, which `Forge` keeps, and the installing of Debian packages.
"""

import http.server
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.parse
import zipfile

from ruamel.yaml import YAML

HOST, BINARY, REPOSITORY, ROOT = sys.argv[1], *map(pathlib.Path, sys.argv[2:])
TOKEN = "a-token-of-the-host"
REQUEST = 7
VERSION = subprocess.run([BINARY, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]


class Forge(http.server.BaseHTTPRequestHandler):
    """As much of both hosts' APIs as a pipeline asks."""

    comments, artifacts, merged, strangers = {}, [], {}, []

    def log_message(self, *_):
        pass

    def answer(self, body, status=200):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def handle_call(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        path = urllib.parse.unquote(url.path)
        said = self.rfile.read(int(self.headers.get("content-length", 0)))
        keys = (self.headers.get("Authorization"), self.headers.get("PRIVATE-TOKEN"))
        if keys not in ((f"Bearer {TOKEN}", None), (None, TOKEN)):
            self.strangers.append(path)
            return self.answer({"message": "who are you?"}, 401)
        comment = re.fullmatch(r"(?:/repos/acme/shop/issues/comments|/projects/1/merge_requests/7/notes)/(\d+)", path)
        if comment and self.command in ("PATCH", "PUT"):
            self.comments[int(comment[1])] = json.loads(said)["body"]
            return self.answer({})
        if path in ("/repos/acme/shop/issues/7/comments", "/projects/1/merge_requests/7/notes"):
            if self.command == "POST":
                self.comments[max(self.comments) + 1] = json.loads(said)["body"]
                return self.answer({}, 201)
            first = (int(query["page"]) - 1) * 100
            found = [{"id": number, "body": body} for number, body in self.comments.items()]
            return self.answer(found[first:first + 100])
        commit = re.fullmatch(r"/repos/acme/shop/commits/(\w+)/pulls", path)
        if commit:
            head = self.merged.get(commit[1])
            return self.answer([{"merged_at": "2026-01-01T00:00:00Z", "head": {"sha": head}}] if head else [])
        commit = re.fullmatch(r"/projects/1/repository/commits/(\w+)/merge_requests", path)
        if commit:
            return self.answer([{"iid": REQUEST}] if commit[1] in self.merged else [])
        if path == "/repos/acme/shop/actions/artifacts":
            found = [
                {"expired": False, "created_at": f"2026-01-01T00:00:{number:02}Z", "workflow_run": {"head_sha": head},
                 "archive_download_url": f"http://127.0.0.1:{PORT}/zip/{number}"}
                for number, (name, head, _) in enumerate(self.artifacts) if name == query["name"]
            ]
            return self.answer({"artifacts": found})
        archive = re.fullmatch(r"/zip/(\d+)", path)
        if archive:
            folder = io.BytesIO()
            with zipfile.ZipFile(folder, "w") as file:
                file.writestr("next.plan", self.artifacts[int(archive[1])][2])
            return self.answer(folder.getvalue())
        raw = re.fullmatch(r"/projects/1/jobs/artifacts/refs/merge-requests/7/head/raw/(.+)", path)
        if raw:
            found = [text for name, _, text in self.artifacts if name == query["job"]]
            return self.answer(found[-1] if found else {"message": "404"}, 200 if found else 404)
        self.answer({"message": f"nothing is at {self.command} {self.path}"}, 404)

    do_GET = do_POST = do_PATCH = do_PUT = handle_call


SERVER = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Forge)
PORT = SERVER.server_address[1]
threading.Thread(target=SERVER.serve_forever, daemon=True).start()
# A request that many have talked about: the pipeline's own comment is beyond the first page.
Forge.comments = {number: f"a remark of somebody's, number {number}" for number in range(1, 102)}


def shell(script, environment, folder):
    """Runs a step as the hosts do: bash, which stops at the first failure."""
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        env={"PATH": f"{BINARY.parent}:{os.environ['PATH']}", "HOME": str(WORK), "NO_COLOR": "1", **environment},
        cwd=folder, capture_output=True, text=True,
    )


WORK = pathlib.Path(tempfile.mkdtemp())


class GitHub:
    """Runs action.yml's steps."""

    def __init__(self):
        self.action = YAML(typ="safe").load(ROOT / "action.yml")
        self.workflow = YAML(typ="safe").load(REPOSITORY / ".github/workflows/scalectl.yml")

    def run(self, job, sha, event):
        steps = self.workflow["jobs"][job]["steps"]
        call = next(step for step in steps if step["uses"].startswith("scalectl/scalectl@"))
        inputs = {name: one.get("default", "") for name, one in self.action["inputs"].items()} | call["with"]
        temp = WORK / f"{job}-{sha}"
        temp.mkdir(exist_ok=True)
        files = {name: temp / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_PATH")}
        outputs = {}

        def value(text):
            known = {
                "github.workspace": str(REPOSITORY), "github.token": TOKEN, "runner.temp": str(temp),
                "github.event_name": event, "github.event.pull_request.number": str(REQUEST),
            }
            known |= {f"inputs.{name}": content for name, content in inputs.items()}
            known |= {f"steps.plan.outputs.{name}": content for name, content in outputs.items()}
            return re.sub(r"\$\{\{ (.*?) \}\}", lambda found: value(known[found[1]]), str(text))

        def holds(condition):
            """`a == 'b'` and `a != 'b'`, joined by `&&`."""
            def one(part):
                name, sign, wanted = re.fullmatch(r"(\S+) (==|!=) '(.*)'", part).groups()
                have = value("${{ " + name + " }}")
                return (have == wanted) == (sign == "==")
            return all(one(part) for part in condition.split(" && ")) if condition else True

        said = ""
        for step in self.action["runs"]["steps"]:
            if not holds(step.get("if")):
                continue
            if "uses" in step:
                assert step["uses"].startswith("actions/upload-artifact@"), step
                text = pathlib.Path(value(step["with"]["path"])).read_bytes()
                Forge.artifacts.append((value(step["with"]["name"]), sha, text))
                continue
            environment = {name: value(text) for name, text in step.get("env", {}).items()}
            environment |= {name: str(path) for name, path in files.items()}
            environment |= {
                "GITHUB_ACTION_PATH": str(ROOT), "RUNNER_TEMP": str(temp), "GITHUB_SHA": sha,
                "GITHUB_REPOSITORY": "acme/shop", "GITHUB_API_URL": f"http://127.0.0.1:{PORT}",
            }
            done = shell(step["run"], environment, REPOSITORY)
            said += done.stdout + done.stderr
            if files["GITHUB_OUTPUT"].exists():
                outputs.update(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())
            if done.returncode:
                return done.returncode, said
        return 0, said


class GitLab:
    """Runs the jobs' scripts."""

    def __init__(self):
        self.jobs = YAML(typ="safe").load(REPOSITORY / ".gitlab/scalectl.yml")

    def run(self, job, sha, event):
        base, own = self.jobs[".scalectl"], self.jobs[f"scalectl-{job}"]
        # Debian's packages are the machine's business here, and its binary is the one under test.
        before = [line for line in base["before_script"] if not line.startswith("apt-get")]
        script = "\n".join([*before, *own["script"]])
        installed = WORK / "bin"
        script = script.replace("/tmp/scalectl-ci", str(WORK / "ci")).replace("/usr/local/bin", str(installed))
        environment = {
            "CI_PROJECT_DIR": str(REPOSITORY), "CI_PROJECT_ID": "1", "CI_API_V4_URL": f"http://127.0.0.1:{PORT}",
            "CI_MERGE_REQUEST_IID": str(REQUEST), "CI_COMMIT_SHA": sha, "SCALECTL_GITLAB_TOKEN": TOKEN,
        }
        for name, text in (base["variables"] | own.get("variables", {})).items():
            environment[name] = text.replace("$CI_PROJECT_DIR", str(REPOSITORY))
        temp = WORK / f"{job}-{sha}"
        temp.mkdir(exist_ok=True)
        done = shell(script, environment, temp)
        plan = temp / "scalectl-plan/next.plan"
        if "artifacts" in own and plan.exists():
            Forge.artifacts.append((f"scalectl-{job}", sha, plan.read_bytes()))
        return done.returncode, done.stdout + done.stderr


def scalectl(*arguments):
    return subprocess.run([BINARY, "-f", SPEC, *arguments], capture_output=True, text=True)


def expect(job, sha, event, code):
    got, said = RUNNER.run(job, sha, event)
    assert got == code, f"{job} ended with {got}, not {code}:\n{said}"
    return said


def comment():
    own = [body for body in Forge.comments.values() if not body.startswith("a remark")]
    assert len(own) == 1, own
    return own[0]


RUNNER = GitHub() if HOST == "github" else GitLab()
SPEC = REPOSITORY / "infra/scalectl.yaml"
ON_REQUEST = "pull_request" if HOST == "github" else "merge_request_event"
before = SPEC.read_text()

# Nothing is planned yet for what is merged: nothing is changed.
Forge.merged = {"m0": "a0"}
said = expect("apply", "m0", "push", 1)
assert "nothing was changed" in said, said
said = expect("apply", "stranger", "push", 1)
assert "nothing was planned for it" in said, said

# A request gets one comment, and a second run of its job brings it up to date.
SPEC.write_text(before.replace("nginx:1", "nginx:2"))
expect("plan", "a1", ON_REQUEST, 0)
assert "1 to update" in comment(), comment()
first = comment().splitlines()[0]
SPEC.write_text(before.replace("nginx:1", "nginx:3"))
expect("plan", "a2", ON_REQUEST, 0)
assert comment().splitlines()[0] == first and "nginx:3" in comment(), comment()

# A request whose spec is broken says so in the same comment, and saves no plan.
SPEC.write_text(before + "\nnonsense: true\n")
saved = len(Forge.artifacts)
expect("plan", "a3", ON_REQUEST, 1)
assert comment().splitlines()[0] == first and "nonsense" in comment(), comment()
assert len(Forge.artifacts) == saved

# Merged, exactly the plan of its last commit is carried out, once.
SPEC.write_text(before.replace("nginx:1", "nginx:3"))
Forge.merged = {"m2": "a2"}
expect("apply", "m2", "push", 0)
assert "Nothing to do" in scalectl("plan").stdout, scalectl("plan").stdout
said = expect("apply", "m2", "push", 1)
assert "nothing was changed" in said, said

# Nobody has changed anything by hand, and then somebody has.
expect("drift", "n1", "schedule", 0)
assert scalectl("sim", "drift", "us-east-1/param", "Value=hacked").returncode == 0
said = expect("drift", "n2", "schedule", 2)
assert "us-east-1/param" in said, said

# The token was always sent, and is in nothing that was said.
assert not Forge.strangers, Forge.strangers
shutil.rmtree(WORK)
