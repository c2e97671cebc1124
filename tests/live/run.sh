#!/usr/bin/env bash
# Walks an application of its own through stages in a real AWS account, and takes everything away again:
# tests/live/run.sh --help. docs/first-account.md says what it costs, what it settles and how to report it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
python=${SCALECTL_LIVE_PYTHON:-}
if [[ -z $python ]]; then
  # AWS's SDK for Python, in the versions that the other tests have.
  environment=$here/../../target/live-python
  [[ -x $environment/bin/python ]] || python3 -m venv "$environment"
  "$environment/bin/python" -c 'import boto3' 2>/dev/null ||
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$here/../python/emulators.txt"
  python=$environment/bin/python
fi
exec "$python" -B "$here/run.py" "$@"
