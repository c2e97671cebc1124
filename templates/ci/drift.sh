#!/usr/bin/env bash
# Looks for what somebody changed behind scalectl's back; fails when there is any, so that somebody hears of it.
# What it found is added to the file $1, if one is given.
set -euo pipefail

summary=${1:-/dev/null}
code=0
found=$(mktemp)
trap 'rm -f "$found"' EXIT
scalectl drift >"$found" || code=$?
cat "$found"
{
  printf '### scalectl drift\n\n'
  sed 's/^/    /' "$found"
} >>"$summary"
exit "$code"
