# preflight: whether this database can be moved by binary log replication, and what stands in the way. Changes nothing.
problems=()
check() { [[ -z $2 ]] || problems+=("$1: ${2//$'\n'/, }"); }

if [[ $action == 'undo' ]]; then
  [[ $TARGET_SECRET != "$own" ]] || site-database end
  exit 0
fi
series() { cut -d. -f1,2 <<<"${version[$1]}"; }
[[ $(printf '%s\n' "$(series source)" "$(series target)" | sort -V | head -1) == "$(series source)" ]] ||
  problems+=("the target runs version ${version[target]}, the source ${version[source]}; a newer one can follow an older one, not the other way round")
if [[ ${user[source]} == "${user[target]}" && ${password[source]} != "${password[target]}" ]]; then
  problems+=("both sides' login is called ${user[source]}, with two passwords; the application needs one that both take")
fi

check "no primary key, so changes cannot be found again (ALTER TABLE ... ADD PRIMARY KEY mends it)" \
  "$(sql source "SELECT t.table_name FROM information_schema.tables t LEFT JOIN information_schema.table_constraints c
    ON c.table_schema = t.table_schema AND c.table_name = t.table_name AND c.constraint_type = 'PRIMARY KEY'
    WHERE t.table_schema = $(literal "$DATABASE") AND t.table_type = 'BASE TABLE' AND c.table_name IS NULL ORDER BY 1")"
check "not InnoDB, so no copy of one moment can be taken (ALTER TABLE ... ENGINE = InnoDB mends it)" \
  "$(sql source "SELECT concat(table_name, ' (', engine, ')') FROM information_schema.tables WHERE table_schema = $(literal "$DATABASE")
    AND table_type = 'BASE TABLE' AND engine <> 'InnoDB' ORDER BY 1")"
check "enabled events would run on both sides (ALTER EVENT ... DISABLE mends it)" \
  "$(sql source "SELECT event_name FROM information_schema.events WHERE event_schema = $(literal "$DATABASE") AND status = 'ENABLED' ORDER BY 1")"

for side in source target; do
  check "the $side cannot replicate" "$(sql "$side" <<'SQL'
SELECT 'it keeps no binary log (takes a restart)' FROM dual WHERE @@log_bin = 0
UNION ALL
SELECT concat('binlog_format is ', @@binlog_format, ', not ROW') FROM dual WHERE @@binlog_format <> 'ROW';
SQL
)"
done
[[ $(sql source "SELECT @@server_id") != "$(sql target "SELECT @@server_id")" ]] ||
  problems+=("both sides have the same server_id, and would ignore each other's changes")
# RDS gives nobody the right that makes these where a binary log is kept, but has a parameter instead.
if is_managed target && [[ $(sql target "SELECT @@log_bin_trust_function_creators") == 0 ]]; then
  check "the target would refuse these triggers and functions (log_bin_trust_function_creators = 1 in its parameter group mends it)" \
    "$(sql source "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = $(literal "$DATABASE")
      UNION ALL SELECT routine_name FROM information_schema.routines
      WHERE routine_schema = $(literal "$DATABASE") AND routine_type = 'FUNCTION' ORDER BY 1")"
fi
following=$(sql target "SHOW REPLICA STATUS")
[[ -z $following ]] || has_subscription source || problems+=("the target follows another server already")

mark=$(mark_of target)
if [[ -z $mark ]]; then check "the target is not empty" "$(base_tables target | head -10)"; fi

bytes=$(sql source "SELECT coalesce(sum(data_length + index_length), 0) FROM information_schema.tables WHERE table_schema = $(literal "$DATABASE")")
if [[ -n ${TARGET_BYTES:-} ]] && ((bytes + bytes / 2 > TARGET_BYTES)); then
  problems+=("the data take $bytes bytes; with room to catch up that is more than the target's $TARGET_BYTES")
fi
count=$(base_tables source | wc -l | tr -d ' ')
if ((${#problems[@]})); then
  for problem in "${problems[@]}"; do say "error: $problem"; done
  printf '{"ok":false,"problems":%d}\n' "${#problems[@]}"
  exit 1
fi
printf '{"ok":true,"version":"%s","tables":%d,"bytes":%d}\n' "${version[source]}" "$count" "$bytes"
