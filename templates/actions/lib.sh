#!/usr/bin/env bash
# What every action begins with: its parameters, the secrets' values, one action at a time.
#
# Actions run on the server, each as this file, the engine's lib.sh and the action's own file in one text. The first
# argument is `do` or `undo`; `settle` ends a switch whose script was killed (cut-over.sh). Each may be killed at any
# point and run again, either way. What a gate reads is the last line of standard output, one JSON object; messages go
# to standard error.
set -euo pipefail
umask 077
action=${1:-do}
[[ -z ${SITE_SETTLE:-} ]] || action=settle
# shellcheck disable=SC2034 # cut-over.sh keeps a copy.
own_text=${BASH_SOURCE[0]}
: "${ENGINE:?}" "${DATABASE:?}"
: "${SOURCE_HOST:?}" "${SOURCE_PORT:?}" "${SOURCE_SECRET:?}" "${TARGET_HOST:?}" "${TARGET_PORT:?}" "${TARGET_SECRET:?}"

# bash goes on after a failure within a condition, an argument, or whatever is part of one. Then an answer that did not
# come would count as an empty one: nothing to object to, nothing there. So what fails ends this shell from wherever it is
# called, a substitution or a pipe too, and asks nobody anything more. `may_fail=1 COMMAND` leaves it to its caller.
begin_shell() {
  ends=$BASHPID
  trap 'exit 1' USR1
}
begin_shell
end_shell() {
  if [[ -z ${may_fail:-} && $BASHPID != "$ends" ]]; then
    : >"${work:-/nowhere}/ended.$ends" || true
    kill -USR1 "$ends"
  fi
  exit 1
}
say() { printf '%s\n' "$*" >&2; }
refuse() { say "error: $*"; end_shell; }
[[ $action =~ ^(do|undo|settle)$ ]] || refuse "the argument is do, undo or settle, not $action"

run=${SITE_RUN:-/run/site}
mkdir -p "$run"
# What has to survive a restart of the server.
etc=${SITE_ETC:-/etc/site}
[[ -d $etc ]] || etc=$run
# The lock is held by the programs that an action started too, so a second one waits for what a killed one left behind.
exec 9>"$run/lock"
flock -w "${LOCK_SECONDS:-60}" 9 || refuse "another action is still running on this server; wait for it and run again"
rm -rf "$run"/action.*
work=$(mktemp -d "$run/action.XXXXXX")
# end_tree PROCESS: with everything that it started: a client that waits for an answer which does not come holds the lock.
children() { cat "/proc/$1/task/$1/children" 2>/dev/null || true; }
end_tree() {
  local child
  for child in $(children "$1"); do end_tree "$child"; done
  kill -KILL "$1" 2>/dev/null || true
}
declare -A to_session session_id
at_end() {
  local child number n
  # A session ends when nothing more can come.
  for number in "${to_session[@]}"; do eval "exec $number>&-"; done
  for child in $(children "$ends"); do
    [[ " ${session_id[*]} " == *" $child "* ]] || continue
    for ((n = 0; n < 20; n++)); do kill -0 "$child" 2>/dev/null || continue 2; sleep 0.05; done
    disown "$child" 2>/dev/null || true
    end_tree "$child"
  done
  rm -rf "$work"
}
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
    docker exec -i -e PGPASSFILE -e PGOPTIONS -e PGAPPNAME -e PGCONNECT_TIMEOUT -e PGSSLMODE database-local "$@"
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
declare -A from_session
connect() {
  local side=$1 to from
  rm -f "$work/$side".{to,from}
  mkfifo "$work/$side".{to,from}
  session "$side" <"$work/$side.to" >"$work/$side.from" &
  session_id[$side]=$!
  exec {to}>"$work/$side.to" {from}<"$work/$side.from"
  to_session[$side]=$to from_session[$side]=$from
}
# A session that has ended is noticed by its answers' end.
trap '' PIPE

# For what outlives this script: the sessions end, and the lock is free, when the script has ended.
close_sessions() {
  local number
  for number in "${to_session[@]}" "${from_session[@]}" 9; do eval "exec $number>&-"; done
}

# sql SIDE [STATEMENT]: statements from the second argument, or from standard input. An error ends the session, and this
# shell with it. A session that has ended is replaced first, in whichever shell calls: one that a subshell started ends
# with the subshell.
end_of_answer="end-$RANDOM$RANDOM"
sql() {
  local side=$1 line text n
  if (($# > 1)); then text=$2; else text=$(cat); fi
  [[ -n $text ]] || return 0
  [[ ! -e $work/ended.$ends ]] || exit 1
  kill -0 "${session_id[$side]}" 2>/dev/null || connect "$side"
  case $text in *';' | *'\gexec') ;; *) text+=';' ;; esac
  { printf "%s\nSELECT '%s';\n" "$text" "$end_of_answer" >&"${to_session[$side]}" || true; } 2>/dev/null
  while IFS= read -r line <&"${from_session[$side]}"; do
    [[ $line != "$end_of_answer" ]] || return 0
    printf '%s\n' "$line"
  done
  # It may take a moment to end; whoever asks next has to see that it did.
  for ((n = 0; n < 200; n++)); do kill -0 "${session_id[$side]}" 2>/dev/null || break; sleep 0.01; done
  [[ -n ${may_fail:-} ]] || refuse "the $side did not answer a statement; nothing was concluded from that"
  connect "$side"
  return 1
}

# bulk SIDE: statements from standard input in a session of their own, for much input or output. An error ends this shell.
bulk() { session "$1" || { [[ -n ${may_fail:-} ]] || refuse "the $1 did not answer every statement"; return 1; }; }

# Separates fields that may hold tabs.
US=$'\x1f'

# Whether what follows a schema can be trusted: what differs between the objects of both sides, one per line, by kind and
# name. `only` names the side that has it.
differing_objects() {
  local side ours theirs
  objects source | LC_ALL=C sort -u >"$work/objects.source" &
  ours=$!
  objects target | LC_ALL=C sort -u >"$work/objects.target" || { wait "$ours"; return 1; }
  wait "$ours" || return 1
  for side in source target; do [[ -s $work/objects.$side ]] || return 1; done
  compare_objects "$work/objects.source" "$work/objects.target"
}

# schema_stamp SIDE: the same text as long as no object has changed, where that takes less than `objects`; otherwise nothing.
# shellcheck disable=SC2317 # An engine has its own.
schema_stamp() { :; }

# compare_objects SOURCE TARGET: files of `objects`, sorted.
compare_objects() {
  LC_ALL=C comm -3 "$1" "$2" | awk '
    {side = sub(/^\t/, "") ? "target" : "source"; sub(/: [^:]*$/, ""); seen[$0] = seen[$0] side}
    END {for (line in seen) print line (seen[line] ~ /source/ && seen[line] ~ /target/ ? "" : ", only on the " seen[line])}' |
    LC_ALL=C sort
}

# some LINES: the first few of them on one line, and how many more there are.
some() { awk 'NR <= 8 {printf "%s%s", (NR > 1 ? "; " : ""), $0} END {if (NR > 8) printf "; and %d more", NR - 8}' <<<"$1"; }
