#!/usr/bin/env bash
# Plans, and leaves in the folder $1: next.plan for `deploy.sh`, and plan.md for people, which says why
# where there is no plan. Its first line names what was planned, $SCALECTL_PLACE, so that its comment is found again.
# Ends with 0 when a plan stands, whether or not it changes anything.
set -euo pipefail

out=${1:?a folder}
mkdir -p "$out"
rm -f "$out/next.plan"
code=0
scalectl plan --detailed-exitcode --markdown --out "$out/next.plan" >"$out/planned" 2>"$out/said" || code=$?
cat "$out/said" >&2
# A short line for the whole comment to stay below what a code host takes: the mark of the plan itself goes for it.
mark=$(printf "%s" "${SCALECTL_PLACE:-.}" | cksum | cut -d " " -f 1)
{
  printf "<!-- s:%s -->\n" "$mark"
  tail -n +2 "$out/planned"
} >"$out/plan.md"
case $code in
  0 | 2) exit 0 ;;
esac
{
  if [[ ! -s $out/planned ]]; then
    printf '### scalectl: there is no plan\n'
  fi
  printf '\n'
  # Indented, so that nothing in it is taken for Markdown.
  sed 's/\x1b\[[0-9;]*m//g; s/^/    /' "$out/said"
} >>"$out/plan.md"
exit "$code"
