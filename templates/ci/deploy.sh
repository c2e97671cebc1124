#!/usr/bin/env bash
# Carries out exactly what was planned, the file $1: changes, or a migration step by step. Refused once the
# cloud or the spec has moved on since.
set -euo pipefail

plan=${1:?a saved plan}
if jq -e 'has("digest")' "$plan" >/dev/null; then
  exec scalectl migrate "$plan" --auto --auto-approve
fi
exec scalectl apply "$plan" --auto-approve
