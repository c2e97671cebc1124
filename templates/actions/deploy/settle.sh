#!/bin/bash
# Has a server run services by their settings, and says whether it does. SERVICES has a word for each: its name and the
# digest of its setting. The last line of the output is JSON: by service, what is wrong, or null.
set -u
[ "${1:-do}" = "do" ] || exit 0
exec python3 - <<'PYTHON'
import json, os, subprocess, sys, time

wanted = dict(word.split("=") for word in os.environ["SERVICES"].split())
unit = subprocess.run(["systemctl", "show", "site", "-p", "Environment", "--value"], check=True, capture_output=True, text=True)
env = dict(os.environ, **dict(word.split("=", 1) for word in unit.stdout.split()))


def state():
    try:
        with open("/etc/site/serving") as file:
            return json.load(file)
    except FileNotFoundError:
        # A program from before this one writes no such file, and ends with 0 only when every service is healthy.
        return None


# Parameters may be read a moment before every server of AWS knows of their change.
for _ in range(10):
    run = subprocess.run(["/usr/local/sbin/site-reconcile"], env=env, capture_output=True, text=True)
    with open("/var/log/site.log", "a") as log:
        log.write(run.stdout + run.stderr)
    found = state()
    if found is None:
        break
    tried = [name for name, digest in wanted.items() if found.get(name, {}).get("tried") == digest]
    if len(tried) == len(wanted):
        break
    time.sleep(2)
answer = {}
for name, digest in wanted.items():
    if run.returncode == 0 if found is None else found.get(name, {}).get("serving") == digest:
        answer[name] = None
    else:
        said = (run.stderr.strip().splitlines() or ["its server did not take the setting in"])[-1]
        answer[name] = said[:300]
print(json.dumps(answer))
PYTHON
