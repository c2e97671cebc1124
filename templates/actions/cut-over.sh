# cut-over: switches the application from one side to the other, and lets the old one follow the new one.
#
# Nothing is written anywhere between `pause` and `resume`. Until `site-database use` every failure ends where the
# application was; after it every run finishes the switch. Undoing is the same in the other direction.
#
# However a run ends, writes go on: a failing one sees to that itself, and one that is killed is settled by this same
# script with the argument `settle`, which waits for the lock from the pause on, or is started by `site-database follow`
# after the server has restarted. What has to be settled is in the file `unsettled`: where the application was, and how
# far the switch came. Its texts are written before the pause, because the disk may be full when one is needed:
#   plain    the old side alone is known to have everything
#   ready    the new side has everything, checked while nobody writes
#   resumed  the new side may hold writes that the old one lacks
unsettled=$etc/unsettled settle_script=$etc/settle

# note WORD: how far the switch came.
note() {
  [[ ! -e $unsettled.$1 || $unsettled -ef $unsettled.$1 ]] || ln -f "$unsettled.$1" "$unsettled"
}
settled() { rm -f "$unsettled" "$settle_script" "$unsettled".{plain,ready,resumed}; }

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
  (trap - EXIT; close_sessions; read -r -t "$seconds" _ <>"$work/tick" || end_tree "$job") </dev/null &>/dev/null &
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

# Writes go on at the side that the application uses now, unless it does not take them and the other side has everything.
# First what takes only that side; what is left of the other direction is removed as far as both answer, and otherwise by
# the next run.
settle() {
  local state from now to
  state=$(<"$unsettled")
  from=${state%% *} now=$(used)
  if [[ $state != *resumed ]]; then
    try 15 alone "$now" takes_writes "$now"
    if ! tried; then
      leave "$now" "$from" "$state"
      now=$(used)
    fi
  fi
  to=$(other "$now")
  say "writes go on at the $now"
  # A side that is written to and still follows would get its own changes back, older ones after newer.
  try 15 alone "$now" unfollow "$now"
  tried
  if [[ $now != "$from" ]]; then note resumed; else note plain; fi
  site-database resume
  try 30 alone "$now" settle_side "$now"
  tried
  # What is left of the other direction; it may take until the other side answers again.
  try 60 both unsubscribe "$to"
  tried || say "the $now may still follow the $to; the next run ends that"
  settled
}

# leave SIDE FROM STATE: the application goes to the other side, if that has everything: the old one before anybody has
# written to the new one, the new one when it has followed up to the end.
leave() {
  local side=$1 from=$2 to
  to=$(other "$side")
  if [[ $side != "$from" ]]; then
    try 15 answers "$to"
    tried
    site-database use "${host[$to]}" "${port[$to]}"
    return
  fi
  # A server that starts again has everything, and does not need this.
  try 20 answers_again "$side"
  if tried; then
    try 5 alone "$side" takes_writes "$side"
    if tried; then return; fi
    say "the $side answers, and takes no writes"
    try 10 alone "$side" fence "$side"
    tried || say "the $side cannot be made read-only either"
    try 30 both advance "$side"
    tried || say "the $to cannot take over"
  elif [[ $3 == *ready && $(site-database show) == *paused ]]; then
    # Nobody has written since this was checked.
    say "the $side does not answer, and the $to has everything"
    try 15 alone "$to" takes_writes "$to"
    tried
    site-database use "${host[$to]}" "${port[$to]}"
  fi
}
answers_again() {
  until (trap - EXIT; begin_shell; answers "$1") 2>/dev/null; do sleep 0.5; done
}
# advance FROM: the switch without the step that has the old side follow the new one, for which it has no room.
advance() {
  local from=$1 drained stamp=''
  to=$(other "$from")
  takes_writes "$to"
  # Somebody may have written if the proxy has restarted.
  note plain
  site-database pause
  drain "$from"
  drained=$(position "$from")
  caught_up "$from" "$drained" "${LAG_SECONDS:-10}"
  copy_sequences "$from"
  check_switch "$from"
  has_subscription "$to" || say "the application goes on at the $to, which has everything; the $from has no room to follow it, so there is no rollback"
  site-database use "${host[$to]}" "${port[$to]}"
}

# Tried until it succeeds, since a server may be starting again.
give_up() {
  local n
  # Something of the switch may still run, and fail now.
  trap '' TERM INT HUP USR1
  end_limit
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

# Each as part of a condition, in which bash goes on after a failure.
write_notes() {
  local key
  {
    echo '#!/usr/bin/env bash'
    for key in ENGINE DATABASE SOURCE_HOST SOURCE_PORT SOURCE_SECRET TARGET_HOST TARGET_PORT TARGET_SECRET \
      AWS_DEFAULT_REGION SITE_RUN SITE_ETC SITE_STATE PATH ACTING; do
      [[ -z ${!key:-} ]] || printf 'export %s=%q\n' "$key" "${!key}"
    done
    echo 'export SITE_SETTLE=yes LOCK_SECONDS=3600 SETTLE_ATTEMPTS=3600'
    cat "$own_text"
  } >"$settle_script.new" || return
  printf '%s' "$1" >"$unsettled.plain" || return
  printf '%s ready' "$1" >"$unsettled.ready" || return
  printf '%s resumed' "$1" >"$unsettled.resumed"
}
# What starts this script again once nothing of it runs any more. No secret is in it.
stand_by() {
  local from=$1
  write_notes "$from" 2>/dev/null || {
    rm -f "$settle_script.new" "$unsettled".{plain,ready,resumed}
    refuse "$etc has no room for the notes of a switch (df $etc shows the disk); nothing was changed"
  }
  note plain
  mv "$settle_script.new" "$settle_script"
  (close_sessions; exec setsid bash "$settle_script") </dev/null &>/dev/null &
  standby=$!
}

# A database whose disk is full may leave a statement without an answer. What waits for one ends then, and the switch with it.
limit_pause() {
  mkfifo "$work/limit"
  (trap - EXIT; close_sessions; read -r -t "${PAUSE_SECONDS:-35}" _ <>"$work/limit" || end_waiting "$BASHPID") </dev/null &>/dev/null &
  limit=$!
}
end_waiting() {
  local child
  for child in $(children "$ends"); do
    [[ $child == "$1" || $child == "$standby" ]] || end_tree "$child"
  done
  kill -TERM "$ends"
}
end_limit() {
  kill -KILL "${limit:-}" 2>/dev/null || true
  wait "${limit:-}" 2>/dev/null || true
}

# The application is switched to `to` already.
finish() {
  local to=$1 from
  from=$(other "$1")
  # From here on the new side no longer follows the old one.
  [[ ! -e $unsettled ]] || takes_writes "$to"
  unsubscribe "$from"
  settle_side "$to"
  if [[ -e $unsettled ]]; then
    # The last moment at which the old side has everything.
    takes_writes "$to"
    note resumed
  fi
  site-database resume
  settled
}

# await_sync FROM SECONDS: a connection that was lost comes back by itself; a copy that goes on is not waited for.
await_sync() {
  local from=$1 until=$((SECONDS + $2)) why
  until is_synced "$from"; do
    why=$(why_behind "$from") || exit 1
    if [[ $why != *'does not read'* ]] || ((SECONDS > until)); then
      refuse "${why:-the $(other "$from") has not copied every table yet}"
    fi
    sleep 0.1
  done
}

switch() {
  local from=$1 began lag problems stamp
  to=$(other "$1")
  has_subscription "$from" || refuse "the $to does not follow the $from"
  await_sync "$from" "${FOLLOW_SECONDS:-60}"
  lag=$(lag_bytes "$from")
  ((lag <= ${MOST_LAG_BYTES:-16777216})) || refuse "the $to is $lag bytes behind; a switch now would take too long"
  problems=$(blockers "$from")
  [[ -z $problems ]] || refuse "open on the $from: $(some "$problems")"
  prepare_switch "$from"
  stamp=$(schema_stamp "$from")
  same_objects "$from"
  # A follower that is not connected, or far behind, is waited for while writes go on.
  caught_up "$from" "$(position "$from")" "${FOLLOW_SECONDS:-60}"
  takes_writes "$to"
  # What a killed run left of the other direction would send changes back.
  unsubscribe "$to"
  stand_by "$from"
  trap 'give_up; at_end' EXIT
  began=$(milliseconds)
  limit_pause
  site-database pause
  fence "$from"
  drain "$from"
  drained=$(position "$from")
  caught_up "$from" "$drained" "${LAG_SECONDS:-10}"
  copy_sequences "$from"
  check_switch "$from"
  note ready
  subscribe "$to" false
  site-database use "${host[$to]}" "${port[$to]}"
  finish "$to"
  end_limit
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
