# copy-schema: the source's tables, without rows, on the target, and each side's login on the other.
#
# The application keeps its login when it is led to the other side, and gets that side's own later, when its servers
# start anew; so both logins have to work on both sides. A guest acts as the side's owner, so that objects belong to one.

guest() {
  local side=$1 guest owner
  guest=$(name "${user[$(other "$side")]}") owner=$(name "${user[$side]}")
  [[ $guest != "$owner" ]] || return 0
  sql "$side" <<SQL
SELECT 'CREATE ROLE ' || $(literal "$guest") WHERE NOT EXISTS
  (SELECT FROM pg_roles WHERE rolname = $(literal "${user[$(other "$side")]}")) \gexec
ALTER ROLE $guest LOGIN PASSWORD $(literal "${password[$(other "$side")]}");
GRANT $owner TO $guest;
ALTER ROLE $guest SET role TO $owner;
SQL
}

# Everything but what every new database has.
empty() {
  sql "$1" <<'SQL'
SELECT format('DROP SCHEMA %I CASCADE', nspname) FROM pg_namespace
  WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' \gexec
CREATE SCHEMA public;
GRANT USAGE ON SCHEMA public TO PUBLIC;
SQL
}

if [[ $action == 'undo' ]]; then
  mark=$(mark_of target)
  [[ -n $mark ]] || exit 0
  unused_or_refuse target
  ! has_subscription source || refuse "the target still follows the source; undo replicate first"
  empty target
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
client pg_dump -h "${host[source]}" -p "${port[source]}" -U "${user[source]}" -d "$DATABASE" -w \
  --schema-only --no-owner --no-privileges --no-publications --no-subscriptions --exclude-schema=scalectl >"$work/schema.sql"
# One transaction: all of it or nothing, and the mark with it.
{
  echo 'BEGIN;'
  sed -E '/^(COMMENT ON EXTENSION|CREATE SCHEMA public;)/d' "$work/schema.sql"
  echo "CREATE SCHEMA scalectl; COMMENT ON SCHEMA scalectl IS 'target'; COMMIT;"
} | bulk target >"$work/out"
printf '{"tables":%d}\n' "$(sql target "SELECT count(*) $tables")"
