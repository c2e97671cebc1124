# cut-over: leads the application from one side to the other, and lets the old one follow the new one.
#
# Nothing is written anywhere between `pause` and `resume`. Until `site-database use` every failure leads back to where
# the application was; after it every run leads on. Undoing is the same the other way round.

# The gate of the switch: what the steps before it should have reached is asked anew.
check_switch() {
  local from=$1 to
  to=$(other "$1")
  [[ -n ${drained:-} ]] || refuse "the $from's last position was not taken"
  has_reached "$from" "$drained" || refuse "the $to has not everything that was written to the $from"
  has_sequences "$from" || refuse "the $to's sequences are not the $from's"
}

back() {
  unsubscribe "$(other "$1")"
  unfence "$1"
  site-database resume
}

# The way back when the switch fails: tried for a while, since a server may be starting anew.
give_up() {
  local now n
  for n in {1..20}; do
    now=$(used)
    say "going back: the application stays on the $now (attempt $n)"
    # In the background, because within a condition bash would go on after a failure.
    if [[ $now == "$from" ]]; then back "$now" & else finish "$now" & fi
    if wait $!; then return; fi
    sleep 1
  done
  say "error: writes are still paused; run cut-over again, or undo it"
}

# Called when the application is led to `to` already.
finish() {
  local to=$1 from
  from=$(other "$1")
  unsubscribe "$from"
  unfence "$to"
  site-database resume
}

switch() {
  local from=$1 to began lag
  to=$(other "$1")
  has_subscription "$from" || refuse "the $to does not follow the $from"
  is_synced "$from" || refuse "the $to has not copied every table yet"
  lag=$(lag_bytes "$from")
  ((lag <= ${MOST_LAG_BYTES:-16777216})) || refuse "the $to is $lag bytes behind; a switch now would take too long"
  trap 'give_up; at_end' EXIT
  # A follower that is not connected, or far behind, is waited for while writes go on.
  caught_up "$from" "$(position "$from")" "${FOLLOW_SECONDS:-60}"
  # What a killed run left of the other direction would send changes back.
  unsubscribe "$to"
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
  trap at_end EXIT
  finish "$to"
  printf '{"switched":true,"paused_ms":%d}\n' $(($(milliseconds) - began))
}

if [[ $action == 'do' ]]; then from=source; else from=target; fi
to=$(other "$from")
now=$(used)
if [[ $now == "$from" ]]; then
  switch "$from"
else
  # Undoing before the switch goes back; after it, a run that was killed is finished.
  if [[ $action == 'undo' ]]; then back "$to"; else finish "$to"; fi
  printf '{"switched":true}\n'
fi
