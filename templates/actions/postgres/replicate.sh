# replicate: the target copies the source's rows and follows it from then on.
empty_tables() {
  local list
  unused_or_refuse target
  list=$(sql target "SELECT string_agg(format('%I.%I', n.nspname, c.relname), ', ') $tables")
  [[ -z $list ]] || sql target "TRUNCATE $list"
}

mark=$(mark_of target)
now=$(used)
if [[ $action == 'undo' ]]; then
  unused_or_refuse target
  unsubscribe source
  sql source "DROP PUBLICATION IF EXISTS scalectl"
  sql target "DROP PUBLICATION IF EXISTS scalectl"
  [[ $mark != target ]] || empty_tables
  exit 0
fi

[[ $mark == target ]] || refuse "the target does not have the schema yet; run copy-schema first"
if [[ $now == source ]] && ! has_subscription source; then
  # Rows of an earlier attempt would come twice.
  empty_tables
  subscribe source true
fi
printf '{"subscribed":true}\n'
