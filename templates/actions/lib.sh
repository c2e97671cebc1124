#!/usr/bin/env bash
# What every action begins with: its parameters, the secrets' values, one action at a time.
#
# Actions run on the server, each as this file, the engine's lib.sh and the action's own file in one text. The first
# argument is `do` or `undo`. Each may be killed at any point and run again, either way. What a gate reads is the last
# line of standard output, one JSON object; everything for people goes to standard error.
set -euo pipefail
umask 077
action=${1:-do}
: "${ENGINE:?}" "${DATABASE:?}"
: "${SOURCE_HOST:?}" "${SOURCE_PORT:?}" "${SOURCE_SECRET:?}" "${TARGET_HOST:?}" "${TARGET_PORT:?}" "${TARGET_SECRET:?}"

say() { printf '%s\n' "$*" >&2; }
refuse() { say "error: $*"; exit 1; }
[[ $action == 'do' || $action == 'undo' ]] || refuse "an action is done or undone, not $action"

run=${SITE_RUN:-/run/site}
mkdir -p "$run"
# The lock is held by the programs that an action started too, so a second one waits for what a killed one left behind.
exec 9>"$run/lock"
flock -w "${LOCK_SECONDS:-60}" 9 || refuse "another action is still running on this server; wait for it and run again"
rm -rf "$run"/action.*
work=$(mktemp -d "$run/action.XXXXXX")
at_end() { rm -rf "$work"; }
trap at_end EXIT

# The server's own database runs as long as a migration leads there, also before the parameters say so.
own=file:/data/secrets/database
[[ $TARGET_SECRET != "$own" ]] || systemctl start site-keep || refuse "the server's own database does not start; /var/log/site.log says why"

declare -A host=([source]=$SOURCE_HOST [target]=$TARGET_HOST)
declare -A port=([source]=$SOURCE_PORT [target]=$TARGET_PORT)
declare -A user password

# A secret is a name in Secrets Manager, or a file. It holds JSON with username and password, or, as the one that the
# server made for its own database, the password of the login `site`.
login() {
  local side=$1 secret=$2 text lines
  case $secret in
    file:*) text=$(<"${secret#file:}") ;;
    *) text=$(aws secretsmanager get-secret-value --secret-id "$secret" --query SecretString --output text) ;;
  esac
  user[$side]=site password[$side]=$text
  if [[ $text == \{* ]]; then
    mapfile -t lines < <(python3 -c 'import json, sys
login = json.load(sys.stdin)
print(login["username"], login["password"], sep="\n")' <<<"$text")
    user[$side]=${lines[0]} password[$side]=${lines[1]}
  fi
  [[ -n ${password[$side]:-} ]] || refuse "the secret $secret has no password"
}
login source "$SOURCE_SECRET"
login target "$TARGET_SECRET"

other() { if [[ $1 == source ]]; then echo target; else echo source; fi; }

# The database's own programs; on a server they are in the database's container, which sees $run too.
client() {
  if command -v "$1" >/dev/null; then
    "$@"
  else
    docker exec -i -e PGPASSFILE -e PGOPTIONS -e PGAPPNAME -e PGCONNECT_TIMEOUT database-local "$@"
  fi
}

# Which side the application's connections go to.
used() {
  local shown
  shown=$(site-database show)
  case $shown in
    "$SOURCE_HOST $SOURCE_PORT "*) echo source ;;
    "$TARGET_HOST $TARGET_PORT "*) echo target ;;
    *) refuse "the application uses neither source nor target, but $shown" ;;
  esac
}

# Nothing is taken from a side that the application uses.
unused_or_refuse() {
  local now
  now=$(used) || exit 1
  [[ $now != "$1" ]] || refuse "the application uses the $1; what is there is not removed"
}

milliseconds() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }

# One session with each side, as the engine's `session` starts it: while writes are paused there is no time for new
# ones. The programs read statements from one pipe and write answers into another.
declare -A to_session from_session
connect() {
  local side=$1 to from
  rm -f "$work/$side".{to,from}
  mkfifo "$work/$side".{to,from}
  session "$side" <"$work/$side.to" >"$work/$side.from" &
  exec {to}>"$work/$side.to" {from}<"$work/$side.from"
  to_session[$side]=$to from_session[$side]=$from
}
# A session that has ended is noticed by its answers' end.
trap '' PIPE

# sql SIDE [STATEMENT]: statements from the second argument, or from standard input. An error ends the session, and the
# next statement has a new one.
end_of_answer="end-$RANDOM$RANDOM"
sql() {
  local side=$1 line text
  if (($# > 1)); then text=$2; else text=$(cat); fi
  [[ -n $text ]] || return 0
  case $text in *';' | *'\gexec') ;; *) text+=';' ;; esac
  { printf "%s\nSELECT '%s';\n" "$text" "$end_of_answer" >&"${to_session[$side]}" || true; } 2>/dev/null
  while IFS= read -r line <&"${from_session[$side]}"; do
    [[ $line != "$end_of_answer" ]] || return 0
    printf '%s\n' "$line"
  done
  connect "$side"
  return 1
}

# bulk SIDE: statements from standard input in a session of their own, for much input or output.
bulk() { session "$1"; }
