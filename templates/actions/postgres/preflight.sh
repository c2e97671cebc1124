# preflight: whether this database can be moved by logical replication, and what stands in the way. Changes nothing.
problems=()
check() { [[ -z $2 ]] || problems+=("$1: ${2//$'\n'/, }"); }

if [[ $action == 'undo' ]]; then
  [[ $TARGET_SECRET != "$own" ]] || site-database end
  exit 0
fi
version() { sql "$1" "SELECT current_setting('server_version_num')::int / 10000"; }
source_version=$(version source) target_version=$(version target)
((target_version >= source_version)) ||
  problems+=("the target runs PostgreSQL $target_version, the source $source_version; a newer one can follow an older one, not the other way round")
if [[ ${user[source]} == "${user[target]}" && ${password[source]} != "${password[target]}" ]]; then
  problems+=("both sides' login is called ${user[source]}, with two passwords; the application needs one that both take")
fi

check "no primary key and no replica identity, so updates could not be replicated (ALTER TABLE ... REPLICA IDENTITY FULL mends it)" \
  "$(sql source "SELECT format('%I.%I', n.nspname, c.relname) $tables AND (c.relreplident = 'n' OR c.relreplident = 'd'
    AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)) ORDER BY 1")"
check "unlogged tables are not replicated (ALTER TABLE ... SET LOGGED mends it)" \
  "$(sql source "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence = 'u' ORDER BY 1")"
check "large objects are not replicated (keep them in a bytea column or in object storage)" \
  "$(sql source "SELECT count(*) || ' of them' FROM pg_largeobject_metadata HAVING count(*) > 0")"

extensions=$(sql source "SELECT extname FROM pg_extension ORDER BY 1")
known=$(sql target "SELECT name FROM pg_available_extensions ORDER BY 1")
check "extensions that the target does not have" "$(LC_ALL=C comm -23 <(LC_ALL=C sort <<<"$extensions") <(LC_ALL=C sort <<<"$known"))"

for side in source target; do
  check "the $side cannot replicate" "$(sql "$side" <<'SQL'
SELECT 'wal_level is ' || current_setting('wal_level') || ', not logical (takes a restart)'
  WHERE current_setting('wal_level') <> 'logical'
UNION ALL
SELECT format('%s of max_replication_slots = %s are free, not 4', setting::int - used, setting)
  FROM pg_settings, (SELECT count(*) used FROM pg_replication_slots WHERE slot_name !~ '^(scalectl_|pg_\d+_sync_)') u
  WHERE name = 'max_replication_slots' AND setting::int - used < 4
UNION ALL
SELECT format('%s of max_wal_senders = %s are free, not 4', setting::int - used, setting)
  FROM pg_settings, (SELECT count(*) used FROM pg_stat_replication WHERE application_name !~ '^(scalectl_|pg_\d+_sync_)') u
  WHERE name = 'max_wal_senders' AND setting::int - used < 4
UNION ALL
SELECT 'max_logical_replication_workers is ' || current_setting('max_logical_replication_workers') || ', not at least 3'
  WHERE current_setting('max_logical_replication_workers')::int < 3
UNION ALL
SELECT format('the login %I may neither replicate nor subscribe', current_user)
  WHERE NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = current_user AND (r.rolsuper
    OR EXISTS (SELECT FROM pg_roles g WHERE g.rolname = 'rds_superuser' AND pg_has_role(r.oid, g.oid, 'member'))));
SQL
)"
done

mark=$(mark_of target)
if [[ -z $mark ]]; then
  check "the target is not empty" "$(sql target "SELECT format('%I.%I', n.nspname, c.relname) $tables ORDER BY 1 LIMIT 10")"
fi

bytes=$(sql source "SELECT pg_database_size(current_database())")
# The target's disk takes the data and, until it has caught up, the log of what happens meanwhile.
if [[ -n ${TARGET_BYTES:-} ]] && ((bytes + bytes / 2 > TARGET_BYTES)); then
  problems+=("the data take $bytes bytes; with room to catch up that is more than the target's $TARGET_BYTES")
fi
count=$(sql source "SELECT count(*) $tables")
sequences=$(sql source "SELECT count(*) FROM pg_sequences")
if ((${#problems[@]})); then
  for problem in "${problems[@]}"; do say "error: $problem"; done
  printf '{"ok":false,"problems":%d}\n' "${#problems[@]}"
  exit 1
fi
printf '{"ok":true,"version":%d,"tables":%d,"sequences":%d,"bytes":%d}\n' "$source_version" "$count" "$sequences" "$bytes"
