# cut-over: switches the application from one side to the other, and lets the old one follow the new one.
#
# Nothing is written anywhere between `pause` and `resume`. Until `site-database use` every failure ends where the
# application was; after it every run finishes the switch. Undoing is the same in the other direction.
#
# However a run ends, writes go on: a failing one sees to that itself, and one that is killed is settled by this same
# script with the argument `settle`, which waits for the lock from the pause on, or is started by `site-database follow`
# after the server has restarted. What has to be settled is in the file `unsettled`: where the application was, and, once
# the other side may hold writes that the first lacks, `resumed`.
unsettled=$etc/unsettled settle_script=$etc/settle

# The gate of the switch: what the steps before it should have reached is checked again.
check_switch() {
  local from=$1 to problems
  to=$(other "$1")
  [[ -n ${drained:-} ]] || refuse "the $from's last position was not taken"
  has_reached "$from" "$drained" || refuse "the $to has not everything that was written to the $from"
  has_sequences "$from" || refuse "the $to's sequences are not the $from's"
  problems=$(blockers "$from") || exit 1
  [[ -z $problems ]] || refuse "still open on the $from: $(some "$problems")"
  # The objects were compared just before.
  [[ -n $stamp && $(schema_stamp "$from") == "$stamp" ]] || same_objects "$from"
}
# A change of the schema since the copy is on one side only.
same_objects() {
  local from=$1 problems
  problems=$(differing_objects) || refuse "the objects of both sides could not be compared"
  [[ -z $problems ]] || refuse "the schema has changed since it was copied: $(some "$problems"); make the same change on the $(other "$from"), or undo and copy again"
  problems=$(unreplicated "$from") || exit 1
  [[ -z $problems ]] || refuse "not replicated, because younger than the copy: $(some "$problems"); undo and copy again"
}

# try SECONDS COMMAND...: starts it in a shell of its own; `tried` is whether it succeeded in time. Two, because a command
# that is started within a condition goes on after a failure in the middle of it.
try() {
  local seconds=$1
  shift
  [[ -p $work/tick ]] || mkfifo "$work/tick"
  (trap - EXIT; begin_shell; "$@") &
  job=$!
  # Nobody writes there, so this waits without a program of its own.
  (trap - EXIT; close_sessions; read -r -t "$seconds" _ <>"$work/tick" || kill -KILL "$job" 2>/dev/null) </dev/null &>/dev/null &
  watch=$!
}
tried() {
  local code=0
  wait "$job" || code=$?
  kill -KILL "$watch" 2>/dev/null || true
  wait "$watch" 2>/dev/null || true
  return "$code"
}
answers() { connect "$1"; sql "$1" "SELECT 1" >/dev/null; }
alone() { connect "$1"; "${@:2}"; }
both() { connect source; connect target; "$@"; }

# Writes go on at the side that the application uses now. First what takes only that side; what is left of the other
# direction is removed as far as both answer, and otherwise by the next run.
settle() {
  local state from now to
  state=$(<"$unsettled")
  from=${state%% *} now=$(used)
  # The new side is lost before anybody wrote there: the old one has everything.
  if [[ $now != "$from" && $state != *resumed ]]; then
    try 15 answers "$now"
    if ! tried; then
      try 15 answers "$from"
      tried
      site-database use "${host[$from]}" "${port[$from]}"
      now=$from
    fi
  fi
  to=$(other "$now")
  say "writes go on at the $now"
  if [[ $now != "$from" ]]; then printf '%s resumed' "$from" >"$unsettled"; fi
  site-database resume
  try 30 alone "$now" settle_side "$now"
  tried
  # What is left of the other direction; it may take until the other side answers again.
  try 60 both unsubscribe "$to"
  tried || say "the $now may still follow the $to; the next run ends that"
  rm -f "$unsettled" "$settle_script"
}

# Tried until it succeeds, since a server may be starting again.
give_up() {
  local n
  # Something of the switch may still run, and fail now.
  trap '' TERM INT HUP USR1
  trap at_end EXIT
  for ((n = 1; n <= ${SETTLE_ATTEMPTS:-60}; n++)); do
    [[ -e $unsettled ]] || return 0
    try 180 settle
    if tried; then return; fi
    say "attempt $n to go on writing has failed"
    sleep 1
  done
  say "error: writes may still be refused; it is tried again in the background"
}

# What starts this script again once nothing of it runs any more. No secret is in it.
stand_by() {
  local from=$1 key
  {
    echo '#!/usr/bin/env bash'
    for key in ENGINE DATABASE SOURCE_HOST SOURCE_PORT SOURCE_SECRET TARGET_HOST TARGET_PORT TARGET_SECRET \
      AWS_DEFAULT_REGION SITE_RUN SITE_ETC SITE_STATE PATH ACTING; do
      [[ -z ${!key:-} ]] || printf 'export %s=%q\n' "$key" "${!key}"
    done
    echo 'export SITE_SETTLE=yes LOCK_SECONDS=3600 SETTLE_ATTEMPTS=3600'
    cat "$own_text"
  } >"$settle_script.new"
  printf '%s' "$from" >"$unsettled"
  mv "$settle_script.new" "$settle_script"
  (close_sessions; exec setsid bash "$settle_script") </dev/null &>/dev/null &
}

# The application is switched to `to` already.
finish() {
  local to=$1 from
  from=$(other "$1")
  unsubscribe "$from"
  settle_side "$to"
  [[ ! -e $unsettled ]] || printf '%s resumed' "$from" >"$unsettled"
  site-database resume
  rm -f "$unsettled" "$settle_script"
}

switch() {
  local from=$1 began lag problems stamp
  to=$(other "$1")
  has_subscription "$from" || refuse "the $to does not follow the $from"
  is_synced "$from" || refuse "the $to has not copied every table yet"
  lag=$(lag_bytes "$from")
  ((lag <= ${MOST_LAG_BYTES:-16777216})) || refuse "the $to is $lag bytes behind; a switch now would take too long"
  problems=$(blockers "$from")
  [[ -z $problems ]] || refuse "open on the $from: $(some "$problems")"
  prepare_switch "$from"
  stamp=$(schema_stamp "$from")
  same_objects "$from"
  # A follower that is not connected, or far behind, is waited for while writes go on.
  caught_up "$from" "$(position "$from")" "${FOLLOW_SECONDS:-60}"
  # What a killed run left of the other direction would send changes back.
  unsubscribe "$to"
  stand_by "$from"
  trap 'give_up; at_end' EXIT
  began=$(milliseconds)
  site-database pause
  fence "$from"
  drain "$from"
  drained=$(position "$from")
  caught_up "$from" "$drained" "${LAG_SECONDS:-10}"
  copy_sequences "$from"
  check_switch "$from"
  subscribe "$to" false
  site-database use "${host[$to]}" "${port[$to]}"
  finish "$to"
  trap at_end EXIT
  printf '{"switched":true,"paused_ms":%d}\n' $(($(milliseconds) - began))
}

if [[ $action == 'settle' ]]; then
  give_up
  [[ ! -e $unsettled ]]
  exit
fi
if [[ $action == 'do' ]]; then from=source; else from=target; fi
to=$(other "$from")
now=$(used)
if [[ $now == "$from" ]]; then
  switch "$from"
else
  # Undoing before the switch ends where the application was; after it, a run that was killed is finished.
  if [[ $action == 'undo' && ! -e $unsettled ]]; then
    unsubscribe "$from"
    settle_side "$to"
    site-database resume
  elif [[ $action == 'undo' ]]; then
    give_up
  else
    finish "$to"
  fi
  printf '{"switched":true}\n'
fi
