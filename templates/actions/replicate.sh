# replicate: the target copies the source's rows and follows it from then on.
mark=$(mark_of target)
now=$(used)
if [[ $action == 'undo' ]]; then
  unused_or_refuse target
  unsubscribe source
  site-database name
  tidy source
  tidy target
  [[ $mark != target ]] || empty_tables target
  exit 0
fi

[[ $mark == target ]] || refuse "the target does not have the schema yet; run copy-schema first"
if [[ $now == source ]] && ! has_subscription source; then
  # Rows of an earlier attempt would come twice.
  empty_tables target
  subscribe source true
fi
# From now on containers connect by the name in the managed database's certificate, so a switch changes nothing for
# clients that verify it.
[[ $TARGET_SECRET == file:/data/secrets/database ]] || site-database name "$TARGET_HOST"
printf '{"subscribed":true}\n'
