# retire: the source follows no more. From here on the way back is a migration of its own.
now=$(used)
[[ $now == target ]] || refuse "the application still uses the source; cut over first"
if [[ $action == 'undo' ]]; then
  has_subscription target || refuse "the source does not follow the target any more and lacks what was written since; going back is a migration the other way"
  exit 0
fi
if has_subscription target; then
  caught_up target "$(position target)" "${LAG_SECONDS:-60}"
  if [[ -n ${FINAL_DUMP:-} ]]; then
    dump source >"$FINAL_DUMP.new"
    mv "$FINAL_DUMP.new" "$FINAL_DUMP"
  fi
fi
unsubscribe target
tidy source
tidy target
mark source retired
unmark target
site-database end
printf '{"retired":true}\n'
