# copy-schema: the source's tables, without rows, on the target, and each side's login on the other.
#
# The application keeps its login when it is led to the other side, and gets that side's own later, when its servers
# start anew; so both logins have to work on both sides. The other side's login is also what replication uses.

guest() {
  local side=$1 guest word
  guest="$(literal "${user[$(other "$side")]}")@'%'" word=$(literal "${password[$(other "$side")]}")
  sql "$side" <<SQL
CREATE USER IF NOT EXISTS $guest IDENTIFIED BY $word;
ALTER USER $guest IDENTIFIED BY $word;
GRANT ALL ON $(name "$DATABASE").* TO $guest;
GRANT REPLICATION SLAVE ON *.* TO $guest;
SQL
}

# What the database holds goes; the database stays.
empty() {
  local table
  {
    echo 'SET foreign_key_checks = 0;'
    sql "$1" "SELECT concat('DROP ', IF(table_type = 'VIEW', 'VIEW', 'TABLE'), ' \`', table_name, '\`;')
      FROM information_schema.tables WHERE table_schema = $(literal "$DATABASE")"
    sql "$1" "SELECT concat('DROP ', routine_type, ' \`', routine_name, '\`;')
      FROM information_schema.routines WHERE routine_schema = $(literal "$DATABASE")"
    drops_of "$1" EVENT events event
    echo 'SET foreign_key_checks = 1;'
  } >"$work/empty"
  sql "$1" <"$work/empty"
}

if [[ $action == 'undo' ]]; then
  mark=$(mark_of target)
  [[ -n $mark ]] || exit 0
  unused_or_refuse target
  ! has_subscription source || refuse "the target still follows the source; undo replicate first"
  empty target
  unmark target
  exit 0
fi

guest source
guest target
mark=$(mark_of target)
case $mark in
  target) say "the target has the schema already"; exit 0 ;;
  # It was the source once; what it held has been moved away since.
  retired) unused_or_refuse target; empty target ;;
esac
mapfile -t words < <(arguments source)
# Tables are dropped where an earlier run had begun with them.
client "$mysqldump" "${words[@]}" --no-data --routines --skip-triggers --no-tablespaces --skip-lock-tables "$DATABASE" |
  without_definers >"$work/schema.sql"
bulk target <"$work/schema.sql" >"$work/out"
mark target target
printf '{"tables":%d}\n' "$(base_tables target | wc -l)"
