# copy-schema: the source's tables, without rows, on the target, with the accounts that they mention, and each side's login
# on the other.
if [[ $action == 'undo' ]]; then
  mark=$(mark_of target)
  [[ -n $mark ]] || exit 0
  unused_or_refuse target
  ! has_subscription source || refuse "the target still follows the source; undo replicate first"
  clear target
  exit 0
fi

mark=$(mark_of target)
case $mark in
  target) say "the target has the schema already"; exit 0 ;;
  # It was the source once; what it held has been moved away since.
  retired) unused_or_refuse target; empty target ;;
  # A preflight that was killed.
  trial) unused_or_refuse target; clear target ;;
esac
mark target trial
copy_schema source
mark target target
printf '{"tables":%d}\n' "$(base_tables target | wc -l)"
